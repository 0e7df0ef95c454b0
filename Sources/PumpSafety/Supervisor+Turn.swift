public import PumpMessages
import PumpTherapy
public import PumpUnits

extension Supervisor {
  /// Looks at the drive, and says what is to be done.
  ///
  /// - Parameters:
  ///   - now: The present instant.
  ///   - report: What the drive tells.
  ///   - pulses: What the index line has counted; `nil` without one, or where it can't be read.
  /// - Returns: The next action; call again until there is none.
  public mutating func turn(at now: Instant, _ report: DriveReport, pulses: UInt64?)
    -> SupervisorAction?
  {
    watch(report, pulses: pulses, at: now)
    turnedAt = now
    if let alarm = pendingCut {
      pendingCut = nil
      return .cut(alarm, beyond: stalledCount)
    }
    if let isHeld = pendingHold {
      pendingHold = nil
      return .hold(isHeld)
    }
    if pendingDoubt > 0 {
      defer { pendingDoubt = 0 }
      return .doubt(pendingDoubt)
    }
    if pendingFallBack {
      pendingFallBack = false
      return .fallBack(fallBackFlow)
    }
    if now >= nextMinute {
      countDose(at: now)
      let minute = TimeSpan(minutes: 1).nanoseconds
      nextMinute = Instant(nanoseconds: now.nanoseconds / minute * minute + minute)
    }
    if pendingGrant == nil, now >= retryAt, wantsGrant || !isResting && now >= renewal {
      retryAt = .epoch
      wantsGrant = false
      if let grant = nextGrant(at: now) { return grant }
    }
    if now >= selfTest.nextAt, let part = nextPart(at: now) { return .test(part) }
    if now >= alarms.deadline, let tone = alarms.takeSound(at: now) { return .sound(tone) }
    if now >= nextKick {
      nextKick = now + settings.kickInterval
      if cutBy == nil, !isHeld { return .kick }
    }
    if now >= nextSensors {
      nextSensors = now + settings.sensorInterval
      return .readSensors
    }
    return nil
  }

  /// Works out how many steps may be made until when.
  private mutating func nextGrant(at now: Instant) -> SupervisorAction? {
    guard cutBy == nil, !isHeld else { return nil }
    countDose(at: now)
    // A long grant must not reach into a bolus that is still to come.
    let isNear = allowance.isBolusNear(now) || allowance.isBolusNear(now + settings.grantSpan)
    let span = isNear ? settings.bolusGrantSpan : settings.grantSpan
    let until = now + span
    _ = allowed(report.count, at: now)
    let envelope = steps(in: allowance.volume(ahead: until))
    let dose = doseGuard.permittedSteps(at: now, demand: demand)
    let left = reservoir.stepsToReserve(
      afterSteps: carried.highest + report.count - carried.atFill, of: settings.step)
    isResting = therapy == .stopped && !allowance.isBolusNear(now)
    // What the lines have counted since the drive told last was made on the grant before this.
    let upTo = isResting ? seen : max(seen, min(envelope, report.count + min(dose, left)))
    let margin = isNear ? settings.bolusGrantMargin : settings.grantMargin
    pendingGrant = (upTo, until, until.preceding(by: margin))
    return .grant(counts, upTo: carried.highest + upTo, until: until)
  }

  /// Takes note that the latest grant is in the journal.
  public mutating func grantTaken() {
    guard let pendingGrant else { return }
    (grantedCount, grantedUntil, renewal) = pendingGrant
    self.pendingGrant = nil
  }

  /// Takes note that a grant could not be journaled: nothing was granted, and it is tried again.
  public mutating func grantFailed(at now: Instant) {
    pendingGrant = nil
    retryAt = now + TimeSpan(seconds: 1)
  }

  /// Tells the dose guard what was delivered since it was last told.
  mutating func countDose(at now: Instant) {
    guard report.count > guarded else { return }
    doseGuard.record(steps: report.count - guarded, at: now)
    guarded = report.count
  }

  func steps(in volume: Volume) -> UInt64 { (try? settings.step.steps(in: volume)) ?? 0 }

  func volume(of steps: UInt64) -> Volume {
    (try? settings.step.volume(ofSteps: steps, .up)) ?? Volume(femtolitres: .max)
  }
}
