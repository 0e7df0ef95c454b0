public import PumpHAL
import PumpMessages
public import PumpUnits

/// Runs an engine on hardware: waits for its deadlines, makes its edges, reads what it asks for.
///
/// Generic over the hardware and specialised for each backend, so simulator, Linux and bare metal
/// run the same instructions. All of it is inlinable for that: what is left generic looks its types up when
/// it first runs, which asks for memory in the middle of an alarm.
public struct ControlLoop<Hardware: PumpHardware & ~Copyable>: ~Copyable {
  public var engine: Engine
  public var hardware: Hardware
  /// Whether a supervisor kicks the watchdogs and sounds the alarms, and not this loop.
  public var isSupervised = false

  /// Takes an engine and the hardware it is to run on.
  public init(engine: consuming Engine, hardware: consuming Hardware) {
    self.engine = engine
    self.hardware = hardware
  }

  /// The hardware without its engine.
  public consuming func dismantle() -> Hardware { hardware }

  /// Runs until an instant: everything due by then is done when it returns.
  ///
  /// It returns early where there is news for whoever runs it.
  ///
  /// - Returns: Whether it came to its end.
  @inlinable @discardableResult
  public mutating func run(until end: Instant) -> Bool {
    var deadline = engine.deadline
    while deadline <= end {
      var now = hardware.wait(until: deadline)
      guard !hardware.hasNews() else { return false }
      repeat {
        if let action = engine.turn(at: now) { now = perform(action, at: now) }
        deadline = engine.deadline
      } while deadline <= now
    }
    _ = hardware.wait(until: end)
    return !hardware.hasNews()
  }

  /// Does an action.
  ///
  /// - Returns: The instant at which it was done: the write of an edge takes its time, and a thread
  ///   may be held up in the middle of it, so what follows is measured from after it.
  @inlinable
  mutating func perform(_ action: EngineAction, at now: Instant) -> Instant {
    switch action {
    case .edge(let line, let level, _):
      do throws(Hardware.Failure) {
        try hardware.set(line, level)
      } catch {
        return failed(line, level, error.kind)
      }
      if line == .enable, level == .released { return confirmRelease() }
      let made = hardware.readClock()
      guard made > now else { return now }
      engine.made(line, level, at: made)
      return made
    case .sound(let tone): sound(tone)
    case .housekeep: housekeep(at: now)
    }
    return hardware.readClock()
  }

  @inlinable
  mutating func failed(_ line: DriverLine, _ level: LineLevel, _ kind: FaultKind) -> Instant {
    let now = hardware.readClock()
    engine.made(line, level, at: now)
    engine.failed(line, level, kind, at: now)
    return now
  }

  /// Reads ENABLE back after it was released: a line that does not follow leaves the motor energised.
  @inlinable
  mutating func confirmRelease() -> Instant {
    let level = try? hardware.readBack(.enable)
    guard level == .released else { return failed(.enable, .released, .deliveryUncertain) }
    return hardware.readClock()
  }

  @inlinable
  mutating func sound(_ tone: AlarmTone) {
    guard !isSupervised else { return }
    do throws(Hardware.AnnunciatorFailure) {
      try hardware.sound(tone)
    } catch {
      // It is tried again at the alarm's next interval.
      engine.deviceFailed(error.kind, at: hardware.readClock())
    }
  }

  @inlinable
  mutating func housekeep(at now: Instant) {
    if !isSupervised { kickWatchdog(at: now) }
    readSensors(wallSeconds: hardware.readWallClock(), at: now)
  }

  @inlinable
  mutating func kickWatchdog(at now: Instant) {
    do throws(Hardware.WatchdogFailure) {
      try hardware.kickWatchdog()
    } catch {
      // An external watchdog that is not kicked cuts the motor while steps are counted.
      engine.deviceFailed(.deviceLost, at: now)
    }
  }

  /// Reads the sensors between the engine's own rounds, for a driver's fault can't wait for those.
  @inlinable
  public mutating func readSensors() { readSensors(wallSeconds: nil, at: hardware.readClock()) }

  @inlinable
  mutating func readSensors(wallSeconds: Int64?, at now: Instant) {
    do throws(Hardware.SensorFailure) {
      engine.observe(try hardware.readSensors(), wallSeconds: wallSeconds, at: now)
    } catch {
      engine.sensorsFailed(error.kind, at: now)
    }
  }
}
