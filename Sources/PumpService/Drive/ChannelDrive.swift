import Glibc
package import PumpHAL
package import PumpLinux
package import PumpMessages
import PumpTherapy
package import PumpUnits

/// A command on its way to the drive's process.
package struct NumberedCommand: BitwiseCopyable, Sendable {
  package var number: UInt64
  package var words: CommandWords
}

/// A drive in a process of its own, and the bench that its supervisor keeps: ENABLE, sensors, buzzer, watchdogs.
///
/// What holds is a level in the channel, which a drive that looks late sees as it is now. Commands are a ring.
package struct ChannelDrive<Bench: GuardBench & ~Copyable>: DriveLink, GuardHardware, ~Copyable {
  package var bench: Bench
  package private(set) var orders = DriveOrders()
  /// When the drive was told to begin.
  package private(set) var start: Instant?
  /// What it told last.
  package private(set) var latest = DriveReport()
  /// What it had told at the last look; `nil` where it had told nothing.
  private var seen: DriveReport?
  private let channel: Channel
  private let commands: SlotRing<NumberedCommand>.Writer
  private let answers: SlotRing<DriveAnswer>
  private let parts: SlotRing<PrescriptionPart>.Writer
  private let messages: RunRing.Writer
  private let clock: PacedClock
  /// Before the drive begins the supervisor hears itself.
  private var beat: UInt64 = 0
  /// The answer to what was asked before it began.
  private var early: DriveAnswer?
  private var nextSensors = Instant.epoch
  private var readings: SensorReadings?
  private var pulses: UInt64?
  private var toldGlitches: UInt64 = 0
  private var toldTrouble: LinuxBench.Trouble?

  package init(
    _ bench: consuming Bench, channel: Channel, commands: SlotRing<NumberedCommand>,
    answers: SlotRing<DriveAnswer>, parts: SlotRing<PrescriptionPart>, messages: RunRing,
    clock: borrowing PacedClock
  ) {
    self.bench = bench
    self.channel = channel
    self.commands = commands.writer
    self.answers = answers
    self.parts = parts.writer
    self.messages = messages.writer
    self.clock = clock.copy
  }

  package mutating func tend(at now: Instant) {
    channel.serveEnable { try? bench.follow($0) }
    bench.tend(at: now)
    readFastSensors(at: now)
  }

  /// Looks at what the drive has done, for the next report: before the clock is read for a turn.
  ///
  /// A supervisor may be held up in any place for seconds. What it sees must be older than the instant that it
  /// judges it by, or steps that came later would be more than is allowed by then; and the lines' count is read
  /// before the report, or steps that came after the report would make the next one a lie.
  package mutating func look() {
    let lookedAt = clock.read()
    let begun = channel.stepsBegun
    seen = channel.report()
    seen?.lineCount = begun
    seen?.lookedAt = lookedAt
  }

  /// What the drive had told at the last look.
  package mutating func report(at now: Instant, withSum: Bool) -> DriveReport {
    let grace = start.map { $0 + TimeSpan(seconds: 2) } ?? .never
    if let seen {
      latest = seen
    } else if now < grace {
      beat += 1
      latest.beat = beat
    }
    return latest
  }

  package mutating func detail(at now: Instant) -> DriveDetail { channel.detail() ?? DriveDetail() }

  package mutating func begin(_ beginning: Beginning, at now: Instant) {
    if let flow = beginning.fallBack { send(.fallBack(flow), at: now) }
    start = beginning.at
    channel.start(
      at: beginning.at, place: beginning.place, onMonotonic: clock.monotonic(at: beginning.at),
      isHeld: beginning.isHeld)
  }

  package mutating func send(_ order: DriveOrder, at now: Instant) {
    switch order {
    case .grant(let grant): return channel.give(grant)
    case .hold(let isHeld):
      if isHeld { orders.holds += 1 }
      orders.isHeld = isHeld
    case .cut(let alarm, let count):
      orders.countAtHold = min(orders.countAtHold, count ?? .max)
      orders.cut = orders.cut ?? alarm
    case .doubt(let steps): orders.doubted += steps
    case .fallBack(let flow): orders.fallBack = flow
    case .stop: orders.stops = true
    }
    channel.order(orders)
  }

  package mutating func ask(_ command: Command, number: UInt64, at now: Instant) -> Bool {
    // A drive that has not begun hears nothing, and has nothing to do less of.
    guard start != nil, channel.report() != nil else {
      let isAboutAlarm = command.kind == .acknowledge
      early = DriveAnswer(
        number: number, refusal: isAboutAlarm ? .noSuchAlarm : .notPossible(in: .idle))
      return true
    }
    if case .adopt(let prescription, _, _) = command {
      for part in PrescriptionPart.parts(of: prescription) {
        // What came whole only in part is none, and the drive refuses it.
        guard parts.put(part) else { return false }
      }
    }
    guard commands.put(NumberedCommand(number: number, words: CommandWords(command))) else {
      return false
    }
    channel.callAttention()
    return true
  }

  package mutating func answer() -> DriveAnswer? {
    defer { early = nil }
    return early ?? answers.take()
  }

  /// The drive's events go to the journal's thread by a ring of their own.
  package mutating func event() -> TimedEvent? { nil }
  package mutating func takeEvent() {}

  package var isChattering: Bool { bench.isChattering }

  /// The steps that may surely have moved the motor: no more than were made when ENABLE was taken.
  package var mostCertain: UInt64 { bench.isHeld ? orders.countAtHold : .max }

  private mutating func readFastSensors(at now: Instant) {
    guard now >= nextSensors else { return }
    nextSensors = now + TimeSpan(milliseconds: 50)
    let latest = try? bench.readSensors()
    if bench.glitches != toldGlitches {
      toldGlitches = bench.glitches
      messages.put(.glitches(toldGlitches))
    }
    // An index that can't be read says nothing, and not that the motor stands still.
    pulses = latest?.indexPulses
    let isNews =
      latest?.driverFault != readings?.driverFault
      || latest?.isReservoirLow != readings?.isReservoirLow || (latest == nil) != (readings == nil)
    guard isNews || latest?.indexPulses != readings?.indexPulses else { return }
    readings = latest
    channel.tell(latest)
    // What stops delivery can't wait for the drive's own round.
    if isNews { channel.callAttention() }
    guard let trouble = bench.trouble, trouble != toldTrouble else { return }
    toldTrouble = trouble
    messages.put(.trouble(trouble.line, number: trouble.number))
  }

  // MARK: - The bench

  package typealias GuardFailure = Bench.GuardFailure
  package typealias SensorFailure = LineFault
  package typealias AnnunciatorFailure = Bench.AnnunciatorFailure
  package typealias WatchdogFailure = Bench.WatchdogFailure

  package mutating func holdEnable(_ isHeld: Bool) throws(Bench.GuardFailure) {
    // The first time counts: what is made while ENABLE is released moves nothing.
    if isHeld, !bench.isHeld { orders.countAtHold = channel.stepsTold }
    try bench.holdEnable(isHeld)
  }

  package var mayMoveFrom: Instant { bench.mayMoveFrom }
  package mutating func prove(_ part: SelfTestPart) -> SelfTestProof { bench.prove(part) }
  package mutating func readIndex() -> UInt64? { pulses }
  package mutating func readWallClock() -> Int64 { bench.readWallClock() }

  /// What was read last: several times a second.
  package mutating func readSensors() throws(LineFault) -> SensorReadings {
    guard let readings else { throw LineFault(number: EIO) }
    return readings
  }

  package mutating func sound(_ tone: AlarmTone) throws(Bench.AnnunciatorFailure) {
    try bench.sound(tone)
  }

  package mutating func kickWatchdog() throws(Bench.WatchdogFailure) { try bench.kickWatchdog() }
}
