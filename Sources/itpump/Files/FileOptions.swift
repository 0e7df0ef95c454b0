import ArgumentParser
import Foundation
import PumpProfiles

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

  /// The texts of a profile and of everything that it leans on.
  ///
  /// - Throws: `ProjectFiles.Problem`, with all that is missing at once.
  func inputs(_ profile: String) throws -> ProfileInputs {
    let path = ProjectFiles.profile(profile)
    return try inputs(beside: path) { try InputFile(path) }
  }

  /// The texts that a profile which was read leans on.
  func inputs(of profile: InputFile) throws -> ProfileInputs {
    try inputs(beside: profile.path) { profile }
  }

  private func inputs(beside path: String, _ profile: () throws -> InputFile) throws
    -> ProfileInputs
  {
    var missing: [String] = []
    func found<Value>(_ work: () throws -> Value) throws -> Value? {
      do { return try work() } catch let problem as ProjectFiles.Problem {
        missing.append(problem.description)
        return nil
      }
    }
    let text = try found(profile)
    let bench = try found { try files.benchFiles(besideProfile: path) }
    let drugs = try found { try files.drugFiles(besideProfile: path) }
    guard let text, let bench, let drugs else {
      throw ProjectFiles.Problem(description: missing.joined(separator: "\n"))
    }
    return ProfileInputs(profile: text, bench: bench, drugs: drugs)
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
