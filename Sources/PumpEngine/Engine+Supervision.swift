import PumpPlan
public import PumpSafety
public import PumpUnits

extension Engine {
  /// Takes a grant from the supervisor; one that is older than the one in force changes nothing.
  ///
  /// - Parameters:
  ///   - grant: The grant; it is in the journal already.
  ///   - now: The present instant; `turn` has been called up to it.
  public mutating func accept(_ grant: Grant, at now: Instant) {
    guard purse.accept(grant) else { return }
    renewPermit(at: now)
    guard isStarved, !isHeld, purse.isLive(at: now) else { return }
    goOn(at: now)
  }

  /// Takes note that the supervisor holds ENABLE released, or lets it go again.
  ///
  /// What falls due meanwhile is owed up to the backlog's limit, and missed beyond it.
  public mutating func hold(_ isHeld: Bool, at now: Instant) {
    guard isHeld != self.isHeld else { return }
    self.isHeld = isHeld
    log(.held(isHeld), at: now)
    if isHeld {
      bringUp(to: now)
      isStarved = true
      sequencer.trip(at: now)
      scheduleSlow()
    } else {
      goOn(at: now)
    }
  }

  /// Stops delivery because the supervisor says so; it is the one that logs and sounds the alarm.
  public mutating func stop(because alarm: Alarm, at now: Instant) {
    _ = alarms.raise(alarm, at: now)
    alarms.causeGone(alarm)
    halt(alarm, at: now)
  }

  /// Counts what was earlier sessions delivered, for the dose windows.
  public mutating func recall(steps: UInt64, by instant: Instant) {
    doseGuard.record(steps: steps, at: instant)
  }

  /// What the supervisor is told.
  public func report(beat: UInt64, at now: Instant) -> DriveReport {
    var report = DriveReport()
    report.beat = beat
    report.at = now
    report.delivered = books.delivered
    report.uncertain = books.uncertain
    report.missed = books.missed
    report.owed = books.owed
    report.standing = alarms.standing
    report.present = alarms.present
    report.isDelivering = state == .delivering || program.bolus != nil
    if case .tripped = state { report.isTripped = true }
    return report
  }

  private mutating func goOn(at now: Instant) {
    isStarved = false
    bringUp(to: now)
    planStroke(at: now)
  }
}
