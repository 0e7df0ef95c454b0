import Foundation
package import PumpFiles
package import PumpProfiles

/// What changing a profile's file has in common.
package enum ProfileEditing {
  /// A profile's text, to be changed.
  package static func text(of file: InputFile) throws -> ProfileText {
    do throws(ProfileText.Problem) {
      return try ProfileText(file.text)
    } catch {
      throw ProjectFiles.Problem(description: "\(file.path): error: \(words(error))")
    }
  }

  /// Shows what a new text changes, and writes it, unless it is no valid profile or the change is refused.
  package static func write(
    _ new: ProfileText, to output: String,
    after old: (name: String, profile: Profile, bench: Bench),
    _ files: ProjectFiles
  ) throws {
    let now = Date()
    var inputs = try files.inputs(old.name)
    inputs.profile = InputFile(path: output, text: new.text)
    let after = try inputs.load(now: now)
    let report = DiffReport(
      from: old, to: (output, after.profile, after.bench), drugs: try InputFile.drugs(inputs.drugs),
      now: now)
    for warning in after.warnings { Console.note(warning) }
    if output == "-" { Console.note(report.text) } else { try ProjectFiles.print(report.text) }
    guard !report.isRefused else {
      throw ProjectFiles.Problem(description: "\(output): error: not written")
    }
    try ProjectFiles.write(new.text, to: output)
  }

  /// Refuses to write over a file: it may be another patient's.
  package static func checkIsNew(_ output: String) throws {
    guard output == "-" || output == "/dev/null" || !FileManager.default.fileExists(atPath: output)
    else {
      throw ProjectFiles.Problem(
        description:
          "\(output): error: it is there already, and a profile is never written over; name another file"
      )
    }
  }

  package static func words(_ problem: ProfileText.Problem) -> String {
    switch problem {
    case .unreadable: "it can't be read as a profile: 'itpump check' says why"
    case .unknown(let path, let near):
      "it has no value '\(path)'"
        + (near.isEmpty
          ? ": 'itpump edit FILE' alone lists them"
          : "; did you mean \(near.prefix(3).map { "'\($0)'" }.joined(separator: " or "))?")
    case .twice(let path): "'\(path)' is given twice"
    case .ambiguous(let path): "'\(path)' stands there several times: change it in the file"
    case .unwritable(let path, let value):
      "'\(path)' can't be written as '\(value)' there: change it in the file"
    }
  }
}
