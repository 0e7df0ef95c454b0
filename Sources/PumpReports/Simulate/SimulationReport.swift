import Foundation
import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
package import PumpPlant
import PumpProfiles
import PumpSafety
package import PumpScenarios
import PumpService
import PumpSession
import PumpTherapy
import PumpUnits

/// A simulation's outcome for people and for programs.
package struct SimulationReport {
  package let simulation: Simulation
  package let outcome: Simulation.Outcome
  let moments: Moments

  package init(_ simulation: Simulation, _ outcome: Simulation.Outcome) {
    self.simulation = simulation
    self.outcome = outcome
    moments = Moments(simulation.profile.timeZone)
  }

  var profile: Profile { simulation.profile }

  func mass(_ volume: Volume) -> Mass {
    (try? profile.concentration.mass(in: volume)) ?? .zero
  }

  /// The summary that a person reads.
  package var text: String {
    let status = outcome.status
    let end = simulation.start.after(.epoch + simulation.span)
    var lines = [
      "\(profile.name): \(profile.mode.rawValue), \(profile.drug) "
        + "\(Format.concentration(profile.concentration)), on \(simulation.bench.board.name)",
      "\(moments.full(simulation.start)) to \(moments.full(end)) "
        + "\(profile.timeZone.identifier), \(Format.span(simulation.span))",
      "Bench equipment: not a medical device, not for human use.", "",
    ]
    lines.insert(
      contentsOf: ClockChange.lines(profile, from: simulation.start, to: end), at: 2)
    if let refusal = outcome.refusal {
      let what = outcome.refusedBolus ? "the single bolus" : "the therapy"
      lines.append("  REFUSED      \(what): \(refusal.words)")
    }
    lines += [
      row("prescribed", outcome.prescribed, "what the profile asks for"),
      row("delivered", status.delivered, "by the controller's count of steps"),
      row("pumped", outcome.pumped, "what really left the simulated head"),
    ]
    if !status.missed.isZero {
      lines.append(row("missed", status.missed, "due and given up: never repaid as a burst"))
    }
    if !outcome.commanded.isZero {
      lines.insert(
        row("commanded", outcome.commanded, "boluses that people asked for, on top of that"),
        at: lines.count - (status.missed.isZero ? 2 : 3))
    }
    let withheld = outcome.withheld
    if withheld >= Volume(microlitres: 1), outcome.refusal == nil {
      lines.append(
        row("withheld", withheld, "asked for, and not given: stopped, suspended or dropped"))
    }
    if !status.uncertain.isZero {
      lines.append(row("uncertain", status.uncertain, "may or may not have been delivered"))
    }
    lines.append("  steps        \(TextColumns.grouped(status.ledger.delivered))" + rotor)
    lines += [
      "",
      "  period                prescribed  delivered      steps   mean rate   mean flow",
    ]
    lines += outcome.periods.map(periodLine)
    lines += ["", reservoirLine, refillLine, batteryOrState]
    if !outcome.asked.isEmpty {
      lines += ["", "  asked        " + askedLines.joined(separator: "\n               ")]
    }
    lines += ["", "  alarms       " + alarmLines.joined(separator: "\n               ")]
    lines.append("  trace digest \(Self.hex(outcome.digest))")
    return lines.joined(separator: "\n") + "\n"
  }

  private func row(_ name: String, _ volume: Volume, _ meaning: String) -> String {
    TextColumns.doseRow(name, mass(volume), volume, meaning)
  }

  private var rotor: String {
    let made = outcome.status.ledger.delivered
    guard outcome.rotorSteps != made else { return made == 0 ? "" : ", all turned the rotor" }
    return
      ", but the rotor turned \(TextColumns.grouped(outcome.rotorSteps)): delivery was not as counted"
  }

  private func periodLine(_ period: Simulation.Period) -> String {
    let name = periodName(period)
    let span = (period.end - period.start).nanoseconds
    let rate =
      (try? scaled(
        period.delivered.femtograms, by: TimeSpan.hour.nanoseconds, over: max(1, span), .down)) ?? 0
    return "  \(name.padding(toLength: 22, withPad: " ", startingAt: 0))"
      + TextColumns.right(Format.mass(period.prescribed), 10)
      + TextColumns.right(Format.mass(period.delivered), 11)
      + TextColumns.right(TextColumns.grouped(period.steps), 11)
      + TextColumns.right(Format.decimal(rate, per: 1_000_000_000) + " µg/h", 12)
      + TextColumns.right(flow(period), 12)
  }

  /// From when to when, where that is within a day; else from when and for how long.
  private func periodName(_ period: Simulation.Period) -> String {
    let from = simulation.start.after(period.start)
    let to = simulation.start.after(period.end)
    let length = period.end - period.start
    func day(_ date: Date) -> Substring { moments.full(date).dropFirst(4).prefix(10) }
    // Without the weekday, and without the year where the simulation stays in one.
    let date = moments.full(from).dropFirst(4)
    let isMidnight = moments.time(to) == "00:00"
    let last = isMidnight ? to.addingTimeInterval(-1) : to
    if day(from) == day(last) {
      return "\(date.dropFirst(5)) - \(isMidnight ? "24:00" : moments.time(to))"
    }
    let end = simulation.start.after(.epoch + simulation.span)
    let isOneYear = day(simulation.start).prefix(4) == day(end).prefix(4)
    return "\(isOneYear ? date.dropFirst(5) : date.prefix(10)) +\(Format.span(length))"
  }

  private func flow(_ period: Simulation.Period) -> String {
    guard let volume = try? simulation.bench.step.volume(ofSteps: period.steps),
      let flow = try? FlowRate(delivering: volume, over: period.end - period.start)
    else { return "-" }
    return Format.flow(flow)
  }

  private var reservoirLine: String {
    let filled = Format.volume(profile.reservoir.filled)
    return
      "  reservoir    \(Format.volume(outcome.status.reservoir)) left of \(filled) by the ledger"
      + (outcome.isDry ? ", and the pump RAN DRY" : "")
  }

  private var refillLine: String {
    let status = outcome.status
    if status.reservoir <= profile.reservoir.lowAlarm {
      let since = outcome.events.first { $0.event == .alarmRaised(.reservoirLow) }?.at
      let date = since.map { moments.full(simulation.start.after($0)) } ?? "the start"
      return "  refill due   OVERDUE since \(date)"
    }
    guard let due = status.refillDue else {
      return "  refill due   no date: nothing is being delivered"
    }
    let rule =
      profile.prescription.patientBolus == nil
      ? "" : ", if every permitted patient bolus is taken"
    let left = status.stopsDue.map {
      "; delivery would stop \(moments.full(simulation.start.after($0)))"
    }
    return "  refill due   \(moments.full(simulation.start.after(due)))\(rule)\(left ?? "")"
  }

  private var batteryOrState: String { "  state        \(stateText)" }

  private var stateText: String {
    guard outcome.status.state == .delivering else { return outcome.status.state.words }
    switch profile.mode {
    case .stopped: return "therapy stopped: nothing is delivered by itself"
    case .minimumRate: return "minimum rate: keeps the lumen open, no treatment"
    default: return "delivering"
    }
  }

  private var alarmLines: [String] {
    let raised = outcome.events.compactMap { event -> String? in
      guard case .alarmRaised(let alarm) = event.event else { return nil }
      return "\(moments.full(simulation.start.after(event.at))) "
        + "\(alarm.priority == .critical ? "CRITICAL" : "non-critical") \(alarm.title)"
        + (alarm == .selfTestFailed ? failedParts(at: event.at) : "")
    }
    guard !raised.isEmpty || outcome.lostEvents > 0 else { return ["none"] }
    let shown = raised.prefix(12)
    if outcome.lostEvents > 0 {
      return shown + ["and earlier ones: \(outcome.lostEvents) events were no longer kept"]
    }
    return shown + (raised.count > 12 ? ["and \(raised.count - 12) more; see --json"] : [])
  }

  private var askedLines: [String] {
    outcome.asked.map { asked in
      let answer = asked.refusal.map { ": \(asked.result.rawValue), \($0.words)" }
      return "\(moments.full(simulation.start.after(asked.at))) \(asked.verb.rawValue)"
        + (answer ?? ": \(asked.result.rawValue)")
    }
  }

  private func failedParts(at instant: Instant) -> String {
    outcome.events.compactMap { event -> String? in
      guard event.at == instant, case .tested(let part, false) = event.event else { return nil }
      return ": \(part.name)"
    }.joined()
  }

  package static func hex(_ digest: TraceDigest) -> String {
    let digits = String(digest.value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
