package import Foundation
import PumpDrive
package import PumpJournal
package import PumpMessages
package import PumpProfiles
import PumpSafety
package import PumpService
import PumpUnits

/// The outcome of a run on a firmware, for people and for programs.
package struct FirmwareReport {
  package let profile: Profile
  package let bench: Bench
  package let start: Date
  package var firmware = ""
  package var seal: UInt64 = 0
  package var status: RunStatus?
  package var events: [TimedEvent] = []
  /// Why the therapy did not begin, or did not end as it should.
  package var trouble: String?
  package var wasStopped = false
  package var resets = 0
  /// What the board told at the end.
  package var end: FirmwareConsole.Message?
  /// Its journal, and the first record of this run.
  package var records: [JournalBlock] = []
  package var firstRecord: UInt64 = 0
  package var journal: String?

  package init(
    profile: Profile, bench: Bench, start: Date, firmware: String = "", seal: UInt64 = 0,
    status: RunStatus? = nil, events: [TimedEvent] = [], trouble: String? = nil,
    wasStopped: Bool = false, resets: Int = 0, end: FirmwareConsole.Message? = nil,
    records: [JournalBlock] = [], firstRecord: UInt64 = 0, journal: String? = nil
  ) {
    self.profile = profile
    self.bench = bench
    self.start = start
    self.firmware = firmware
    self.seal = seal
    self.status = status
    self.events = events
    self.trouble = trouble
    self.wasStopped = wasStopped
    self.resets = resets
    self.end = end
    self.records = records
    self.firstRecord = firstRecord
    self.journal = journal
  }

  private var moments: Moments { Moments(profile.timeZone) }
  private var certain: UInt64 { end?.number("certain-steps") ?? 0 }
  private var uncertain: UInt64 { end?.number("uncertain-steps") ?? 0 }
  private var missed: UInt64 { end?.number("missed-steps") ?? 0 }
  private var standing: [Alarm] { FirmwareWords.alarms(end?.hex("alarms") ?? 0) }

  /// Whether it ended as a run should: begun, never cut, every step accounted for.
  package var isClean: Bool {
    let wasCut = events.contains { if case .tripped = $0.event { true } else { false } }
    return trouble == nil && end != nil && !wasCut && uncertain == 0
      && resets == 0
  }

  private var ownRecords: Int { records.count { $0[1] >= firstRecord } }

  /// The records as a journal's file has them, which is never shorter than this.
  package var journalData: Data {
    var data = Data()
    for block in records { block.withBytes { data.append(contentsOf: $0) } }
    return data + Data(count: max(0, 65_536 - data.count))
  }

  /// Whether the board's ring has given up its first records, without which no file is a journal.
  package var hasWrapped: Bool { records.first.map { $0[1] > 0 } ?? false }

  private func volume(_ steps: UInt64) -> Volume {
    (try? bench.step.volume(ofSteps: steps)) ?? Volume(femtolitres: .max)
  }

  private func row(_ name: String, _ volume: Volume, _ meaning: String) -> String {
    let mass = (try? profile.concentration.mass(in: volume)) ?? .zero
    return TextColumns.doseRow(name, mass, volume, meaning)
  }

  package var text: String {
    var lines = [
      "\(profile.name): \(profile.mode.rawValue), \(profile.drug) "
        + "\(Format.concentration(profile.concentration)), on the firmware of \(bench.board.name)",
      "Bench equipment: not a medical device, not for human use.", "",
    ]
    if let trouble { lines.append("  TROUBLE      \(trouble)") }
    if let status {
      lines += [
        "  ran          \(Format.span(status.at - .epoch)) when last asked",
        row("planned", status.planned, "what the controller was to give by then"),
        row("delivered", status.delivered, "by its count of steps by then"),
      ]
    }
    lines += [
      row(
        "journal", volume(certain),
        "all sessions of its journal, \(TextColumns.grouped(certain)) steps")
    ]
    if uncertain > 0 {
      lines.append(row("uncertain", volume(uncertain), "may or may not have been delivered"))
    }
    if missed > 0 {
      lines.append(row("missed", volume(missed), "due and given up: never repaid as a burst"))
    }
    if resets > 0 {
      lines.append("  RESETS       \(resets): the board took the therapy up by itself")
    }
    lines += [
      "  edges        STEP at most "
        + String(format: "%.1f µs", Double(end?.number("worst-lateness-ns") ?? 0) / 1e3)
        + " late by the board's own clock",
      "  image        checksum \(String(format: "%08x", UInt32(truncatingIfNeeded: seal)))",
      "  records      \(records.count) on the board, \(ownRecords) "
        + "of this run" + (journal.map { "; copied to \($0)" } ?? "; --journal FILE copies it"),
      "  alarms       "
        + moments.alarms(in: events, from: start).joined(separator: "\n               "),
    ]
    if !standing.isEmpty {
      lines.append("  standing     " + standing.map(\.name).joined(separator: ", "))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  package struct Machine: Encodable {
    package var notice = "bench equipment: not a medical device, not for human use"
    package var profile: String
    package var board: String
    package var firmware: String
    package var image_checksum: String
    package var start: String
    package var elapsed_ns: UInt64?
    package var planned_ul: Double?
    package var delivered_ul: Double?
    package var delivered_steps: UInt64?
    package var books_certain_steps: UInt64
    package var books_uncertain_steps: UInt64
    package var missed_steps: UInt64
    package var worst_step_lateness_ns: UInt64
    package var resets: Int
    package var trouble: String?
    package var was_stopped: Bool
    package var alarms_raised: [String]
    package var alarms_standing: [String]
    package var journal_records: Int
  }

  package var machine: Machine {
    Machine(
      profile: profile.name, board: bench.board.name, firmware: firmware,
      image_checksum: String(format: "%08x", UInt32(truncatingIfNeeded: seal)),
      start: moments.machine(start), elapsed_ns: status?.at.nanoseconds,
      planned_ul: status?.planned.microlitres, delivered_ul: status?.delivered.microlitres,
      delivered_steps: status?.steps, books_certain_steps: certain,
      books_uncertain_steps: uncertain, missed_steps: missed,
      worst_step_lateness_ns: end?.number("worst-lateness-ns") ?? 0, resets: resets,
      trouble: trouble, was_stopped: wasStopped,
      alarms_raised: events.compactMap {
        if case .alarmRaised(let alarm) = $0.event { alarm.name } else { nil }
      }, alarms_standing: standing.map(\.name), journal_records: records.count)
  }
}
