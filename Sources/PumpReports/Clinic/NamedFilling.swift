import Foundation
import PumpFiles
import PumpProfiles
import PumpService

/// What a file says to be or to have been in a reservoir.
package struct NamedFilling {
  package let drug: String
  package let lot: String
  /// The file, and since when.
  package let place: String

  /// What is in a reservoir by a profile, or what was and is in it by a journal.
  ///
  /// - Throws: `ProjectFiles.Problem`.
  package static func all(in path: String) throws -> [NamedFilling] {
    if path.hasSuffix(".journal") {
      var journal = try JournalFile.read(path)
      let past = PastFilling.all(in: &journal)
      guard !past.isEmpty else {
        throw ProjectFiles.Problem(description: "\(path): error: it holds no whole profile")
      }
      let moments = Moments(.current)
      return past.map {
        NamedFilling(drug: $0.drug, lot: $0.lot, place: "\(path), \($0.period(moments))")
      }
    }
    let text = try ProjectFiles.text(ProjectFiles.profile(path))
    let values = try ProfileEditing.text(of: InputFile(path: path, text: text)).values
    guard let lot = values.first(where: { $0.path == "drug.lot" }),
      let drug = values.first(where: { $0.path == "drug.name" })
    else {
      throw ProjectFiles.Problem(
        description: "\(path): error: it says no drug and lot: 'itpump check' says what is missing")
    }
    return [NamedFilling(drug: drug.text, lot: lot.text, place: path)]
  }
}
