public import PumpHAL
public import PumpUnits

/// A simulated bench in real time: its clock waits for the machine's.
public struct PacedBench<Base: PumpHardware & ~Copyable>: RealTimeHardware, ~Copyable {
  public typealias Failure = Base.Failure
  public typealias SensorFailure = Base.SensorFailure
  public typealias AnnunciatorFailure = Base.AnnunciatorFailure
  public typealias WatchdogFailure = Base.WatchdogFailure

  public var base: Base
  private var clock: PacedClock

  /// Takes a bench whose own clock only moves when it is told to wait.
  public init(base: consuming Base, clock: consuming PacedClock) {
    self.base = base
    self.clock = clock
  }

  public mutating func startClock(ahead: TimeSpan) { clock.restart(ahead: ahead) }

  public mutating func readClock() -> Instant { base.wait(until: clock.read()) }

  public mutating func wait(until deadline: Instant) -> Instant {
    base.wait(until: clock.wait(until: deadline))
  }

  public mutating func readWallClock() -> Int64 { wallClockSeconds() }

  public mutating func set(_ line: DriverLine, _ level: LineLevel) throws(Failure) {
    try base.set(line, level)
  }

  public mutating func readBack(_ line: DriverLine) throws(Failure) -> LineLevel {
    try base.readBack(line)
  }

  public mutating func readSensors() throws(SensorFailure) -> SensorReadings {
    try base.readSensors()
  }

  public mutating func sound(_ tone: AlarmTone) throws(AnnunciatorFailure) { try base.sound(tone) }

  public mutating func kickWatchdog() throws(WatchdogFailure) { try base.kickWatchdog() }
}
