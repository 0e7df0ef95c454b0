public import PumpHAL
public import PumpUnits

/// The real bench: a stepper driver's lines on a GPIO chip, with the machine's clocks.
///
/// Every line is a claim of its own, so that ENABLE can belong to another process than STEP, and a
/// STEP edge is one system call on one line. DIR never moves together with STEP: the driver's
/// set-up time lies between them.
public struct LinuxBench: RealTimeHardware, ~Copyable {
  public typealias Failure = LineFault
  public typealias SensorFailure = LineFault
  public typealias AnnunciatorFailure = LineFault
  public typealias WatchdogFailure = LineFault

  /// The latest call that failed, for people.
  public private(set) var trouble: Trouble?

  /// A line and why a call on it failed.
  public struct Trouble: Equatable, BitwiseCopyable, Sendable {
    public var line: BenchLine
    public var number: Int32
  }

  private var clock: PacedClock
  // ENABLE is claimed first and given back last.
  private let enable: OutputLine
  private let direction: OutputLine
  private let step: OutputLine
  private let kick: OutputLine?
  private let buzzer: OutputLine?
  private let index: InputLine?
  private let fault: InputLine?
  private let reservoirLow: InputLine?
  private var indexPulses: UInt64 = 0
  private var isKickAsserted = false
  private var buzzesUntil = Instant.never

  /// Claims every line of the wiring; the motor is de-energised then.
  ///
  /// - Throws: `GPIOFailure`; what was claimed before is given back.
  public init(_ wiring: BenchWiring.Resolved, clock: consuming PacedClock) throws(GPIOFailure) {
    let chip = wiring.chip
    let enable = try OutputLine(try wiring.required(.enable), on: chip)
    let direction = try OutputLine(try wiring.required(.direction), on: chip)
    let step = try OutputLine(try wiring.required(.step), on: chip)
    let kick = try wiring.output(.watchdogKick)
    let buzzer = try wiring.output(.buzzer)
    let index = try wiring.input(.index)
    let fault = try wiring.input(.fault)
    let reservoirLow = try wiring.input(.reservoirLow)
    self.clock = clock
    self.enable = enable
    self.direction = direction
    self.step = step
    self.kick = kick
    self.buzzer = buzzer
    self.index = index
    self.fault = fault
    self.reservoirLow = reservoirLow
  }

  public mutating func startClock(ahead: TimeSpan) { clock.restart(ahead: ahead) }

  public mutating func readClock() -> Instant { clock.read() }

  public mutating func readWallClock() -> Int64 { wallClockSeconds() }

  public mutating func wait(until deadline: Instant) -> Instant {
    if deadline >= buzzesUntil { endBuzz() }
    return clock.wait(until: deadline)
  }

  public mutating func set(_ line: DriverLine, _ level: LineLevel) throws(LineFault) {
    do throws(LineFault) {
      switch line {
      case .step: try step.set(level)
      case .direction: try direction.set(level)
      case .enable: try enable.set(level)
      }
    } catch {
      throw noted(line.benchLine, error)
    }
  }

  public mutating func readBack(_ line: DriverLine) throws(LineFault) -> LineLevel {
    do throws(LineFault) {
      return switch line {
      case .step: try step.read()
      case .direction: try direction.read()
      case .enable: try enable.read()
      }
    } catch {
      throw noted(line.benchLine, error)
    }
  }

  public mutating func readSensors() throws(LineFault) -> SensorReadings {
    var readings = SensorReadings()
    var line = BenchLine.index
    do throws(LineFault) {
      if let pulses = try index?.takeAssertions() {
        indexPulses += pulses
        readings.indexPulses = indexPulses
      }
      line = .fault
      if let pulses = try fault?.takeAssertions(), let level = try fault?.read() {
        readings.driverFault = pulses > 0 || level == .asserted
      }
      line = .reservoirLow
      if let level = try reservoirLow?.read() { readings.isReservoirLow = level == .asserted }
    } catch {
      throw noted(line, error)
    }
    return readings
  }

  public mutating func sound(_ tone: AlarmTone) throws(LineFault) {
    do throws(LineFault) { try buzzer?.set(.asserted) } catch { throw noted(.buzzer, error) }
    buzzesUntil = clock.read() + tone.length
  }

  public mutating func kickWatchdog() throws(LineFault) {
    isKickAsserted.toggle()
    do throws(LineFault) {
      try kick?.set(isKickAsserted ? .asserted : .released)
    } catch {
      throw noted(.watchdogKick, error)
    }
  }

  private mutating func noted(_ line: BenchLine, _ fault: LineFault) -> LineFault {
    trouble = Trouble(line: line, number: fault.number)
    return fault
  }

  /// Ends a sound; a buzzer that can't be silenced is no reason to stop a dose.
  private mutating func endBuzz() {
    _ = clock.wait(until: buzzesUntil)
    try? buzzer?.set(.released)
    buzzesUntil = .never
  }

  deinit {
    try? enable.set(.released)
    try? step.set(.released)
    try? buzzer?.set(.released)
  }
}
