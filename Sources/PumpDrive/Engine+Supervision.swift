public import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
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
  ///
  /// - Parameters:
  ///   - isHeld: Whether it is held.
  ///   - now: The present instant.
  ///   - count: The session's steps when ENABLE fell; what was made beyond is uncertain.
  public mutating func hold(_ isHeld: Bool, at now: Instant, beyond count: UInt64? = nil) {
    doubt(beyond: count, at: now)
    guard isHeld != self.isHeld else { return }
    self.isHeld = isHeld
    log(.held(isHeld), at: now)
    if isHeld {
      bringUp(to: now)
      isStarved = true
      cutStroke(at: now)
      sequencer.trip(at: now)
      scheduleSlow()
    } else {
      goOn(at: now)
    }
  }

  /// Stops delivery because the supervisor says so; it is the one that logs and sounds the alarm.
  ///
  /// - Parameters:
  ///   - alarm: Why.
  ///   - now: The present instant.
  ///   - count: The session's steps when ENABLE fell; what was made beyond is uncertain.
  public mutating func stop(because alarm: Alarm, at now: Instant, beyond count: UInt64? = nil) {
    doubt(beyond: count, at: now)
    _ = alarms.raise(alarm, at: now)
    alarms.causeGone(alarm)
    halt(alarm, at: now)
  }

  /// Takes note that so many of the latest steps may not have turned the motor.
  ///
  /// They count as delivered for every limit, and as not delivered for the patient.
  public mutating func doubt(_ steps: UInt64, at now: Instant) {
    guard books.doubt(steps) > 0 else { return }
    raise(.deliveryUncertain, at: now)
    causeGone(.deliveryUncertain, at: now)
  }

  /// Books the stroke that is cut where the motor loses its power now.
  mutating func cutStroke(at now: Instant) {
    if sequencer.isStroking(at: now) { doubt(1, at: now) }
  }

  private mutating func doubt(beyond count: UInt64?, at now: Instant) {
    let made = books.delivered + books.uncertain
    guard let count, made > count else { return }
    doubt(made - count, at: now)
  }

  /// Gives up the prescription for a flow that only keeps the lumen open: what runs is damaged.
  ///
  /// A bolus in progress ends as soon as the motor can slow down.
  public mutating func fallBack(to flow: FlowRate, at now: Instant) {
    fallBackFlow = flow
    try? perform(.cancelBolus, at: now)
    prescription = Prescription(
      therapy: flow.isZero ? .stopped : .minimumRate(flow),
      concentration: prescription.concentration)
    program.adopt(prescription.therapy, place: .zero, at: now)
    demand = (try? TherapyDemand(of: prescription.therapy)) ?? .none
    log(.adopted, at: now)
    renewPermit(at: now)
    replan(at: now, searches: true)
  }

  /// Counts what was earlier sessions delivered, for the dose windows.
  public mutating func recall(steps: UInt64, by instant: Instant) {
    doseGuard.record(steps: steps, at: instant)
  }

  /// Takes note what the reservoir was filled to in an earlier session, since when every step is counted.
  public mutating func restoreFilling(_ volume: Volume) {
    reservoir = reservoir.filled(to: volume) ?? reservoir
  }

  /// Counts a patient's bolus that began in an earlier session, for lock-out and daily maximum.
  ///
  /// - Parameter instant: When it began, in order.
  public mutating func recallPatientBolus(at instant: Instant) { lockout.began(at: instant) }

  /// Takes note of when the last bolus of an earlier session began, for the least distance between two.
  public mutating func recallBolus(at instant: Instant) { lastBolus = instant }

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

  /// What people want to know, beside that.
  public func detail(at now: Instant) -> DriveDetail {
    DriveDetail(
      state: state, flow: flow(at: now), planned: planned(at: now), reservoir: reservoirLeft,
      bolus: runningBolus(at: now), place: place(at: now), fallBack: fallBackFlow)
  }

  private mutating func goOn(at now: Instant) {
    isStarved = false
    // A motor without power has lost its speed, however soon it has the power back.
    if let bolus = program.bolus, bolus.isRamped, bolus.start < now,
      !sequencer.isReady(since: bolus.start)
    {
      settle(at: now)
    } else {
      bringUp(to: now)
    }
    planStroke(at: now)
  }
}
