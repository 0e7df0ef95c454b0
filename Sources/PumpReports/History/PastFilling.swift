package import Foundation
package import PumpJournal
import PumpProfiles

/// A drug and a lot that a pump's journal has had in its reservoir, by the profiles that were written in it.
package struct PastFilling: Equatable {
  package var drug: String
  package var lot: String
  package var concentration: String
  package var expires: String
  /// When a profile with it was written down first.
  package var from: Date
  package var session: UInt32
  /// When one with another filling was; `nil` for the one that is in the pump.
  package var until: Date?

  /// All that a journal still has, the first one first; a profile that says no drug or lot is left out.
  package static func all<Store: JournalStore & ~Copyable>(in journal: inout Journal<Store>)
    -> [PastFilling]
  {
    var found: [PastFilling] = []
    for kept in journal.allProfiles.reversed() {
      let text = String(decoding: kept.text, as: UTF8.self)
      guard let values = try? ProfileText(text).values else { continue }
      func value(_ path: String) -> String? { values.first { $0.path == path }?.text }
      guard let drug = value("drug.name"), let lot = value("drug.lot") else { continue }
      let filling = PastFilling(
        drug: drug, lot: lot, concentration: value("drug.concentration") ?? "not said",
        expires: value("drug.expires") ?? "not said",
        from: Date(timeIntervalSince1970: Double(kept.wallSeconds)), session: kept.session)
      if let last = found.last, last.isSame(as: filling) { continue }
      if !found.isEmpty { found[found.count - 1].until = filling.from }
      found.append(filling)
    }
    return found
  }

  /// When it was in the pump, and in which session that began.
  package func period(_ moments: Moments) -> String {
    "session \(session), from \(moments.full(from))"
      + (until.map { " to \(moments.full($0))" } ?? ", in the pump")
  }

  private func isSame(as other: Self) -> Bool {
    drug == other.drug && lot == other.lot && concentration == other.concentration
      && expires == other.expires
  }
}
