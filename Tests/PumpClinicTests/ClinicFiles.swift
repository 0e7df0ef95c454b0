import Foundation
import PumpProfiles

/// The project's own files, for the tests.
enum ClinicFiles {
  static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: top.appendingPathComponent(path), encoding: .utf8)
  }

  /// The shipped drug library, in 2026, without a bench.
  static func loader() throws -> ProfileLoader {
    let drug = DrugLoader.load(try text("Profiles/drugs/baclofen.yaml")).drug
    return ProfileLoader(
      drugs: drug.map { [$0] } ?? [], bench: nil, now: Date(timeIntervalSince1970: 1_790_000_000))
  }
}
