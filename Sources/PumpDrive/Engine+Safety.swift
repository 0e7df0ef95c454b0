public import PumpHAL
public import PumpMessages
import PumpPlan
public import PumpSafety
import PumpTherapy
public import PumpUnits

extension Engine {
  /// Takes the sensors' readings, in answer to `EngineAction.housekeep`.
  ///
  /// - Parameters:
  ///   - readings: What the sensors say.
  ///   - wallSeconds: The wall clock, in seconds since 1970; `nil` where it was not read.
  ///   - now: The present instant.
  public mutating func observe(
    _ readings: SensorReadings, wallSeconds: Int64?, at now: Instant
  ) {
    causeGone(.sensorFailed, at: now)
    // A line that failed once and was then released works again; a device that is gone does not.
    if !isDeviceGone, sequencer.isAtRest { causeGone(.deviceLost, at: now) }
    if readings.driverFault {
      trip(.driverFault, at: now)
    } else {
      causeGone(.driverFault, at: now)
    }
    if let isLow = readings.isReservoirLow {
      isReservoirSwitchLow = isLow
      watchReservoir(at: now)
    }
    if let battery = readings.batteryMillivolts {
      let limits = settings.sensors
      // A cause has gone only when it is clear of the limit: noise around it is one alarm.
      let margin = limits.batteryMarginMillivolts
      let depleted = limits.batteryDepletedMillivolts
      let low = limits.batteryLowMillivolts
      set(.batteryDepleted, battery < depleted, unless: battery < depleted + margin, at: now)
      set(.batteryLow, battery < low, unless: battery < low + margin, at: now)
    }
    if let temperature = readings.milliCelsius {
      let limit = settings.sensors.overheatedMilliCelsius
      let isNear = temperature > limit - settings.sensors.marginMilliCelsius
      set(.overheated, temperature > limit, unless: isNear, at: now)
    }
    if let wallSeconds { watchWallClock(wallSeconds, at: now) }
  }

  /// Takes note that the sensors can't be read, in answer to `EngineAction.housekeep`.
  public mutating func sensorsFailed(_ kind: FaultKind, at now: Instant) {
    raise(.sensorFailed, at: now)
    deviceFailed(kind, at: now)
  }

  /// Takes note that something beside the motor's lines failed; a device that is gone stops delivery.
  public mutating func deviceFailed(_ kind: FaultKind, at now: Instant) {
    guard kind == .deviceLost else { return }
    isDeviceGone = true
    trip(.deviceLost, at: now)
  }

  /// Takes note that an edge could not be made.
  ///
  /// - Parameters:
  ///   - line: The line.
  ///   - level: The level that was asked for.
  ///   - kind: What the backend says of it.
  ///   - now: The present instant.
  public mutating func failed(
    _ line: DriverLine, _ level: LineLevel, _ kind: FaultKind, at now: Instant
  ) {
    if line == .step, level == .asserted {
      books.failLast(isUncertain: kind != .notDelivered)
      if kind == .notDelivered { purse.giveBack() }
      failedSteps = books.delivered == deliveredAtFailure ? failedSteps + 1 : 1
      deliveredAtFailure = books.delivered
    }
    // What was not made is not to be believed: DIR is set anew, and STEP falls when it can.
    sequencer.undo(line, level, at: now)
    // A STEP that can't fall makes no further step, and the other lines are what makes it safe.
    guard kind != .deviceLost, line == .step, level == .asserted,
      failedSteps < Self.failedStepsToTrip
    else {
      isDeviceGone = isDeviceGone || kind == .deviceLost
      trip(.deviceLost, at: now)
      // A motor that could not be de-energised is not safe: again, until it works.
      if line == .enable, level == .released {
        sequencer.retryDeEnergising(at: now + TimeSpan(milliseconds: 10))
      }
      return scheduleSlow()
    }
    let alarm = kind == .deliveryUncertain ? Alarm.deliveryUncertain : .underDelivery
    raise(alarm, at: now)
    causeGone(alarm, at: now)
  }

  /// So many steps failing in a row are no accident: the line does not work.
  static var failedStepsToTrip: Int { 3 }

  /// The state of an alarm.
  public func alarm(_ alarm: Alarm) -> AlarmBoard.Entry { alarms[alarm] }

  /// The standing alarm at a place of the order, the most urgent at 0.
  public func standingAlarm(_ place: Int) -> Alarm? { alarms.standing(place) }

  /// What the reservoir holds by the ledger.
  public var reservoirLeft: Volume {
    reservoir.left(afterSteps: stepsSinceFill, of: settings.step)
  }

