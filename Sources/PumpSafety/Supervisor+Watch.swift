public import PumpHAL
import PumpMessages
public import PumpUnits

extension Supervisor {
  /// Holds what the drive tells and what the index says against what is allowed.
  mutating func watch(_ latest: DriveReport, pulses: UInt64?, at now: Instant) {
    let (wasCount, wasSeen) = (report.count, seen)
    // What the lines counted is fresher than what the drive told last.
    let count = max(latest.count, latest.lineCount ?? 0)
    listen(to: latest, at: now)
    if latest.count != wasCount { countChangedAt = now }
    if cutBy == nil, !isHeld { check(latest, count, at: now) }
    // A drive that makes no step forfeits what it is too far behind with, or it could make it up at once.
    if count <= seen, !isResting { _ = allowed(count, at: now) }
    // A step that surely failed after all is counted no more by the lines: what was seen was seen.
    seen = max(seen, count)
    mirror(latest, at: now)
    report = latest
    // Where nothing moved and no pulse came, there is nothing to compare.
    if seen != wasSeen || pulses != lastPulses { watchIndex(pulses, at: now) }
    lastPulses = pulses
  }

  /// Whether the drive gives signs of life.
  private mutating func listen(to latest: DriveReport, at now: Instant) {
    // Who was held up himself can't tell whether the other was.
    let wasAway = now.elapsed(since: turnedAt)
    let wasLate = wasAway > settings.driveTimeout
    if wasAway > settings.longestAbsence, !isResting {
      raise(.supervisorSilent, at: now)
      causeGone(.supervisorSilent, at: now)
    }
    if latest.beat != report.beat {
      heardAt = now
      guard isHeld else { return }
      isHeld = false
      // What was cut for good stays cut.
      pendingHold = cutBy == nil ? false : nil
      wantsGrant = true
      causeGone(.driveSilent, at: now)
      log(.held(false), at: now)
    } else if wasLate {
      heardAt = now
    } else if !isHeld, now.elapsed(since: heardAt) >= settings.driveTimeout {
      isHeld = true
      pendingHold = true
      raise(.driveSilent, at: now)
      log(.held(true), at: now)
    }
  }

  /// The drive's counts against the envelope and the grant.
  private mutating func check(_ latest: DriveReport, _ count: UInt64, at now: Instant) {
    let slack = 1 + settings.tolerance
    if latest.count < report.count { return cut(.driveDisagrees, at: now) }
    if count > grantedCount { return cut(.driveDisagrees, at: now) }
    // Between its look and its turn a supervisor may have been held up: steps came meanwhile on a live grant.
    if count > seen, report.lookedAt ?? turnedAt > grantedUntil {
      return cut(.driveDisagrees, at: now)
    }
    if isUntold(latest, slack: slack) { return cut(.driveDisagrees, at: now) }
    guard count > checkedCount else { return }
    checkedCount = steps(in: allowed(count, at: now)) + slack
    if count > checkedCount { return cut(.driveDisagrees, at: now) }
  }

  /// Whether the drive tells less, in a new report, than its lines had counted before it wrote it.
  private func isUntold(_ latest: DriveReport, slack: UInt64) -> Bool {
    guard latest.beat != report.beat, let lines = report.lineCount else { return false }
    return lines > latest.count + slack
  }

  /// The volume that is allowed by now, after what the drive is too far behind with is forfeited.
  mutating func allowed(_ count: UInt64, at now: Instant) -> Volume {
    let allowed = allowance.volume(by: now)
    let late = volume(of: settings.backlogLimit + 1 + settings.tolerance)
    let slack = (try? allowance.rampSlack(at: now).adding(late)) ?? late
    let behind = allowed.lessening(by: volume(of: count))
    guard behind > slack else { return allowed }
    allowance.forfeit(all: behind - slack)
    return allowed - (behind - slack)
  }

  /// Takes the drive's alarms over: they sound here, for a drive may die.
  private mutating func mirror(_ latest: DriveReport, at now: Instant) {
    guard latest.standing != report.standing || latest.present != report.present else { return }
    for alarm in Alarm.allCases {
      let bit = alarm.bit
      let stands = latest.standing & bit != 0
      let isNew = stands && report.standing & bit == 0
      let isPresent = latest.present & bit != 0
      if isNew || isPresent && report.present & bit == 0 { _ = alarms.raise(alarm, at: now) }
      if !isPresent, isNew || report.present & bit != 0 { alarms.causeGone(alarm) }
      if !stands, report.standing & bit != 0 { _ = alarms.acknowledge(alarm) }
    }
  }

  private mutating func watchIndex(_ pulses: UInt64?, at now: Instant) {
    guard let pulses, index != nil, cutBy == nil else { return }
    let isIdle = now.elapsed(since: countChangedAt) >= settings.idleTime
    switch index?.take(pulses: pulses, count: seen, isIdle: isIdle) {
    case .movedByItself: cut(.unexpectedMotion, at: now)
    case .ahead: cut(.overDelivery, at: now)
    case .behind:
      raise(.shortDelivery, at: now)
      causeGone(.shortDelivery, at: now)
      index?.settle(count: seen)
    case .stalled(let periods): stalled(periods, at: now)
    case .plausible:
      if isStalling, pulses != lastPulses { stallEnded(at: now) }
    case nil: break
    }
  }

  private mutating func stalled(_ periods: UInt64, at now: Instant) {
    if !isStalling {
      isStalling = true
      stalledFrom = index?.countAtPulse ?? seen
      raise(.motorStalled, at: now)
    }
    guard periods > settings.stallTries else { return }
    cut(.motorStalled, at: now)
  }

  private mutating func stallEnded(at now: Instant) {
    isStalling = false
    log(.stallEnded(steps: seen - stalledFrom), at: now)
    pendingDoubt += seen - stalledFrom
    index?.settle(count: seen)
    causeGone(.motorStalled, at: now)
  }

  /// Takes the motor's power, until somebody has looked.
  mutating func cut(_ alarm: Alarm, at now: Instant) {
    guard cutBy == nil else { return }
    raise(alarm, at: now)
    causeGone(alarm, at: now)
    cutBy = alarm
    pendingCut = alarm
    log(.tripped(alarm), at: now)
  }

  /// Takes the slow sensors' readings, in answer to `SupervisorAction.readSensors`.
  public mutating func observe(_ readings: SensorReadings, at now: Instant) {
    set(
      .sensorImplausible, evidence.isImplausible(readings, capacity: reservoir.capacity), at: now)
    if let measured = readings.reservoir {
      let made = carried.highest + report.count - carried.atFill
      let left = reservoir.left(afterSteps: made, of: settings.step)
      let unsure = carried.uncertain + report.uncertain
      let isOff = evidence.isMismatch(
        measured: measured, left: left, uncertain: volume(of: unsure), filled: reservoir.filled)
      // It goes only with a refill: whichever of the two is right, a person has to find out.
      if isOff { raise(.reservoirMismatch, at: now) }
    }
    if let isPressed = readings.isButtonPressed {
      set(.buttonStuck, evidence.isButtonStuck(isPressed, at: now), at: now)
    }
    watchService(at: now)
  }

  private mutating func watchService(at now: Instant) {
    let age = now.elapsed(since: servedSince)
    let service = settings.service
    if age >= service.life {
      cut(.endOfService, at: now)
    } else if age >= service.life.lessening(by: service.notice) {
      raise(.replacementDue, at: now)
    }
  }

  private mutating func set(_ alarm: Alarm, _ isPresent: Bool, at now: Instant) {
    if isPresent { raise(alarm, at: now) } else { causeGone(alarm, at: now) }
  }
}
