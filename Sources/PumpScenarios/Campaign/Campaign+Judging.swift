import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpPlant
import PumpProfiles
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

extension Campaign {
  func judge(_ loop: borrowing Loop) -> [String] {
    var problems: [String] = []
    let rises = loop.session.pump.loop.hardware.trace.rises
    let ledger = loop.session.pump.loop.engine.ledger
    let risen = UInt64(rises.count)
    if risen > ledger.delivered + ledger.uncertain { problems.append("more steps than booked") }
    if risen < ledger.delivered { problems.append("fewer steps than certain") }
    let carried = loop.session.records.journal.state.carried
    if risen < carried.certain || risen > carried.highest {
      problems.append("the journal says \(carried.certain) to \(carried.highest), made \(risen)")
    }
    // A window may hold its limit, a step, and what the therapy put into the oldest minute.
    let most = Self.most(rises, in: .hour)
    if most > hourLimit + 1 + max(rates[0], rates[1]) + 120 {
      problems.append("\(most) steps in an hour, \(hourLimit) permitted")
    }
    let raised = loop.events.compactMap { event -> (Instant, Alarm)? in
      guard case .alarmRaised(let alarm) = event.event else { return nil }
      return (event.at, alarm)
    }
    for (at, alarm) in raised where !hasCause(alarm, at) {
      problems.append("\(alarm.name) at \(at.nanoseconds) ns has no cause")
    }
    for fault in faults {
      guard case .at(let at) = fault.trigger, let (alarm, within) = expected(fault.fault),
        at + within < .epoch + span, !isMasked(fault, at, within)
      else { continue }
      // One that stands already, or was raised in time.
      let isSeen = raised.contains { $0.1 == alarm && $0.0 <= at + within }
      if !isSeen { problems.append("\(fault.fault) at \(at.nanoseconds) ns: no \(alarm.name)") }
    }
    for fault in faults {
      guard case .at(let at) = fault.trigger, let rule = motionRule(fault.fault),
        // So many steps later it must show; where fewer were made, it can't.
        let first = rises.firstIndex(where: { $0 >= at }), first + rule.steps < rises.count
      else { continue }
      let by = rises[first + rule.steps]
      guard by.elapsed(since: at) <= rule.within, !isOpposed(fault, by: by) else { continue }
      let isSeen = raised.contains { rule.alarms.contains($0.1) && $0.0 <= by }
      if !isSeen { problems.append("\(fault.fault) at \(at.nanoseconds) ns: unnoticed") }
    }
    return problems
  }

  /// Whether another fault of the motor may undo what a fault of it does.
  private func isOpposed(_ fault: ScheduledFault, by instant: Instant) -> Bool {
    faults.contains { other in
      guard case .at(let from) = other.trigger, other != fault, from <= instant else {
        return false
      }
      switch other.fault {
      case .stall, .missedSteps, .doubledSteps, .creep: return true
      default: return false
      }
    }
  }

  /// What a fault of the motor must raise after how many steps, if they were made within its time.
  ///
  /// A pulse comes every 100 steps, a quarter and an eighth of that are play.
  private func motionRule(_ fault: PlantFault) -> (
    alarms: [Alarm], steps: Int, within: TimeSpan
  )? {
    switch fault {
    case .stall(let span): ([.motorStalled], 240, span)
    case .missedSteps(let count) where count > 240:
      ([.motorStalled, .shortDelivery], 240, span)
    case .doubledSteps(let count) where count > 240: ([.overDelivery], 240, span)
    default: nil
    }
  }

  private static func most(_ rises: [Instant], in window: TimeSpan) -> UInt64 {
    var first = 0
    var most = 0
    for (last, at) in rises.enumerated() {
      while at.elapsed(since: rises[first]) >= window { first += 1 }
      most = max(most, last - first + 1)
    }
    return UInt64(most)
  }

  /// The alarm that a fault must raise, and within what time.
  private func expected(_ fault: PlantFault) -> (Alarm, TimeSpan)? {
    let round = TimeSpan(seconds: 11)
    switch fault {
    case .driverFault(let span) where span >= round: return (.driverFault, round)
    case .sensorsDead(let span) where span >= round: return (.sensorFailed, round)
    case .battery(let level) where level < 2_290: return (.batteryDepleted, round)
    case .temperature(let level) where level > 55_300: return (.overheated, round)
    case .wallClock(let seconds) where abs(seconds) >= 4: return (.wallClockMoved, round)
    case .buttonHeld(let span) where span >= TimeSpan(seconds: 80):
      return (.buttonStuck, TimeSpan(seconds: 80))
    case .wildSensors(let span) where span >= TimeSpan(seconds: 42):
      return (.sensorImplausible, TimeSpan(seconds: 42))
    case .reservoirLoss(let volume) where volume > Volume(microlitres: 2_200):
      return (.reservoirMismatch, round)
    // A round of the self-test comes every hour, and waits for boluses.
    case .testFails(let part, let span) where span >= TimeSpan(minutes: 100):
      return (part == .watchdog ? .watchdogUnproven : .selfTestFailed, TimeSpan(minutes: 100))
    default: return nil
    }
  }

  /// Whether another fault keeps the sensors from telling.
  private func isMasked(_ fault: ScheduledFault, _ at: Instant, _ within: TimeSpan) -> Bool {
    faults.contains { other in
      guard case .at(let from) = other.trigger, other != fault else { return false }
      switch other.fault {
      case .sensorsDead(let span): return from <= at + within && from + span >= at
      case .battery, .temperature, .testFails: return from >= at && from <= at + within
      case .lateWake(let span): return from <= at + within && from + span + within >= at
      default: return false
      }
    }
  }

  /// Whether something happened before that explains an alarm.
  func hasCause(_ alarm: Alarm, _ at: Instant) -> Bool {
    faults.contains { fault in
      guard case .at(let from) = fault.trigger, from <= at else { return false }
      switch (alarm, fault.fault) {
      case (.driverFault, .driverFault), (.sensorFailed, .sensorsDead),
        (.batteryDepleted, .battery), (.batteryLow, .battery), (.overheated, .temperature),
        (.wallClockMoved, .wallClock), (.buttonStuck, .buttonHeld),
        (.sensorImplausible, .wildSensors), (.reservoirMismatch, .wildSensors),
        (.reservoirMismatch, .reservoirLoss), (.unexpectedMotion, .creep),
        (.overDelivery, .creep), (.overDelivery, .doubledSteps), (.shortDelivery, .stall),
        (.shortDelivery, .missedSteps), (.motorStalled, .stall), (.motorStalled, .missedSteps),
        (.deliveryUncertain, .lineFailure), (.deviceLost, .lineFailure),
        (.underDelivery, .driverFault), (.underDelivery, .creep), (.underDelivery, .doubledSteps),
        (.underDelivery, .stall), (.underDelivery, .missedSteps), (.underDelivery, .lineFailure),
        (.underDelivery, .lateWake), (.underDelivery, .slowEdge), (.underDelivery, .testFails),
        (.deliveryUncertain, .stall), (.deliveryUncertain, .missedSteps),
        (.selfTestFailed, .testFails), (.selfTestFailed, .sensorsDead),
        (.watchdogUnproven, .testFails), (.supervisorSilent, .lateWake):
        return true
      // A motor that was stopped for long by one of these, or by nobody coming to acknowledge.
      case (.stoppedLong, _): return true
      default: return false
      }
    }
  }
}