  /// Steps since the fill that were made or may have been.
  var stepsSinceFill: UInt64 { count - stepsBeforeFill }

  /// The pump's count: steps of all sessions that were made, or may have been.
  public var count: UInt64 { carried.highest + books.delivered + books.uncertain }

  /// Asks the dose guard and the reservoir how many steps may be made.
  mutating func renewPermit(at now: Instant) {
    let made = books.delivered + books.uncertain
    if made > guarded { doseGuard.record(steps: made - guarded, at: now) }
    guarded = max(guarded, made)
    let dose = doseGuard.permittedSteps(at: now, demand: demand)
    if dose > 0 { causeGone(.overInfusion, at: now) }
    permit = min(dose, reservoir.stepsToReserve(afterSteps: stepsSinceFill, of: settings.step))
    purse.fill(at: count, limit: permit)
  }

  /// Stops because no step is permitted.
  mutating func stopForLimit(at now: Instant) {
    let left = reservoir.stepsToReserve(afterSteps: stepsSinceFill, of: settings.step)
    trip(left == 0 ? .reservoirEmpty : .overInfusion, at: now)
  }

  /// Stops delivery at once because of an alarm.
  mutating func trip(_ alarm: Alarm, at now: Instant) {
    raise(alarm, at: now)
    halt(alarm, at: now)
  }

  /// Ends delivery at once; the first cause is kept.
  mutating func halt(_ alarm: Alarm, at now: Instant) {
    if case .tripped = state { return }
    stopPlan(at: now)
    if state == .delivering { idleSince = now }
    wasDelivering = state == .delivering
    wasIdle = state == .idle
    state = .tripped(alarm)
    log(.tripped(alarm), at: now)
    cutStroke(at: now)
    sequencer.trip(at: now)
    scheduleSlow()
  }

  /// Lets a tripped pump be resumed once its alarm's cause has gone and it was acknowledged.
  ///
  /// A therapy that nobody resumes is an alarm of its own: a stop is never silent.
  mutating func releaseTrip(_ alarm: Alarm, at now: Instant) {
    guard state == .tripped(alarm), !alarms[alarm].isStanding else { return }
    for other in Alarm.allCases where other.stopsDelivery && alarms[other].isStanding {
      state = .tripped(other)
      return
    }
    state = wasIdle ? .idle : .suspended
    guard wasDelivering else { return }
    isStoppedByTrip = true
    raise(.underDelivery, at: now)
  }

  mutating func raise(_ alarm: Alarm, at now: Instant) {
    if alarms.raise(alarm, at: now) { log(.alarmRaised(alarm), at: now) }
    scheduleSlow()
  }

  mutating func causeGone(_ alarm: Alarm, at now: Instant) {
    guard alarms[alarm].isCausePresent else { return }
    alarms.causeGone(alarm)
    log(.alarmCauseGone(alarm), at: now)
    releaseTrip(alarm, at: now)
    scheduleSlow()
  }

  /// Raises the reservoir's alarm where ledger or switch says that it is low.
  mutating func watchReservoir(at now: Instant) {
    set(.reservoirLow, reservoirLeft <= reservoir.lowAlarm || isReservoirSwitchLow, at: now)
  }

  /// Reminds of a pump that has been stopped for long.
  mutating func watchIdleness(at now: Instant) {
    let isFlowing = books.delivered > deliveredWhenSeen
    deliveredWhenSeen = books.delivered
    if isFlowing || state == .idle { idleSince = now }
    set(.stoppedLong, now.elapsed(since: idleSince) >= settings.stoppedReminder, at: now)
  }

  /// Raises an alarm where its cause is present, and ends the cause unless it is near.
  private mutating func set(
    _ alarm: Alarm, _ isPresent: Bool, unless isNear: Bool, at now: Instant
  ) {
    if isPresent { raise(alarm, at: now) } else if !isNear { causeGone(alarm, at: now) }
  }

  private mutating func set(_ alarm: Alarm, _ isPresent: Bool, at now: Instant) {
    if isPresent { raise(alarm, at: now) } else { causeGone(alarm, at: now) }
  }

  private mutating func watchWallClock(_ seconds: Int64, at now: Instant) {
    let offset = seconds - Int64(now.nanoseconds / 1_000_000_000)
    let moved = offset - (wallOffset ?? offset)
    if wallOffset == nil { wallOffset = offset }
    guard abs(moved) > settings.sensors.wallClockToleranceSeconds else { return }
    wallOffset = offset
    log(.wallClockMoved(seconds: moved), at: now)
    raise(.wallClockMoved, at: now)
    causeGone(.wallClockMoved, at: now)
  }
}
