import Foundation
import Testing

@Suite("What must never slip in")
struct TidyTests {
  static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let pure = [
    "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpMessages", "PumpSafety", "PumpSession",
    "PumpJournal", "PumpDrive",
    "PumpReplay",
    "PumpConformance",
  ]

  /// Every file of a kind below a folder, by its path from the top.
  static func files(_ folder: String, _ kind: String = "swift") -> [String] {
    let root = top.appendingPathComponent(folder)
    let all = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []
    return all.filter { $0.hasSuffix("." + kind) }.map { "\(folder)/\($0)" }.sorted()
  }

  /// The lines of a file without their comments, each with its number.
  static func code(_ path: String) throws -> [(number: Int, text: Substring)] {
    let text = try String(contentsOf: top.appendingPathComponent(path), encoding: .utf8)
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
      ($0.offset + 1, $0.element.prefix { _ in true })
    }.map { number, line in
      let cut = line.range(of: "//").map { line[..<$0.lowerBound] } ?? line
      return (number, cut)
    }
  }

  private func places(_ paths: [String], _ pattern: String) throws -> [String] {
    let regex = try Regex(pattern)
    return try paths.flatMap { path in
      try Self.code(path).filter { $0.text.contains(regex) }.map { "\(path):\($0.number)" }
    }
  }

  @Test("Pure modules: no Foundation, no C library, no floating point, no way to give up")
  func pureModules() throws {
    let files = Self.pure.flatMap { Self.files("Sources/\($0)") }
    #expect(files.count > 40)
    #expect(
      try places(
        files,
        #"import (Foundation|Glibc|Musl|Dispatch|Synchronization)|\b(Double|Float)\b|Date\(|try!|fatalError\(|\bany [A-Z]"#
      )
      .isEmpty)
  }

  @Test("Sources: no try!, no fatalError, no forced unwrap")
  func sources() throws {
    let files = Self.files("Sources")
    #expect(try places(files, #"try!|fatalError\(|as!|[A-Za-z0-9_\])]!(\.|\)|,|\s|$)"#).isEmpty)
    // Its parts of a path end the program for a path of one letter: PathParts has them.
    #expect(try places(files, "as NSString").isEmpty)
  }

  @Test("The supervisor can't see the planner; few name a backend, and nobody the command line")
  func arrows() throws {
    let supervising = Self.files("Sources/PumpSafety") + Self.files("Sources/PumpSession")
    #expect(try places(supervising, "import Pump(Plan|Drive)").isEmpty)
    // Who may name each: a running pump on Linux, and simulations of one.
    for (module, users) in [
      ("PumpLinux", ["PumpService", "PumpBenchmarks", "PumpBench", "itpump"]),
      ("PumpPlant", ["PumpScenarios", "PumpReports", "PumpBenchmarks", "PumpBench", "itpump"]),
      ("itpump", []),
    ] {
      let others = Self.files("Sources").filter { path in
        !users.contains { path.hasPrefix("Sources/\($0)/") }
      }
      #expect(try places(others, "import \(module)$").isEmpty)
    }
    let silent = Self.files("Sources/PumpService") + Self.files("Sources/PumpScenarios")
    #expect(try places(silent, #"\b(print\(|Console\.|FileHandle\.standard)"#).isEmpty)
    let clinic = Self.files("Sources/PumpClinic")
    #expect(
      try places(clinic, #"\bprint\(|FileManager|contentsOf|FileHandle|\bopen\(|Date\(\)"#).isEmpty)
    let backends = Self.files("Sources/PumpPlant") + Self.files("Sources/PumpLinux")
    #expect(try places(backends, "import Pump(Drive|Plan|Profiles|Session)").isEmpty)
    // The real bench carries grants and reports between two processes, and records to a disk.
    let plant = Self.files("Sources/PumpPlant")
    #expect(try places(plant, "import Pump(Safety|Journal)").isEmpty)
  }

  @Test("What the supervisor wants is carried out in one place, whatever it runs on")
  func oneSwitch() throws {
    let others = Self.files("Sources").filter { !$0.hasPrefix("Sources/PumpSafety/") }
    let takers = try places(others, "SupervisorAction")
    #expect(takers.count == 1 && takers[0].contains("/PumpSession.swift:"), "\(takers)")
    let turns = try places(others, #"supervisor\.turn\("#)
    #expect(turns.count == 1 && turns[0].contains("/PumpSession.swift:"), "\(turns)")
  }

  @Test("A source file has one subject and at most 300 lines; the command line is the smaller part")
  func sizes() throws {
    var commandLine = 0
    for path in Self.files("Sources") {
      let count = try Self.code(path).count - 1
      #expect(count <= 300, "\(path): \(count) lines")
      if path.hasPrefix("Sources/itpump/") { commandLine += count }
    }
    #expect(commandLine <= 3_100, "\(commandLine) lines")
  }

  /// Each target of the manifest, and what it names as its dependencies.
  private func manifest() throws -> [String: Set<String>] {
    let text = try String(
      contentsOf: Self.top.appendingPathComponent("Package.swift"), encoding: .utf8)
    var targets: [String: Set<String>] = [:]
    for part in text.split(separator: /\.(target|testTarget|executableTarget|systemLibrary)\(\s*/) {
      guard let name = part.firstMatch(of: /^name: "(\w+)"/)?.1 else { continue }
      let listed = part.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.1 ?? ""
      targets[String(name)] = Set(listed.matches(of: /"(\w+)"/).map { String($0.1) })
    }
    return targets
  }

  @Test(
    "What a module imports the manifest makes before it: no build finds it by luck of the order")
  func imports() throws {
    let targets = try manifest()
    #expect(targets.count > 30)
    func all(_ name: String, _ seen: inout Set<String>) {
      for next in targets[name] ?? [] where seen.insert(next).inserted { all(next, &seen) }
    }
    for name in targets.keys {
      var known: Set<String> = []
      all(name, &known)
      let folder = name.hasSuffix("Tests") ? "Tests/\(name)" : "Sources/\(name)"
      for path in Self.files(folder) {
        for (number, line) in try Self.code(path) {
          guard let found = line.firstMatch(of: /^\s*(?:@\w+ )*(?:public |package )?import (\w+)/)
          else {
            continue
          }
          let module = String(found.1)
          #expect(targets[module] == nil || known.contains(module), "\(path):\(number): \(module)")
        }
      }
    }
  }

  @Test("Every public declaration of a pure module has its documentation")
  func documentation() throws {
    var missing: [String] = []
    let operators = try Regex(#"func [<+\-*=]"#)
    let attribute = try Regex(#"^\s*(@|//[^/]|#(if|else|endif))"#)
    for path in Self.pure.flatMap({ Self.files("Sources/\($0)") }) {
      let text = try String(contentsOf: Self.top.appendingPathComponent(path), encoding: .utf8)
      // The protocols say what the functions of a backend do.
      if text.contains(#/>: (PumpHardware|DriveLink, GuardHardware|RecordLink), ~Copyable {/#) {
        continue
      }
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let declaration = try Regex(
        #"^\s*(@inlinable )?public (struct|enum|protocol|mutating func|func|static func)"#)
      for (index, line) in lines.enumerated() where line.contains(declaration) {
        // Operators and witnesses of a protocol that is documented are told by their names.
        if line.contains("static func") && line.contains(operators) { continue }
        var above = index - 1
        while above >= 0, lines[above].contains(attribute) { above -= 1 }
        let before = above >= 0 ? lines[above].trimmingCharacters(in: .whitespaces) : ""
        if !before.hasPrefix("///") { missing.append("\(path):\(index + 1)") }
      }
    }
    #expect(missing.isEmpty)
  }

  @Test("Nothing changes what all threads of a process share: its umask, folder or environment")
  func processWide() throws {
    let shims = ["CPumpLinux", "CPumpGPIO"].flatMap { Self.files("Sources/\($0)", "c") }
    #expect(shims.count > 5)
    #expect(
      try places(
        Self.files("Sources") + shims, #"\b(umask|chdir|setenv|putenv|unsetenv)\("#
      ).isEmpty)
  }

  @Test("Tests never sleep")
  func noSleep() throws {
    let files = Self.files("Tests").filter { !$0.hasSuffix("TidyTests.swift") }
    #expect(try places(files, #"Task\.sleep|usleep\(|nanosleep|Thread\.sleep"#).isEmpty)
  }
}
