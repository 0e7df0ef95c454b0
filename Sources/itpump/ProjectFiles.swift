import ArgumentParser
import Foundation
import PumpProfiles

/// Finds and reads the files that a command needs.
struct ProjectFiles {
  /// Where drug files are looked for.
  var drugsFolder: String?
  var boardFile: String?

  /// A file that can't be used, with every problem in it.
  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  /// Reads a file as UTF-8 text.
  static func text(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      let exists = FileManager.default.fileExists(atPath: path)
      throw Problem(
        description: exists
          ? "\(path): error: can't be read; check that it is a file and its permissions"
          : "\(path): error: there is no such file")
    }
    if let image = ImageFile.text(of: data) { return image }
    guard let text = String(data: data, encoding: .utf8) else {
      throw Problem(description: "\(path): error: not UTF-8 text; save it as UTF-8")
    }
    return text
  }

  /// Refuses outputs that would overwrite an input or one another.
  static func checkOutputs(_ outputs: [String?], inputs: [String?]) throws {
    // Two names of one file, links of both kinds too, are one file.
    func real(_ path: String) -> String {
      let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
      let attributes = try? FileManager.default.attributesOfItem(atPath: place)
      guard let device = attributes?[.systemNumber] as? Int,
        let file = attributes?[.systemFileNumber] as? Int
      else { return place }
      return "\(device):\(file)"
    }
    var taken = Set(inputs.compactMap { $0.map(real) })
    for output in outputs.compactMap({ $0 }) where output != "-" {
      guard taken.insert(real(output)).inserted else {
        throw Problem(
          description: "\(output): error: this would overwrite an input, or another output; name "
            + "another file")
      }
    }
  }

  /// Refuses an output whose folder can't be written, before hours of work.
  static func checkFolder(of output: String) throws {
    guard output != "-" else { return }
    let folder = URL(fileURLWithPath: output).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw Problem(
        description: "\(output): error: can't be written; check the folder and its permissions")
    }
  }

  /// Prints a result, or says why it can't be printed.
  static func print(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      throw Problem(description: "standard output: error: can't be written")
    }
  }

  /// Writes a file, or says why not.
  static func write(_ text: String, to path: String) throws {
    do {
      // Only a regular file is replaced whole; a pipe or a device is written to.
      let isSpecial =
        (try? FileManager.default.attributesOfItem(atPath: path)[.type])
        .map { ($0 as? FileAttributeType) != .typeRegular } ?? false
      if isSpecial, let handle = FileHandle(forWritingAtPath: path) {
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
      } else {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      }
    } catch {
      throw Problem(
        description: "\(path): error: can't be written; check the folder and its "
          + "permissions")
    }
  }

  /// The drug library: every file of the folder.
  func drugs(besideProfile profile: String) throws -> [Drug] {
    try InputFile.drugs(try drugFiles(besideProfile: profile))
  }

  /// The bench: the board's file, and the driver's and pump's that it names.
  func bench(besideProfile profile: String) throws -> Bench {
    try benchFiles(besideProfile: profile).bench()
  }

  func drugFiles(besideProfile profile: String) throws -> [InputFile] {
    let folder = try drugsFolder ?? find("drugs", "Profiles/drugs", beside: profile)
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasSuffix(".yaml") }.sorted()
    guard !names.isEmpty else {
      throw Problem(
        description: "\(folder): error: no drug files (*.yaml) here; name the folder "
          + "with --drugs")
    }
    return try names.map { try InputFile("\(folder)/\($0)") }
  }

  func benchFiles(besideProfile profile: String) throws -> BenchFiles {
    let file = "Hardware/boards/simulator.yaml"
    return try BenchFiles(board: try boardFile ?? find(file, file, beside: profile))
  }

  static func usable<Value>(_ value: Value?, _ problems: [Diagnostic], _ path: String) throws
    -> Value
  {
    guard let value else {
      throw Problem(
        description: problems.map { $0.line(file: path) }.joined(separator: "\n"))
    }
    return value
  }

  /// Looks for a file or folder beside the profile, above it, and above the working folder.
  private func find(_ beside: String, _ fromTop: String, beside profile: String) throws -> String {
    let files = FileManager.default
    let folder = (profile as NSString).deletingLastPathComponent
    let start = URL(fileURLWithPath: folder.isEmpty ? "." : folder).standardizedFileURL
    if files.fileExists(atPath: start.appendingPathComponent(beside).path) {
      return start.appendingPathComponent(beside).path
    }
    let working = URL(fileURLWithPath: files.currentDirectoryPath)
    for origin in [working, start] {
      var at = origin
      for _ in 0..<32 {
        let path = at.appendingPathComponent(fromTop).path
        if files.fileExists(atPath: path) {
          return origin == working && at == working ? fromTop : path
        }
        if at.path == "/" { break }
        at.deleteLastPathComponent()
      }
    }
    throw Problem(
      description: "\(fromTop): error: not found from \(start.path) or from here upwards; name it "
        + "with \(fromTop.contains("drugs") ? "--drugs" : "--board")")
  }
}

/// Where the files that a profile leans on are.
struct FileOptions: ParsableArguments {
  @Option(
    help: .init(
      "The board file of the bench; Hardware/boards/simulator.yaml if not given.",
      valueName: "file"), completion: .file(extensions: ["yaml"]))
  var board: String?

  @Option(
    help: .init("The drug library's folder; Profiles/drugs if not given.", valueName: "folder"),
    completion: .directory)
  var drugs: String?

  var files: ProjectFiles { ProjectFiles(drugsFolder: drugs, boardFile: board) }

  /// The texts of a profile and of everything that it leans on.
  func inputs(_ profile: String) throws -> ProfileInputs {
    let text = try InputFile(profile)
    return ProfileInputs(
      profile: text, bench: try files.benchFiles(besideProfile: profile),
      drugs: try files.drugFiles(besideProfile: profile))
  }

  /// Reads a profile with its bench and drug library, or fails with every problem.
  ///
  /// - Parameters:
  ///   - outputs: Files that will be written; one that was read is refused.
  ///   - others: Further files that are read.
  func load(_ path: String, now: Date, outputs: [String?] = [], others: [String?] = []) throws
    -> (profile: Profile, bench: Bench)
  {
    let inputs = try inputs(path)
    try ProjectFiles.checkOutputs(outputs, inputs: inputs.paths + others)
    let (profile, bench, warnings) = try inputs.load(now: now)
    for warning in warnings { Console.note(warning) }
    return (profile, bench)
  }
}
