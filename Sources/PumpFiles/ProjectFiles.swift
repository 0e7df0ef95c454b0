import Foundation
package import PumpProfiles

/// Finds and reads the files that a command needs.
package struct ProjectFiles {
  /// Where drug files are looked for; found by itself if not given.
  package var drugsFolder: String?
  package var boardFile: String?

  package init(drugsFolder: String? = nil, boardFile: String? = nil) {
    self.drugsFolder = drugsFolder
    self.boardFile = boardFile
  }

  /// A file that can't be used, with every problem in it.
  package struct Problem: Error, CustomStringConvertible {
    package var description: String

    package init(description: String) {
      self.description = description
    }
  }

  /// Reads a file as UTF-8 text, or an image as the text that stands for it.
  package static func text(_ path: String) throws -> String {
    let data = try InputBytes.read(path)
    if let image = ImageFile.text(of: data) { return image }
    guard let text = String(data: data, encoding: .utf8) else {
      throw Problem(description: "\(path): error: not UTF-8 text; save it as UTF-8")
    }
    return text
  }

  /// Refuses outputs that would overwrite an input or one another.
  package static func checkOutputs(_ outputs: [String?], inputs: [String?]) throws {
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
    for output in outputs.compactMap({ $0 }) where output != "-" && output != "/dev/null" {
      guard taken.insert(real(output)).inserted else {
        throw Problem(
          description: "\(output): error: this would overwrite an input, or another output; name "
            + "another file")
      }
    }
  }

  /// Refuses an output that can't be written, before hours of work.
  package static func checkFolder(of output: String) throws {
    guard output != "-" else { return }
    let files = FileManager.default
    let folder = URL(fileURLWithPath: output).deletingLastPathComponent().path
    // A file in a folder that can't be written is written over in its place.
    guard files.isWritableFile(atPath: folder) || files.isWritableFile(atPath: output) else {
      throw Problem(
        description: "\(output): error: can't be written; check the folder and its permissions")
    }
  }

  /// Prints a result, or says why it can't be printed.
  package static func print(_ text: String) throws { try write(Visible.text(text), to: "-") }

  /// Prints what must not be lost: on standard error where nobody reads standard output.
  package static func printSurely(_ text: String) throws {
    let shown = Array(Visible.text(text).utf8)
    let failure = PatientWrite.write(shown, to: STDOUT_FILENO, patience: 4_000)
    guard failure != 0 else { return }
    _ = PatientWrite.write(shown, to: STDERR_FILENO, patience: 2_000)
    throw Problem(
      description: "standard output: error: not written whole: \(SystemFailure.describe(failure))")
  }

  /// Writes a text to a file, a pipe, a device or, for `-`, to standard output; or says why not.
  package static func write(_ text: String, to path: String) throws {
    try OutputFile.write(text.utf8, to: path)
  }

  package static func usable<Value>(_ value: Value?, _ problems: [Diagnostic], _ path: String)
    throws
    -> Value
  {
    guard let value else {
      throw Problem(
        description: problems.map { $0.line(file: path) }.joined(separator: "\n"))
    }
    return value
  }

  /// The drug library's files: every file of the folder.
  package func drugFiles(besideProfile profile: String) throws -> [InputFile] {
    guard let folder = drugsFolder ?? SearchPath.find(.drugs, beside: profile)?.folder else {
      throw Problem(
        description: "drugs: error: no drug library was found; name its folder with --drugs "
          + "('itpump where' says where it is looked for)")
    }
    let names = SearchPath.yaml(in: folder)
    guard !names.isEmpty else {
      throw Problem(
        description: "\(folder): error: no drug files (*.yaml) here; name the folder with --drugs")
    }
    return try names.map { try InputFile("\(folder)/\($0)") }
  }

  /// The board's file, and the driver's and pump's that it names.
  package func benchFiles(besideProfile profile: String) throws -> BenchFiles {
    if let boardFile { return try BenchFiles(board: Self.board(boardFile)) }
    guard let found = SearchPath.find(.boards, "simulator.yaml", beside: profile) else {
      throw Problem(
        description:
          "simulator.yaml: error: no simulated board was found; name a board's file with "
          + "--board ('itpump where' says where it is looked for)")
    }
    return try BenchFiles(board: found.folder)
  }

  /// A board's file by its path, or by its name where the boards are.
  package static func board(_ text: String) -> String { named(text, .boards) }

  /// A profile's file by its path, or by its name where the profiles are.
  package static func profile(_ text: String) -> String { named(text, .profiles) }

  private static func named(_ text: String, _ kind: SearchPath.Kind) -> String {
    guard !text.contains("/"), !FileManager.default.fileExists(atPath: text) else { return text }
    let name = text.hasSuffix(".yaml") ? text : text + ".yaml"
    return SearchPath.find(kind, name, beside: nil)?.folder ?? text
  }
}
