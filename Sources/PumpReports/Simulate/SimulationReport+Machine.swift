import Foundation
import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpProfiles
import PumpSafety
import PumpScenarios
import PumpService
import PumpSession
import PumpTherapy
import PumpUnits

extension SimulationReport {
  package struct AlarmRecord: Encodable {
    package var alarm: String
    package var priority: String
    package var raised_at: String
    package var elapsed_s: Double
  }

  package struct RequestRecord: Encodable {
    package var verb: String
    package var at: String
    package var elapsed_s: Double
    package var result: String
    package var code: String?
  }

  package struct PeriodRecord: Encodable {
    package var start: String
    package var end: String
    package var prescribed_ug: Double
    package var delivered_ug: Double
    package var steps: UInt64
  }

  package struct Machine: Encodable {
    package var notice = "bench equipment: not a medical device, not for human use"
    package var profile: String
    package var board: String
    package var start: String
    package var end: String
    package var duration_s: Double
    package var seed: UInt64
    package var mode: String
    package var state: String
    package var refusal: String?
    package var prescribed_ug: Double
    package var commanded_ug: Double
    package var delivered_ug: Double
    package var pumped_ug: Double
    package var catheter_tip_ug: Double
    package var missed_ug: Double
    package var uncertain_ug: Double
    package var withheld_ug: Double
    package var prescribed_ul: Double
    package var delivered_ul: Double
    package var pumped_ul: Double
    package var steps: UInt64
    package var missed_steps: UInt64
    package var uncertain_steps: UInt64
    package var rotor_steps: UInt64
    package var reservoir_ul: Double
    package var ran_dry: Bool
    package var refill_due: String?
    package var delivery_stops: String?
    package var alarms: [AlarmRecord]
    package var requests: [RequestRecord]
    package var periods: [PeriodRecord]
    package var events_not_kept: Int
    package var trace_digest: String
  }

  /// The outcome for programs, units in the keys.
  package var machine: Machine {
    let status = outcome.status
    return Machine(
      profile: profile.name, board: simulation.bench.board.name,
      start: moments.machine(simulation.start),
      end: moments.machine(simulation.start.after(.epoch + simulation.span)),
      duration_s: Double(simulation.span.nanoseconds) / 1e9, seed: simulation.seed,
      mode: profile.mode.rawValue, state: status.state.words,
      refusal: outcome.refusal.map(\.words),
      prescribed_ug: mass(outcome.prescribed).micrograms,
      commanded_ug: mass(outcome.commanded).micrograms,
      delivered_ug: mass(status.delivered).micrograms, pumped_ug: mass(outcome.pumped).micrograms,
      catheter_tip_ug: outcome.atTip.micrograms, missed_ug: mass(status.missed).micrograms,
      uncertain_ug: mass(status.uncertain).micrograms,
      withheld_ug: mass(outcome.withheld).micrograms,
      prescribed_ul: outcome.prescribed.microlitres,
      delivered_ul: status.delivered.microlitres, pumped_ul: outcome.pumped.microlitres,
      steps: status.ledger.delivered, missed_steps: status.ledger.missed,
      uncertain_steps: status.ledger.uncertain, rotor_steps: outcome.rotorSteps,
      reservoir_ul: status.reservoir.microlitres, ran_dry: outcome.isDry,
      refill_due: status.refillDue.map { moments.machine(simulation.start.after($0)) },
      delivery_stops: status.stopsDue.map { moments.machine(simulation.start.after($0)) },
      alarms: outcome.events.compactMap { event in
        guard case .alarmRaised(let alarm) = event.event else { return nil }
        return AlarmRecord(
          alarm: alarm.name, priority: alarm.priority == .critical ? "critical" : "non-critical",
          raised_at: moments.machine(simulation.start.after(event.at)),
          elapsed_s: Double(event.at.nanoseconds) / 1e9)
      },
      requests: outcome.asked.map {
        RequestRecord(
          verb: $0.verb.rawValue, at: moments.machine(simulation.start.after($0.at)),
          elapsed_s: Double($0.at.nanoseconds) / 1e9, result: $0.result.rawValue,
          code: $0.refusal?.code)
      },
      periods: outcome.periods.map {
        PeriodRecord(
          start: moments.machine(simulation.start.after($0.start)),
          end: moments.machine(simulation.start.after($0.end)),
          prescribed_ug: $0.prescribed.micrograms, delivered_ug: $0.delivered.micrograms,
          steps: $0.steps)
      },
      events_not_kept: outcome.lostEvents, trace_digest: Self.hex(outcome.digest))
  }
}
