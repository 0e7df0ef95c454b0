import Foundation
import PumpProfiles

extension ProjectFiles {
  /// The texts of a profile and of everything that it leans on.
  ///
  /// - Throws: `ProjectFiles.Problem`, with all that is missing at once.
  package func inputs(_ profile: String) throws -> ProfileInputs {
    let path = ProjectFiles.profile(profile)
    return try inputs(beside: path) { try InputFile(path) }
  }

  /// The texts that a profile which was read leans on.
  package func inputs(of profile: InputFile) throws -> ProfileInputs {
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
    let bench = try found { try benchFiles(besideProfile: path) }
    let drugs = try found { try drugFiles(besideProfile: path) }
    guard let text, let bench, let drugs else {
      throw ProjectFiles.Problem(description: missing.joined(separator: "\n"))
    }
    return ProfileInputs(profile: text, bench: bench, drugs: drugs)
  }
}
