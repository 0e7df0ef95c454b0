public import PumpHAL
public import PumpUnits

/// The real bench in one process: both sides of a stepper driver's lines on a GPIO chip, with the machine's
/// clocks, for tools that turn a motor without a second channel.
///
/// Every line is a claim of its own, so that ENABLE can belong to another process than STEP, and a
/// STEP edge is one system call on one line. DIR never moves together with STEP: the driver's
/// set-up time lies between them.
public struct LinuxBench: RealTimeHardware, ~Copyable {
  public typealias Failure = LineFault
  public typealias SensorFailure = LineFault
  public typealias AnnunciatorFailure = LineFault
  public typealias WatchdogFailure = LineFault

  /// A line and why a call on it failed.
  public struct Trouble: Equatable, BitwiseCopyable, Sendable {
    public var line: BenchLine
    public var number: Int32
  }

  private var clock: PacedClock
  // ENABLE is claimed first.
  private var guarding: GPIOGuard
  private var lines: GPIOStepperLines
  private var stepperTrouble: Trouble?

  /// Claims every line of the wiring; the motor is de-energised then.
  ///
  /// - Throws: `GPIOFailure`; what was claimed before is given back.
  public init(_ wiring: BenchWiring.Resolved, clock: consuming PacedClock) throws(GPIOFailure) {
    let guarding = try GPIOGuard(wiring, watchdog: nil)
    let lines = try GPIOStepperLines(wiring)
    self.clock = clock
    self.guarding = guarding
    self.lines = lines
  }

  /// The latest call that failed, for people.
  public var trouble: Trouble? { stepperTrouble ?? guarding.trouble }

  public mutating func startClock(ahead: TimeSpan) { clock.restart(ahead: ahead) }

  public mutating func readClock() -> Instant { clock.read() }

  public mutating func readWallClock() -> Int64 { guarding.readWallClock() }

  public mutating func wait(until deadline: Instant) -> Instant {
    let soundEnd = guarding.soundEnd
    if deadline >= soundEnd {
      _ = clock.wait(until: soundEnd)
      guarding.tend(at: soundEnd)
    }
    return clock.wait(until: deadline)
  }

  public mutating func set(_ line: DriverLine, _ level: LineLevel) throws(LineFault) {
    guard line != .enable else { return try guarding.drive(level) }
    do throws(LineFault) { try lines.set(line, level) } catch {
      stepperTrouble = Trouble(line: line.benchLine, number: error.number)
      throw error
    }
  }

  public mutating func readBack(_ line: DriverLine) throws(LineFault) -> LineLevel {
    guard line != .enable else { return try guarding.readEnable() }
    return try lines.readBack(line)
  }

  public mutating func readSensors() throws(LineFault) -> SensorReadings {
    try guarding.readSensors()
  }

  public mutating func sound(_ tone: AlarmTone) throws(LineFault) {
    try guarding.sound(tone)
    guarding.tend(at: clock.read())
  }

  public mutating func kickWatchdog() throws(LineFault) { try guarding.kickWatchdog() }
}
