import CPumpLinux
import Glibc
public import PumpHAL
public import PumpUnits

/// The supervisor's side of a bench in real time.
public protocol GuardBench: GuardHardware, ~Copyable {
  /// Lets ENABLE follow the drive, unless it is held.
  ///
  /// - Returns: What it reads back as.
  mutating func follow(_ level: LineLevel) throws(GuardFailure) -> LineLevel

  /// Whether ENABLE is held.
  var isHeld: Bool { get }

  /// Ends a sound that is over; called several times a second.
  mutating func tend(at now: Instant)

  /// Kicks what resets the machine when the supervisor itself is no longer there; the line that only
  /// a healthy pump kicks is another.
  mutating func kickSystem() throws(WatchdogFailure)

  /// The latest call that failed, for people.
  var trouble: LinuxBench.Trouble? { get }

  /// Whether a sensor's line has more glitches than a sound one.
  var isChattering: Bool { get }

  /// Changes of the index and fault lines so far that were too short to count.
  var glitches: UInt64 { get }
}

/// The lines of a GPIO chip that belong to the supervisor: all but STEP and DIR.
public struct GPIOGuard: GuardBench, ~Copyable {
  public typealias GuardFailure = LineFault
  public typealias SensorFailure = LineFault
  public typealias AnnunciatorFailure = LineFault
  public typealias WatchdogFailure = LineFault

  public private(set) var trouble: LinuxBench.Trouble?
  public private(set) var isHeld = false
  private let enable: OutputLine
  private let kick: OutputLine?
  private let buzzer: OutputLine?
  private let index: InputLine?
  private let fault: InputLine?
  private let reservoirLow: InputLine?
  private let button: InputLine?
  private var indexFilter: PulseFilter
  private var faultFilter: PulseFilter
  private var buttonFilter: PulseFilter
  private var presses: UInt64 = 0
  private var lostEdges: UInt64 = 0
  private var chatter = ChatterWatch()
  private var watchdog: Watchdog?
  private var followed = LineLevel.released
  private var indexPulses: UInt64 = 0
  private var isKickAsserted = false
  private var isBuzzing = false
  private var buzzesFor: TimeSpan?
  /// When the sound ends that is made now; `never` for none.
  private(set) var soundEnd = Instant.never
  private var clocks: (steered: UInt64, raw: UInt64)?

  /// Claims the lines; the motor is de-energised then.
  ///
  /// - Throws: `GPIOFailure`.
  public init(_ wiring: BenchWiring.Resolved, watchdog: consuming Watchdog?) throws(GPIOFailure) {
    let enable = try OutputLine(try wiring.required(.enable), on: wiring.chip)
    let kick = try wiring.output(.watchdogKick)
    let buzzer = try wiring.output(.buzzer)
    let index = try wiring.input(.index)
    let fault = try wiring.input(.fault)
    let reservoirLow = try wiring.input(.reservoirLow)
    let button = try wiring.input(.button)
    self.init(
      enable: enable, kick: kick, buzzer: buzzer, index: index, fault: fault,
      reservoirLow: reservoirLow, button: button, debounce: wiring.debounce, watchdog: watchdog)
  }

  /// Keeps what was claimed.
  ///
  /// Apart from claiming: Swift 6.0.3's compiler crashes on an initialiser of a noncopyable type with a
  /// `deinit` that can throw while it holds noncopyable values and then stores them.
  private init(
    enable: consuming OutputLine, kick: consuming OutputLine?, buzzer: consuming OutputLine?,
    index: consuming InputLine?, fault: consuming InputLine?, reservoirLow: consuming InputLine?,
    button: consuming InputLine?, debounce: [BenchLine: TimeSpan], watchdog: consuming Watchdog?
  ) {
    indexFilter = PulseFilter(least: debounce[.index] ?? .zero)
    faultFilter = PulseFilter(least: debounce[.fault] ?? .zero)
    buttonFilter = PulseFilter(least: debounce[.button] ?? .zero)
    self.button = button
    self.enable = enable
    self.kick = kick
    self.buzzer = buzzer
    self.index = index
    self.fault = fault
    self.reservoirLow = reservoirLow
    self.watchdog = watchdog
  }

  public var isChattering: Bool { chatter.isChattering }

  public var glitches: UInt64 { indexFilter.glitches + faultFilter.glitches }

  public mutating func readWallClock() -> Int64 { wallClockSeconds() }

  public mutating func follow(_ level: LineLevel) throws(LineFault) -> LineLevel {
    followed = isHeld ? .released : level
    let seen = try setEnable(followed)
    // A motor that is not energised would be stepped, and one that is would be taken for safe.
    guard seen == followed else { throw noted(.enable, LineFault(number: EIO)) }
    return seen
  }

  public mutating func holdEnable(_ isHeld: Bool) throws(LineFault) {
    self.isHeld = isHeld
    // Let go, it follows the drive's next wish, and not the one from before.
    guard isHeld else { return }
    followed = .released
    guard try setEnable(.released) == .released else {
      throw noted(.enable, LineFault(number: EIO))
    }
  }

