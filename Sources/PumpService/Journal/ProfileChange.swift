import Foundation
package import PumpFiles
package import PumpJournal
package import PumpProfiles
import PumpSafety
package import PumpUnits

/// What is otherwise in a profile than in the one that the journal ran last.
package struct ProfileChange {
  /// What ran last, as it was written.
  package var old: InputFile
  /// Each difference in a sentence; empty where only the text is another.
  package var differences: [String]

  /// Holds a profile against the journal's copy.
  ///
  /// - Returns: `nil` where the journal has none, or the same.
  package static func find<Store: JournalStore & ~Copyable>(
    in journal: inout Journal<Store>, against inputs: ProfileInputs, _ new: Profile
  ) throws -> Self? {
    let text = Array(inputs.profile.text.utf8)
    guard let kept = journal.latestProfile, kept != text
    else { return nil }
    var old = inputs.profile
    old.text = String(decoding: kept, as: UTF8.self)
    var earlier = inputs
    earlier.profile = old
    // What ran may have expired since, and ran all the same.
    let before = Date(timeIntervalSince1970: 0)
    guard let loaded = try? earlier.judged(now: before).profile else {
      return Self(old: old, differences: ["what ran before can't be read any more"])
    }
    let drugs = try InputFile.drugs(inputs.drugs)
    var differences = new.differences(from: loaded, drugs: drugs)
    // Several small steps in a day are one: each profile of these 24 h is where the dose comes from.
    for earlier in try Self.earlier(in: &journal, inputs) {
      for step in TitrationCheck.diagnostics(from: earlier, to: new, drugs: drugs)
      where !differences.contains(step.message) {
        differences.append("\(step.message) (within 24 h)")
      }
    }
    return Self(old: old, differences: differences)
  }

  /// What the profile that ran last says of the filling; `nil` where the journal has none, or it can't be read.
  package static func filled<Store: JournalStore & ~Copyable>(
    in journal: inout Journal<Store>, _ inputs: ProfileInputs
  ) throws -> Volume? {
    guard let kept = journal.latestProfile else {
      return nil
    }
    var earlier = inputs
    earlier.profile.text = String(decoding: kept, as: UTF8.self)
    return try earlier.judged(now: nil).profile?.reservoir.filled
  }

  /// What the journal has as prescribed within the last day, besides the present profile.
  package static func earlier<Store: JournalStore & ~Copyable>(
    in journal: inout Journal<Store>, _ inputs: ProfileInputs
  ) throws -> [Profile] {
    let now = journal.state.resume(.now)
    return try journal.profiles(ofDayBefore: now).compactMap { kept in
      var earlier = inputs
      earlier.profile.text = String(decoding: kept.text, as: UTF8.self)
      guard earlier.profile.text != inputs.profile.text else { return nil }
      return try earlier.judged(now: nil).profile
    }
  }
}
