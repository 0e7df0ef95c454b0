import PumpHAL
import PumpJournal
public import PumpMessages
import PumpSafety
import PumpUnits

extension PumpSession where Pump: ~Copyable, Records: ~Copyable {
  /// Takes over what was decided and what is remembered; before the first turn.
  public mutating func open(_ plan: SessionPlan, _ memory: SessionMemory) {
    for dose in memory.doses { supervisor.recall(steps: dose.steps, by: dose.by) }
    if let last = memory.lastBolus { supervisor.recallBolus(at: last) }
    for answered in memory.answers { remember(answered) }
    open(plan)
  }

  /// Takes note of what became of an earlier session's request.
  public mutating func remember(_ answered: Answered) { tickets.note(answered) }

  /// Takes over what was decided; what is remembered, the supervisor was told by whoever runs it.
  public mutating func open(_ plan: SessionPlan) {
    let now = plan.opened
    supervisor.restoreFilling(plan.filled)
    for alarm in Alarm.allCases where plan.standing & alarm.bit != 0 { restore(alarm, at: now) }
    if let rest = plan.rest, rest.isBrokenOff {
      supervisor.restarted(after: rest.span ?? .zero, uncertain: plan.uncertain, at: now)
      if rest.brokenBolus != nil { restore(.underDelivery, at: now) }
    }
    // Until somebody settles them, each session begins with the alarm.
    if plan.carried.uncertain > 0 { restore(.deliveryUncertain, at: now) }
    if let trip = plan.trip {
      restore(trip, at: now)
      waitsFor = trip
    }
  }

  /// What stopped delivery before this session and was not acknowledged: nothing begins until it is.
  public var obstacle: Alarm? {
    guard let waitsFor, supervisor.alarm(waitsFor).isStanding else { return nil }
    return waitsFor
  }

  /// An alarm stands until somebody has acknowledged it; its cause is found anew where it holds.
  private mutating func restore(_ alarm: Alarm, at now: Instant) {
    guard !supervisor.alarm(alarm).isStanding else { return }
    supervisor.raise(alarm, at: now)
    supervisor.causeGone(alarm, at: now)
  }
}
