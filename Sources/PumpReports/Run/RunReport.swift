package import Foundation
package import Histogram
import PumpDrive
package import PumpMessages
import PumpPlan
package import PumpPlant
package import PumpProfiles
import PumpSafety
import PumpScenarios
package import PumpService
import PumpUnits

/// A real run's outcome for people and for programs: what was asked for beside what was made.
package struct RunReport {
  package let profile: Profile
  package let bench: Bench
  package let start: Date
  package let outcome: RunOutcome
  package let events: [TimedEvent]
  package let lateness: Histogram<UInt64>
  package let digest: TraceDigest
  package let books: JournalBooks
  /// Processor time of the real-time thread as a share of its run.
  package var processorShare: Double?
  package var troubles: [String] = []
  package var indexPulses: UInt64?
  /// Changes of the sensors' lines that were shorter than their debounce.
  package var glitches: UInt64 = 0
  package var lateWakes: UInt64 = 0
  package var lostMessages: UInt64 = 0

  package init(
    profile: Profile, bench: Bench, start: Date, outcome: RunOutcome, events: [TimedEvent],
    lateness: Histogram<UInt64>, digest: TraceDigest, books: JournalBooks,
    processorShare: Double? = nil, troubles: [String] = [], indexPulses: UInt64? = nil,
    glitches: UInt64 = 0, lateWakes: UInt64 = 0, lostMessages: UInt64 = 0
  ) {
    self.profile = profile
    self.bench = bench
    self.start = start
    self.outcome = outcome
    self.events = events
    self.lateness = lateness
    self.digest = digest
    self.books = books
    self.processorShare = processorShare
    self.troubles = troubles
    self.indexPulses = indexPulses
    self.glitches = glitches
    self.lateWakes = lateWakes
    self.lostMessages = lostMessages
  }

  private var moments: Moments { Moments(profile.timeZone) }

  private var prescribed: Volume {
    profile.prescribed(from: .epoch, to: outcome.held, startingAt: start)
  }

  /// What was to run: the profile, and what was requested while it ran.
  ///
  /// A drive that died tells nothing of that.
  private var asked: Volume {
    let planned = outcome.status.planned
    let isOther = planned > prescribed + oneStep || prescribed > planned + oneStep
    return planned.isZero || !isOther ? prescribed : planned
  }

  private var oneStep: Volume { (try? bench.step.volume(ofSteps: 1, .up)) ?? .zero }

  /// What was asked for and is neither delivered nor missed.
  private var behind: Volume {
    let status = outcome.status
    return asked.lessening(by: status.delivered + status.missed + status.uncertain)
  }

  private func mass(_ volume: Volume) -> Mass {
    (try? profile.concentration.mass(in: volume)) ?? .zero
  }

  /// Whether the run ended as a run should.
  package var isClean: Bool {
    if case .tripped = outcome.status.state { return false }
    return outcome.refusal == nil && outcome.isAtRest && troubles.isEmpty
      && outcome.status.ledger.uncertain == 0
  }

  package var text: String {
    let status = outcome.status
    let end = start.after(outcome.end)
    var lines = [
      "\(profile.name): \(profile.mode.rawValue), \(profile.drug) "
        + "\(Format.concentration(profile.concentration)), on \(bench.board.name)",
      "\(moments.second(start)) to \(moments.second(end)) \(profile.timeZone.identifier), "
        + Format.span(outcome.end - .epoch),
      "Bench equipment: not a medical device, not for human use.", "",
    ]
    if profile.mode == .minimumRate {
      lines.append("  minimum rate: keeps the lumen open, no treatment")
    }
    if isMinimumRateOnly {
      lines.append(
        "  MINIMUM RATE ONLY: no treatment, until a clinician has looked (--after-outage)")
    }
    if profile.mode == .stopped { lines.append("  therapy stopped: nothing is given by itself") }
    if let refusal = outcome.refusal {
      let what = outcome.refusedBolus ? "the single bolus" : "the therapy"
      lines.append("  REFUSED      \(what): \(refusal.words)")
    }
    lines += [
      row("prescribed", prescribed, "what the profile asks for in this time"),
      row("delivered", status.delivered, "by the controller's count of steps"),
    ]
    if asked != prescribed {
      lines.insert(
        row("asked for", asked, "with what was requested, and while the motor slowed down"),
        at: lines.count - 1)
    }
    if !status.missed.isZero {
      lines.append(row("missed", status.missed, "due and given up: never repaid as a burst"))
    }
    let braking = status.delivered.lessening(by: asked)
    if braking > oneStep {
      lines.append(row("braking", braking, "delivered after the hold: a motor at speed slows down"))
    }
    if outcome.refusal == nil, behind > oneStep {
      lines.append(
        row("behind", behind, "asked for by then, and neither given nor booked as missed"))
    }
    if !status.uncertain.isZero {
      lines.append(row("uncertain", status.uncertain, "may or may not have been delivered"))
    }
    lines += [
      "  steps        \(TextColumns.grouped(status.ledger.delivered))",
      "  reservoir    \(Format.volume(status.reservoir)) left by the ledger",
      "  motor        "
        + (outcome.isAtRest
          ? "de-energised" + (bench.board.isSimulated ? "" : ": ENABLE reads back as released")
          : "NOT DE-ENERGISED: cut its supply by hand"),
      "  state        \(status.state.words)",
      "  journal      \(journal)",
      "  wake-ups     " + RunDisplay.lateness(lateness)
        + (lateWakes > 0 ? "; \(TextColumns.grouped(lateWakes)) late for a step" : ""),
    ]
    if glitches > 0 {
      lines.append(
        "  glitches     \(TextColumns.grouped(glitches)) on the sensors' lines, shorter than 'debounce': "
          + "not counted")
    }
    lines += [
      "",
      "  lines        "
        + (troubles.isEmpty ? ["no failure"] : troubles)
        .joined(separator: "\n               "),
      "  alarms       " + alarms.joined(separator: "\n               "),
      "  run digest   \(SimulationReport.hex(digest))",
    ]
    if outcome.isAtRest {
      lines += ["", "Nothing is delivered now, and nothing will be before the next run."]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Whether the prescription was given up for the minimum rate.
  private var isMinimumRateOnly: Bool { events.contains { $0.event == .fellBack } }

  private var journal: String {
    let carried = books.carried
    let certain = carried.certain + outcome.status.ledger.delivered
    let uncertain = carried.uncertain + outcome.status.ledger.uncertain
    return (books.path ?? "in memory only")
      + ": \(TextColumns.grouped(certain)) steps in all sessions"
      + (uncertain > 0 ? ", and \(TextColumns.grouped(uncertain)) uncertain" : "")
  }

  private func row(_ name: String, _ volume: Volume, _ meaning: String) -> String {
    TextColumns.doseRow(name, mass(volume), volume, meaning)
  }

  private var alarms: [String] { moments.alarms(in: events, from: start) }
}

extension RunReport {
  package struct AlarmRecord: Encodable {
    package var alarm: String
    package var priority: String
    package var elapsed_s: Double
  }

  package struct Machine: Encodable {
    package var notice = "bench equipment: not a medical device, not for human use"
    package var profile: String
    package var board: String
    package var start: String
    package var duration_s: Double
    /// CLOCK_MONOTONIC when the therapy began.
    package var began_monotonic_ns: UInt64
    /// When the therapy was held: what fell due later was none of it.
    package var held_ns: UInt64
    package var state: String
    package var refusal: String?
    /// Whether the prescription was given up for the minimum rate, which is no treatment.
    package var minimum_rate_only: Bool
    package var motor_de_energised: Bool
    package var prescribed_ug: Double
    package var delivered_ug: Double
    package var missed_ug: Double
    package var behind_ug: Double
    package var uncertain_ug: Double
    package var steps: UInt64
    package var missed_steps: UInt64
    package var uncertain_steps: UInt64
    package var reservoir_ul: Double
    /// Over all sessions of the journal.
    package var journal: String?
    package var all_steps: UInt64
    package var all_uncertain_steps: UInt64
    package var lateness_p50_ns: UInt64
    package var lateness_p99_ns: UInt64
    package var lateness_p999_ns: UInt64
    package var lateness_worst_ns: UInt64
    package var wake_ups: UInt64
    package var late_wakes: UInt64
    package var index_pulses: UInt64?
    package var glitches: UInt64
    package var processor_share: Double?
    package var alarms: [AlarmRecord]
    package var line_failures: [String]
    package var lost_messages: UInt64
    package var run_digest: String
  }

  /// The outcome for programs, units in the keys.
  package var machine: Machine {
    let status = outcome.status
    return Machine(
      profile: profile.name, board: bench.board.name, start: moments.machine(start),
      duration_s: Double(outcome.end.nanoseconds) / 1e9,
      began_monotonic_ns: books.beganMonotonic, held_ns: outcome.held.nanoseconds,
      state: status.state.words,
      refusal: outcome.refusal.map(\.words),
      minimum_rate_only: isMinimumRateOnly, motor_de_energised: outcome.isAtRest,
      prescribed_ug: mass(prescribed).micrograms,
      delivered_ug: mass(status.delivered).micrograms, missed_ug: mass(status.missed).micrograms,
      behind_ug: mass(behind).micrograms,
      uncertain_ug: mass(status.uncertain).micrograms, steps: status.ledger.delivered,
      missed_steps: status.ledger.missed, uncertain_steps: status.ledger.uncertain,
      reservoir_ul: status.reservoir.microlitres,
      journal: books.path, all_steps: books.carried.certain + status.ledger.delivered,
      all_uncertain_steps: books.carried.uncertain + status.ledger.uncertain,
      lateness_p50_ns: lateness.valueAtPercentile(50),
      lateness_p99_ns: lateness.valueAtPercentile(99),
      lateness_p999_ns: lateness.valueAtPercentile(99.9),
      lateness_worst_ns: lateness.maxRecorded, wake_ups: lateness.totalCount,
      late_wakes: lateWakes, index_pulses: indexPulses, glitches: glitches,
      processor_share: processorShare,
      alarms: events.compactMap { event in
        guard case .alarmRaised(let alarm) = event.event else { return nil }
        return AlarmRecord(
          alarm: alarm.name, priority: alarm.priority == .critical ? "critical" : "non-critical",
          elapsed_s: Double(event.at.nanoseconds) / 1e9)
      },
      line_failures: troubles, lost_messages: lostMessages, run_digest: SimulationReport.hex(digest)
    )
  }
}
