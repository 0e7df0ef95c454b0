import Foundation
import Testing

@Suite("What must never slip in")
struct TidyTests {
  static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let pure = [
    "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpSafety", "PumpJournal", "PumpEngine",
    "PumpReplay",
    "PumpConformance",
  ]

  /// Every Swift file below a folder, by its path from the top.
  static func files(_ folder: String) -> [String] {
    let root = top.appendingPathComponent(folder)
    let all = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []
    return all.filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }.sorted()
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
  }

  @Test("The supervisor can't see the planner; nothing but the command line names a backend")
  func arrows() throws {
    #expect(try places(Self.files("Sources/PumpSafety"), "import PumpPlan").isEmpty)
    let others = Self.files("Sources").filter { !$0.hasPrefix("Sources/itpump") }
    #expect(try places(others, "import (PumpPlant|PumpLinux|itpump)").isEmpty)
    let backends = Self.files("Sources/PumpPlant") + Self.files("Sources/PumpLinux")
    #expect(try places(backends, "import Pump(Engine|Plan|Therapy|Profiles)").isEmpty)
    // The real bench carries grants and reports between two processes, and records to a disk.
    let plant = Self.files("Sources/PumpPlant")
    #expect(try places(plant, "import Pump(Safety|Journal)").isEmpty)
  }

  @Test("Every public declaration of a pure module has its documentation")
  func documentation() throws {
    var missing: [String] = []
    let operators = try Regex(#"func [<+\-*=]"#)
    let attribute = try Regex(#"^\s*(@|//[^/]|#(if|else|endif))"#)
    for path in Self.pure.flatMap({ Self.files("Sources/\($0)") }) {
      let text = try String(contentsOf: Self.top.appendingPathComponent(path), encoding: .utf8)
      // The protocols say what the functions of a backend do.
      if text.contains(">: PumpHardware, ~Copyable {") { continue }
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

  @Test("Tests never sleep")
  func noSleep() throws {
    let files = Self.files("Tests").filter { !$0.hasSuffix("TidyTests.swift") }
    #expect(try places(files, #"Task\.sleep|usleep\(|nanosleep|Thread\.sleep"#).isEmpty)
  }
}
