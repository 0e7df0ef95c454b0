import Glibc
public import PumpHAL
public import PumpUnits

/// STEP and DIR, which are the drive's own; ENABLE is the supervisor's as long as there is one.
public protocol StepperLines: ~Copyable {
  /// Releases ENABLE for a supervisor whose process is gone, and sounds the alarm that it can't.
  ///
  /// - Returns: What ENABLE reads back as.
  mutating func releaseEnable() throws(LineFault) -> LineLevel

  mutating func set(_ line: DriverLine, _ level: LineLevel) throws(LineFault)
  mutating func readBack(_ line: DriverLine) throws(LineFault) -> LineLevel
}

/// STEP and DIR of a GPIO chip.
public struct GPIOStepperLines: StepperLines, ~Copyable {
  private let direction: OutputLine
  private let step: OutputLine
  private let wiring: BenchWiring.Resolved
  private var enable: OutputLine?
  private var buzzer: OutputLine?

  /// Claims both.
  ///
  /// - Throws: `GPIOFailure`.
  public init(_ wiring: BenchWiring.Resolved) throws(GPIOFailure) {
    let direction = try OutputLine(try wiring.required(.direction), on: wiring.chip)
    let step = try OutputLine(try wiring.required(.step), on: wiring.chip)
    self.init(direction: direction, step: step, wiring: wiring)
  }

  /// Keeps what was claimed; apart from claiming as in `GPIOGuard`.
  private init(
    direction: consuming OutputLine, step: consuming OutputLine, wiring: BenchWiring.Resolved
  ) {
    self.direction = direction
    self.step = step
    self.wiring = wiring
  }

  public mutating func releaseEnable() throws(LineFault) -> LineLevel {
    if enable == nil {
      // The kernel gives a dead process's lines back within moments.
      do throws(GPIOFailure) { enable = try wiring.output(.enable) } catch {
        throw LineFault(number: EBUSY)
      }
      buzzer = try? wiring.output(.buzzer)
      try? buzzer?.set(.asserted)
    }
    try enable?.set(.released)
    return try enable?.read() ?? .asserted
  }

  deinit { try? step.set(.released) }

  public mutating func set(_ line: DriverLine, _ level: LineLevel) throws(LineFault) {
    if line == .step { try step.set(level) } else { try direction.set(level) }
  }

  public mutating func readBack(_ line: DriverLine) throws(LineFault) -> LineLevel {
    line == .step ? try step.read() : try direction.read()
  }
}

/// Lines of no chip: what is set stays set.
public struct SimulatedStepperLines: StepperLines, ~Copyable {
  private var levels: (step: LineLevel, direction: LineLevel) = (.released, .released)

  public init() {}

  public mutating func releaseEnable() -> LineLevel { .released }

  public mutating func set(_ line: DriverLine, _ level: LineLevel) {
    if line == .step { levels.step = level } else { levels.direction = level }
  }

  public mutating func readBack(_ line: DriverLine) -> LineLevel {
    line == .step ? levels.step : levels.direction
  }
}

/// The drive's side of a bench: its two lines and its clock; all else comes through the channel.
public struct DriveBench<Lines: StepperLines & ~Copyable>: RealTimeHardware, ~Copyable {
  public typealias Failure = LineFault
  public typealias SensorFailure = LineFault
  public typealias AnnunciatorFailure = NoFault
  public typealias WatchdogFailure = NoFault

  /// An edge of ENABLE that takes longer has no supervisor behind it.
  public static var enableLimit: TimeSpan { TimeSpan(seconds: 1) }

  /// The latest call that failed, for people.
  public private(set) var trouble: LinuxBench.Trouble?
  private var asked = LineLevel.released
  private var lines: Lines
  private var clock: PacedClock
  private let channel: Channel

  public init(_ lines: consuming Lines, channel: Channel, clock: consuming PacedClock) {
    self.lines = lines
    self.channel = channel
    self.clock = clock
  }

  public mutating func startClock(ahead: TimeSpan) { clock.restart(ahead: ahead) }

  public mutating func readClock() -> Instant { clock.read() }

  public mutating func readWallClock() -> Int64 { wallClockSeconds() }

  public mutating func wait(until deadline: Instant) -> Instant { clock.wait(until: deadline) }

  public mutating func hasNews() -> Bool { channel.hasNews }

  public mutating func set(_ line: DriverLine, _ level: LineLevel) throws(LineFault) {
    do throws(LineFault) {
      switch (line, level) {
      case (.step, .asserted): try rise()
      case (.enable, _):
        let seen = try setEnable(level)
        // One that is held stays released, whatever is asked for.
        guard seen == level || level == .asserted else { throw LineFault(number: EIO) }
      default: try lines.set(line, level)
      }
    } catch {
      trouble = LinuxBench.Trouble(line: line.benchLine, number: error.number)
      throw error
    }
  }

  private mutating func setEnable(_ level: LineLevel) throws(LineFault) -> LineLevel {
    asked = level
    channel.lookForSupervisor()
    guard !channel.isOrphaned else {
      // Nobody is there to permit it.
      return level == .asserted ? .released : try lines.releaseEnable()
    }
    return try channel.askEnable(level, within: Self.enableLimit)
  }

  private mutating func rise() throws(LineFault) {
    channel.count(.begun)
    do throws(LineFault) { try lines.set(.step, .asserted) } catch {
      channel.count(error.kind == .notDelivered ? .failed : .unknown)
      throw error
    }
    channel.count(.made)
  }

  /// Reads a line back; ENABLE by asking for it once more, as it was asked for last.
  public mutating func readBack(_ line: DriverLine) throws(LineFault) -> LineLevel {
    line == .enable ? try setEnable(asked) : try lines.readBack(line)
  }

  public mutating func readSensors() throws(LineFault) -> SensorReadings { try channel.sensors() }

  /// The supervisor does.
  public mutating func sound(_ tone: AlarmTone) {}

  /// The supervisor does.
  public mutating func kickWatchdog() {}
}
