import Foundation
import PumpFiles

/// Earlier recordings beside a new one: FILE.1 is the latest, and so on.
package enum RecordingRotation {
  /// Gives the earlier recordings their next names, and lets go of the oldest.
  ///
  /// - Throws: `ProjectFiles.Problem`.
  package static func rotate(_ record: String, keeping count: Int) throws {
    guard count > 0 else { return }
    let files = FileManager.default
    func name(_ number: Int) -> String { number == 0 ? record : "\(record).\(number)" }
    try? files.removeItem(atPath: name(count))
    for number in stride(from: count - 1, through: 0, by: -1)
    where files.fileExists(atPath: name(number)) {
      guard rename(name(number), name(number + 1)) == 0 else {
        throw ProjectFiles.Problem(
          description: "\(name(number)): error: can't be renamed to \(name(number + 1)): "
            + SystemFailure.describe(errno))
      }
    }
  }
}
