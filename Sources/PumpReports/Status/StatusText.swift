import Foundation
import PumpFiles
import PumpMessages
import PumpProfiles
package import PumpService
import PumpUnits

/// A status on one page.
package struct StatusText {
  package let status: StatusReport

  package init(status: StatusReport) {
    self.status = status
  }

  package var text: String {
    var lines = [
      "\(Visible.line(status.profile)) on \(Visible.line(status.board)): \(status.state)"
        + (status.is_testing ? ", self-test runs" : ""),
      "Bench equipment: not a medical device, not for human use.",
      "",
    ]
    if let alarm = status.waits_for {
      lines.insert(
        "NOTHING IS DELIVERED before somebody has acknowledged \(alarm): itpump acknowledge \(alarm)",
        at: 1)
    }
    func add(_ name: String, _ what: String) {
      lines.append("  " + name.padding(toLength: 14, withPad: " ", startingAt: 0) + what)
    }
    add(
      "drug",
      "\(Visible.line(status.drug)) "
        + Format.concentration(
          Concentration(nanogramsPerMillilitre: UInt64(status.concentration_ug_per_ml * 1e3)))
        + ", lot \(Visible.line(status.lot))")
    if let began = status.began { add("runs since", "\(began), by \(status.started_by)") }
    add("now", status.at)
    // A pump that does not run has no rate: only what its next start would do.
    add(
      "rate",
      status.began == nil
        ? "nothing: no run has this pump"
          + (status.is_fallen_back ? "; a clinician has to look" : "")
        : Self.rate(status.rate_ug_per_h)
          + (status.is_fallen_back ? "; minimum rate, which is NO TREATMENT" : ""))
    if let rate = status.next_rate_ug_per_h, let at = status.next_rate_at {
      add("", "then \(Self.rate(rate)) from \(at)")
    }
    if let bolus = status.bolus {
      add(
        "bolus",
        "\(bolus.kind): \(Self.mass(bolus.given_ug)) of \(Self.mass(bolus.dose_ug)), until \(bolus.ends)"
      )
    }
    if let dose = status.next_bolus_ug, let at = status.next_bolus_at {
      add("next bolus", "\(Self.mass(dose)) at \(at)")
    }
    add(
      "delivered",
      "\(Self.mass(status.delivered_ug)) "
        + (status.began == nil ? "in all of the journal" : "since it began")
        + ", by the count of steps")
    if status.uncertain_ug > 0 {
      add("uncertain", "\(Self.mass(status.uncertain_ug)) may have left besides")
    }
    if status.missed_ug > 0 {
      add("missed", "\(Self.mass(status.missed_ug)) were due, not given, and never will be")
    }
    add("last hour", "at most \(Self.mass(status.may_have_left_last_hour_ug))")
    add("last 24 h", "at most \(Self.mass(status.may_have_left_last_24h_ug))")
    if status.began != nil {
      add("next 24 h", "\(Self.mass(status.prescribed_next_24h_ug)) if nothing changes")
    }
    add("reservoir", Self.volume(status.reservoir_ml) + " left by the ledger")
    if let due = status.refill_due {
      add("refill due", "\(due), if every permitted bolus is taken")
    }
    if let stops = status.stops_due { add("stops", stops) }
    if let journal = status.journal { add("journal", Visible.line(journal)) }
    if let last = status.last_command {
      add("last request", "\(last.verb): \(last.result), by \(last.by), \(last.at)")
    }
    add("alarms", status.alarms.isEmpty ? "none" : "")
    for alarm in status.alarms {
      lines.append(
        "    \(alarm.is_critical ? "CRITICAL" : "alarm") \(alarm.name): \(alarm.title)"
          + (alarm.has_escalated == true ? ", for so long that it has become critical" : "")
          + (alarm.is_cause_present ? "" : " (its cause has gone: acknowledge it)"))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  package static func mass(_ micrograms: Double) -> String {
    Format.mass(Mass(femtograms: UInt64(max(0, (micrograms * 1e9).rounded()))))
  }

  package static func rate(_ microgramsPerHour: Double) -> String {
    microgramsPerHour == 0
      ? "nothing" : "\(mass(microgramsPerHour))/h (\(mass(microgramsPerHour * 24))/day)"
  }

  package static func volume(_ millilitres: Double) -> String {
    Format.volume(Volume(femtolitres: UInt64(max(0, (millilitres * 1e12).rounded()))))
  }
}
