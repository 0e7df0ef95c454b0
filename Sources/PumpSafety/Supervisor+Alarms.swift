public import PumpMessages
import PumpTherapy
public import PumpUnits

extension Supervisor {
  /// Records that somebody has noticed an alarm.
  ///
  /// - Returns: Whether it stood.
  public mutating func acknowledge(_ alarm: Alarm, at now: Instant) -> Bool {
    guard alarms.acknowledge(alarm) else { return false }
    log(.acknowledged(alarm), at: now)
    // What is settled by a look at the bench may go on; a drive that lied may not.
    if cutBy == alarm, !alarms[alarm].isStanding, alarm != .driveDisagrees {
      cutBy = nil
      pendingHold = isHeld ? nil : false
      index?.settle(count: report.count)
      isStalling = false
      wantsGrant = true
    }
    return true
  }

  /// Puts off an alarm's next sound.
  public mutating func silence(_ alarm: Alarm, for span: TimeSpan, at now: Instant) -> Instant? {
    guard let end = alarms.silence(alarm, for: span, at: now) else { return nil }
    log(.silenced(alarm, until: end), at: now)
    return end
  }

  /// Takes note that the last session was not ended by command.
  ///
  /// - Parameters:
  ///   - span: For how long nothing ran.
  ///   - uncertain: How many of its steps may or may not have been made.
  public mutating func restarted(after span: TimeSpan, uncertain: UInt64, at now: Instant) {
    log(.restarted(span, uncertain: uncertain), at: now)
    guard uncertain > 0 else { return }
    raise(.deliveryUncertain, at: now)
    causeGone(.deliveryUncertain, at: now)
  }

  /// Raises an alarm whose cause others found: a journal, a watchdog, a self-test.
  public mutating func raise(_ alarm: Alarm, at now: Instant) {
    if alarms.raise(alarm, at: now) { log(.alarmRaised(alarm), at: now) }
  }

  /// Records that an alarm's cause has gone.
  public mutating func causeGone(_ alarm: Alarm, at now: Instant) {
    guard alarms[alarm].isCausePresent else { return }
    alarms.causeGone(alarm)
    log(.alarmCauseGone(alarm), at: now)
  }

  /// Records an event.
  public mutating func log(_ event: PumpEvent, at now: Instant) {
    recorder.record(event, at: now)
  }
}
