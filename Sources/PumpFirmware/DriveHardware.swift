public import PumpHAL
import PumpPlan
public import PumpUnits

/// The bench as the drive's interrupt sees it.
///
/// The interrupt comes a little before an edge is due, decides the edge for when it is due, and those that
/// follow on its heels: ENABLE with DIR, the fall of STEP with its rise. Then it waits with the writes in
/// hand: what deciding costs is not lateness. So an edge that is made within the tolerance of its due time
/// counts as made at it, for the engine and in the trace; the driver's times and the motor's rated interval
/// are kept here from when edges really were made, so none comes out shorter. A drive that comes later than
/// the tolerance is told the truth at what is due next.
public struct DriveHardware<B: Board>: PumpHardware, ~Copyable {
  public typealias Failure = NoFault
  public typealias SensorFailure = NoFault
  public typealias AnnunciatorFailure = NoFault
  public typealias WatchdogFailure = NoFault

  /// So late an edge may be and count as made when it was due: what it is followed by keeps its distance
  /// all the same.
  static var tolerance: TimeSpan { TimeSpan(microseconds: 100) }
  /// The pump's clock at the board's start.
  let origin: Instant
  /// What the drive's clock reads.
  var reckoned: Instant
  let timing: DriverTiming
  private let ratedInterval: TimeSpan
  /// Not before this may STEP rise, fall, and DIR or ENABLE change.
  private var riseAt = Instant.epoch
  private var fallAt = Instant.epoch
  private var otherAt = Instant.epoch
  /// Edges that were decided and are still to be made.
  private var decided = FixedBuffer(
    repeating: DecidedEdge(line: .step, isAsserted: false, due: .epoch), count: 4)
  private var decidedCount = 0
  var hasDecided: Bool { decidedCount > 0 }
  /// The longest that a STEP edge was made after it was due, and that one of the other lines was.
  public private(set) var worstLateness = TimeSpan.zero
  public private(set) var worstOtherLateness = TimeSpan.zero
  /// Up to when is decided now: nothing need be due then.
  var decidedTo = Instant.never
  /// STEP rises that were made.
  public private(set) var steps: UInt64 = 0
  /// Whether the supervisor holds ENABLE released.
  public internal(set) var isEnableHeld = false
  public var head: EmulatedHead
  public var trace: EdgeRing
  public var wallOffset: Int64 = 0
  /// Whether each step is two: a drive that lies.
  var doublesSteps = false

  init(
    origin: Instant, timing: DriverTiming, motor: MotorLimits, head: EmulatedHead,
    trace: consuming EdgeRing
  ) {
    self.origin = origin
    self.timing = timing
    ratedInterval = motor.ratedInterval
    self.head = head
    self.trace = trace
    reckoned = origin
  }

  /// The pump's clock.
  var real: Instant {
    @inline(never)
    get { Instant(nanoseconds: origin.nanoseconds &+ B.now().nanoseconds) }
  }

  /// What the drive reckons with: the time that an action took shows when the next thing is waited for.
  public mutating func readClock() -> Instant { reckoned }

  public mutating func wait(until deadline: Instant) -> Instant {
    let now = real
    let isLate = now > deadline + Self.tolerance && deadline != decidedTo
    reckoned = max(reckoned, isLate ? now : deadline)
    return reckoned
  }

  public mutating func set(_ line: DriverLine, _ level: LineLevel) throws(NoFault) {
    let isAsserted = level == .asserted
    guard line != .enable || !isEnableHeld || !isAsserted else { return }
    if decidedCount == decided.count { makeEdges() }
    decided[decidedCount] = DecidedEdge(line: line, isAsserted: isAsserted, due: reckoned)
    decidedCount += 1
  }

  /// Makes the edges that were decided, each when it is due and the driver has had its time.
  mutating func makeEdges() {
    for place in 0..<decidedCount { make(decided[place]) }
    decidedCount = 0
  }

  private mutating func make(_ edge: DecidedEdge) {
    let at = max(edge.due, edge.line == .step ? (edge.isAsserted ? riseAt : fallAt) : otherAt)
    var made = real
    while made < at { made = real }
    B.set(edge.line.benchLine, edge.isAsserted)
    keepDistance(from: edge.line, edge.isAsserted, made)
    let late = made.elapsed(since: edge.due)
    if edge.line == .step {
      worstLateness = max(worstLateness, late)
    } else {
      worstOtherLateness = max(worstOtherLateness, late)
    }
    trace.record(edge.line.benchLine, isAsserted: edge.isAsserted, due: edge.due)
    guard edge.line == .step, edge.isAsserted else { return }
    countStep(at: edge.due)
    guard doublesSteps else { return }
    B.set(.step, false)
    B.set(.step, true)
    countStep(at: edge.due)
  }

  /// What the driver's file asks for after an edge.
  private mutating func keepDistance(from line: DriverLine, _ isAsserted: Bool, _ made: Instant) {
    switch (line, isAsserted) {
    case (.step, true):
      riseAt = max(riseAt, made + ratedInterval)
      fallAt = made + timing.stepHigh
      otherAt = made + timing.rest
    case (.step, false): riseAt = max(riseAt, made + timing.stepLow)
    case (.direction, _): riseAt = max(riseAt, made + timing.directionSetUp)
    case (.enable, true): riseAt = max(riseAt, made + timing.wakeUp)
    case (.enable, false): break
    }
  }

  private mutating func countStep(at due: Instant) {
    steps += 1
    head.step(isEnergised: B.readBack(.enable), at: due)
  }

  public mutating func readBack(_ line: DriverLine) throws(NoFault) -> LineLevel {
    makeEdges()
    return B.readBack(line.benchLine) ? .asserted : .released
  }

  public mutating func readSensors() throws(NoFault) -> SensorReadings {
    makeEdges()
    let now = real
    return SensorReadings(
      indexPulses: head.pulses(isEnergised: B.readBack(.enable), at: now),
      driverFault: head.isFaultAsserted(at: now))
  }

  public mutating func readWallClock() -> Int64 { wallSeconds }

  var wallSeconds: Int64 { wallOffset &+ Int64(bitPattern: real.nanoseconds / 1_000_000_000) }

  /// The supervisor sounds.
  public mutating func sound(_ tone: AlarmTone) throws(NoFault) {}

  /// The supervisor kicks.
  public mutating func kickWatchdog() throws(NoFault) {}

  /// Begins to count lateness anew.
  mutating func forgetLateness() {
    worstLateness = .zero
    worstOtherLateness = .zero
  }
}

/// An edge on its way from the engine to the line.
struct DecidedEdge: BitwiseCopyable {
  var line: DriverLine
  var isAsserted: Bool
  var due: Instant
}
