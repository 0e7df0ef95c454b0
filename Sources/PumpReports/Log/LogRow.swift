import Foundation
import PumpFiles
package import PumpJournal
import PumpMessages
import PumpProfiles
import PumpRecords
import PumpSafety
import PumpUnits

/// A record as JSON and CSV have it: units in the names, empty where a kind says nothing of it.
package struct LogRow: Encodable {
  package var sequence: UInt64
  package var session: UInt32
  package var pump_clock_ns: UInt64
  package var wall_clock: String
  package var kind: String
  package var alarm: String?
  package var certain_steps: UInt64?
  package var uncertain_steps: UInt64?
  package var missed_steps: UInt64?
  package var at_fill_steps: UInt64?
  package var granted_up_to_steps: UInt64?
  package var granted_until_ns: UInt64?
  /// The dose of the bolus that a command or an event is about, and the most that a grant permits; absent where the
  /// session does not say what its steps hold.
  package var dose_ug: Double?
  package var what: String

  package init(_ record: JournalRecord, _ moments: Moments, _ worth: JournalBinding? = nil) {
    sequence = record.sequence
    session = record.session
    pump_clock_ns = record.at.nanoseconds
    wall_clock = moments.machine(Date(timeIntervalSince1970: Double(record.wallSeconds)))
    kind = record.entry.kind.name
    alarm = record.entry.alarm?.name
    what = record.entry.words(at: record.at, worth)
    dose_ug = Self.micrograms(record.entry.bolus.flatMap { worth?.mass(in: $0) })
    guard case .grant(let counts, let upTo, let until) = record.entry else { return }
    certain_steps = counts.certain
    uncertain_steps = counts.uncertain
    missed_steps = counts.missed
    at_fill_steps = counts.atFill
    granted_up_to_steps = upTo
    granted_until_ns = until.nanoseconds
    dose_ug = Self.micrograms(worth?.mass(ofSteps: upTo - min(upTo, counts.highest)))
  }

  private static func micrograms(_ mass: Mass?) -> Double? {
    mass.map { Double($0.femtograms) / 1e9 }
  }

  package static let header =
    "sequence,session,pump_clock_ns,wall_clock,kind,alarm,certain_steps,uncertain_steps,"
    + "missed_steps,at_fill_steps,granted_up_to_steps,granted_until_ns,"
    + "dose_ug,what\n"

  /// The row of a CSV file (RFC 4180).
  package var csv: String {
    func number<Number>(_ value: Number?) -> String { value.map { "\($0)" } ?? "" }
    return
      ([
        "\(sequence)", "\(session)", "\(pump_clock_ns)", wall_clock, kind, alarm ?? "",
        number(certain_steps), number(uncertain_steps), number(missed_steps),
        number(at_fill_steps), number(granted_up_to_steps), number(granted_until_ns),
        number(dose_ug),
        Visible.csv(what),
      ] as [String]).joined(separator: ",") + "\n"
  }

  /// What stands above the lines that a person reads.
  package static var heading: String {
    "  record  wall clock, \(TimeZone.current.identifier)  session  what\n"
  }

  /// The line that a person reads.
  package static func line(
    _ record: JournalRecord, _ moments: Moments, _ worth: JournalBinding? = nil
  ) -> String {
    let when = moments.second(Date(timeIntervalSince1970: Double(record.wallSeconds)))
    let kind = record.entry.kind.name.padding(toLength: 8, withPad: " ", startingAt: 0)
    return TextColumns.right("\(record.sequence)", 8) + "  \(when)  "
      + "s\(record.session)".padding(toLength: 6, withPad: " ", startingAt: 0)
      + "\(kind) \(record.entry.words(at: record.at, worth))\n"
  }
}

extension JournalEntry {
  /// The volume of the bolus that it is about.
  fileprivate var bolus: Volume? {
    switch self {
    case .command(.bolus, let value, _), .command(.prime, let value, _),
      .asked(_, .bolus, let value, _), .asked(_, .prime, let value, _),
      .answered(_, .bolus, let value, _), .answered(_, .prime, let value, _):
      Volume(femtolitres: value)
    case .event(.bolusBegan(_, let volume)), .event(.bolusEnded(_, let volume, _)),
      .event(.bolusDropped(let volume)):
      volume
    default: nil
    }
  }
}
