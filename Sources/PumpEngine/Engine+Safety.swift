public import PumpHAL
import PumpPlan
public import PumpSafety
import PumpTherapy
public import PumpUnits

extension Engine {
  /// Takes the sensors' readings, in answer to `EngineAction.housekeep`.
  ///
  /// - Parameters:
  ///   - readings: What the sensors say.
  ///   - wallSeconds: The wall clock, in seconds since 1970.
  ///   - now: The present instant.
  public mutating func observe(
    _ readings: SensorReadings, wallSeconds: Int64, at now: Instant
  ) {
    causeGone(.sensorFailed, at: now)
    if readings.driverFault {
      trip(.driverFault, at: now)
    } else {
      causeGone(.driverFault, at: now)
    }
    if let battery = readings.batteryMillivolts {
      let limits = settings.sensors
      set(.batteryDepleted, battery < limits.batteryDepletedMillivolts, at: now)
      set(.batteryLow, battery < limits.batteryLowMillivolts, at: now)
    }
    if let temperature = readings.milliCelsius {
      set(.overheated, temperature > settings.sensors.overheatedMilliCelsius, at: now)
    }
    watchWallClock(wallSeconds, at: now)
  }

  /// Takes note that the sensors can't be read, in answer to `EngineAction.housekeep`.
  public mutating func sensorsFailed(at now: Instant) { raise(.sensorFailed, at: now) }

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
    }
    // A STEP that can't fall makes no further step, and the other lines are what makes it safe.
    guard kind != .deviceLost, line == .step, level == .asserted else {
      return trip(.deviceLost, at: now)
    }
    let alarm = kind == .deliveryUncertain ? Alarm.deliveryUncertain : .underDelivery
    raise(alarm, at: now)
    causeGone(alarm, at: now)
  }

  /// The state of an alarm.
  public func alarm(_ alarm: Alarm) -> AlarmBoard.Entry { alarms[alarm] }

  /// The standing alarm at a place of the order, the most urgent at 0.
  public func standingAlarm(_ place: Int) -> Alarm? { alarms.standing(place) }

  /// What the reservoir holds by the ledger.
  public var reservoirLeft: Volume {
    reservoir.left(afterSteps: stepsSinceFill, of: settings.step)
  }

  /// Steps since the fill that were made or may have been.
  var stepsSinceFill: UInt64 { books.delivered + books.uncertain - stepsBeforeFill }

  /// Asks the dose guard and the reservoir how many steps may be made.
  mutating func renewPermit(at now: Instant) {
    let made = books.delivered + books.uncertain
    if made > guarded { doseGuard.record(steps: made - guarded, at: now) }
    guarded = max(guarded, made)
    let dose = doseGuard.permittedSteps(at: now)
    if dose > 0 { causeGone(.overInfusion, at: now) }
    permit = min(dose, reservoir.stepsToReserve(afterSteps: stepsSinceFill, of: settings.step))
  }

  /// Stops because no step is permitted.
  mutating func stopForLimit(at now: Instant) {
    let left = reservoir.stepsToReserve(afterSteps: stepsSinceFill, of: settings.step)
    trip(left == 0 ? .reservoirEmpty : .overInfusion, at: now)
  }

  /// Stops delivery at once because of an alarm; the first cause is kept.
  mutating func trip(_ alarm: Alarm, at now: Instant) {
    raise(alarm, at: now)
    if case .tripped = state { return }
    stopPlan(at: now)
    if state == .delivering { idleSince = now }
    state = .tripped(alarm)
    log(.tripped(alarm), at: now)
    sequencer.trip(at: now)
    scheduleSlow()
  }

  /// Lets a tripped pump be resumed once its alarm's cause has gone and it was acknowledged.
  mutating func releaseTrip(_ alarm: Alarm) {
    if state == .tripped(alarm), !alarms[alarm].isStanding { state = .suspended }
  }

  mutating func raise(_ alarm: Alarm, at now: Instant) {
    if alarms.raise(alarm, at: now) { log(.alarmRaised(alarm), at: now) }
    scheduleSlow()
  }

  mutating func causeGone(_ alarm: Alarm, at now: Instant) {
    guard alarms[alarm].isCausePresent else { return }
    alarms.causeGone(alarm)
    log(.alarmCauseGone(alarm), at: now)
    releaseTrip(alarm)
    scheduleSlow()
  }

  /// Raises the reservoir's alarms.
  mutating func watchReservoir(at now: Instant) {
    set(.reservoirLow, reservoirLeft <= reservoir.lowAlarm, at: now)
  }

  /// Reminds of a pump that has been stopped for long.
  mutating func watchIdleness(at now: Instant) {
    let isFlowing = state == .delivering && prescription.therapy != .stopped
    if isFlowing || state == .idle { idleSince = now }
    set(.stoppedLong, now.elapsed(since: idleSince) >= settings.stoppedReminder, at: now)
  }

  private mutating func set(_ alarm: Alarm, _ isPresent: Bool, at now: Instant) {
    if isPresent { raise(alarm, at: now) } else { causeGone(alarm, at: now) }
  }

  private mutating func watchWallClock(_ seconds: Int64, at now: Instant) {
    let offset = seconds - Int64(now.nanoseconds / 1_000_000_000)
    defer { wallOffset = offset }
    guard let wallOffset else { return }
    let moved = offset - wallOffset
    guard abs(moved) > settings.sensors.wallClockToleranceSeconds else { return }
    log(.wallClockMoved(seconds: moved), at: now)
    raise(.wallClockMoved, at: now)
    causeGone(.wallClockMoved, at: now)
  }
}
