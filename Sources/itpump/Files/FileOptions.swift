import ArgumentParser
import Foundation
import PumpFiles
import PumpProfiles
import PumpReports

/// Where the files that a profile leans on are.
struct FileOptions: ParsableArguments {
  @Option(
    help: .init(
      "The board file of the bench, or its name; the simulated board if not given.",
      valueName: "file"), completion: .file(extensions: ["yaml"]))
  var board: String?

  @Option(
    help: .init(
      "The drug library's folder; found by itself if not given: see 'itpump where'.",
      valueName: "folder"),
    completion: .directory)
  var drugs: String?

  var files: ProjectFiles { ProjectFiles(drugsFolder: drugs, boardFile: board) }

  /// Reads a profile with its bench and drug library, or fails with every problem.
  ///
  /// - Parameters:
  ///   - outputs: Files that will be written; one that was read is refused.
  ///   - others: Further files that are read.
  func load(_ path: String, now: Date, outputs: [String?] = [], others: [String?] = []) throws
    -> (profile: Profile, bench: Bench)
  {
    let inputs = try files.inputs(path)
    try ProjectFiles.checkOutputs(outputs, inputs: inputs.paths + others)
    let (profile, bench, warnings) = try inputs.load(now: now)
    for warning in warnings { Console.note(warning) }
    return (profile, bench)
  }
}