  private mutating func setEnable(_ level: LineLevel) throws(LineFault) -> LineLevel {
    try drive(level)
    return try readEnable()
  }

  /// Sets ENABLE, for a bench without a drive of its own.
  mutating func drive(_ level: LineLevel) throws(LineFault) {
    do throws(LineFault) { try enable.set(level) } catch { throw noted(.enable, error) }
  }

  mutating func readEnable() throws(LineFault) -> LineLevel {
    do throws(LineFault) { return try enable.read() } catch { throw noted(.enable, error) }
  }

  public var mayMoveFrom: Instant { .epoch }

  public mutating func readIndex() throws(LineFault) -> UInt64? {
    do throws(LineFault) {
      guard let pulses = try index?.takePulses(&indexFilter, lost: &lostEdges) else { return nil }
      indexPulses += pulses
      return indexPulses
    } catch {
      throw noted(.index, error)
    }
  }

  public mutating func readSensors() throws(LineFault) -> SensorReadings {
    var readings = SensorReadings()
    readings.indexPulses = try readIndex()
    var line = BenchLine.fault
    do throws(LineFault) {
      if let pulses = try fault?.takePulses(&faultFilter, lost: &lostEdges) {
        readings.driverFault = pulses > 0 || faultFilter.isAsserted
      }
      chatter.take(glitches + lostEdges, at: Instant(nanoseconds: pump_linux_now()))
      line = .reservoirLow
      if let level = try reservoirLow?.read() { readings.isReservoirLow = level == .asserted }
      line = .button
      // A finger's contact bounces: that is no sign of a wire that picks something up.
      var lost: UInt64 = 0
      if let more = try button?.takePulses(&buttonFilter, lost: &lost) {
        presses += more
        readings.isButtonPressed = buttonFilter.isAsserted
        readings.buttonPresses = presses
      }
    } catch {
      throw noted(line, error)
    }
    return readings
  }

  public mutating func sound(_ tone: AlarmTone) throws(LineFault) {
    do throws(LineFault) { try buzzer?.set(.asserted) } catch { throw noted(.buzzer, error) }
    isBuzzing = true
    buzzesFor = tone.length
  }

  public mutating func tend(at now: Instant) {
    if let span = buzzesFor {
      soundEnd = now + span
      buzzesFor = nil
    }
    guard now >= soundEnd else { return }
    // A buzzer that can't be silenced is no reason to stop a dose.
    try? buzzer?.set(.released)
    isBuzzing = false
    soundEnd = .never
  }

  public mutating func kickWatchdog() throws(LineFault) {
    isKickAsserted.toggle()
    do throws(LineFault) {
      try kick?.set(isKickAsserted ? .asserted : .released)
    } catch {
      throw noted(.watchdogKick, error)
    }
  }

  public mutating func kickSystem() throws(LineFault) { try watchdog?.kick() }

  public mutating func prove(_ part: SelfTestPart) -> SelfTestProof {
    switch part {
    case .journal, .profile: return .passed
    case .enable: return reads(enable, as: followed)
    case .alarm: return buzzer == nil ? .passed : proveBuzzer()
    case .index: return (try? index?.read()) == nil && index != nil ? .failed : .passed
    case .watchdog: return proveWatchdog()
    case .clock: return proveClock()
    }
  }

  private func reads(_ line: borrowing OutputLine, as level: LineLevel) -> SelfTestProof {
    (try? line.read()) == level ? .passed : .failed
  }

  private func proveBuzzer() -> SelfTestProof {
    (try? buzzer?.read()) == (isBuzzing ? .asserted : .released) ? .passed : .failed
  }

  private mutating func proveWatchdog() -> SelfTestProof {
    if kick != nil, (try? kick?.read()) != (isKickAsserted ? .asserted : .released) {
      return .failed
    }
    // A board without any has nothing to prove; whoever starts a run there is told so.
    return watchdog?.prove() ?? .passed
  }

  /// CLOCK_MONOTONIC against CLOCK_MONOTONIC_RAW, which nobody steers: apart by a thousandth at most,
  /// twice what the kernel ever steers by.
  private mutating func proveClock() -> SelfTestProof {
    let now = (steered: pump_linux_now(), raw: pump_linux_raw_time())
    guard let since = clocks else {
      clocks = now
      return .pending
    }
    let (steered, raw) = (now.steered - since.steered, now.raw - since.raw)
    guard raw >= 500_000_000 else { return .pending }
    // Each round has its own half second: an old departure must not hide a new one.
    clocks = nil
    let apart = steered > raw ? steered - raw : raw - steered
    return apart <= raw / 1_000 + 2_000_000 ? .passed : .failed
  }

  private mutating func noted(_ line: BenchLine, _ fault: LineFault) -> LineFault {
    trouble = LinuxBench.Trouble(line: line, number: fault.number)
    return fault
  }

  deinit {
    try? enable.set(.released)
    try? buzzer?.set(.released)
  }
}
