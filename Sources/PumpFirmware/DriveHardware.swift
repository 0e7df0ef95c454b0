public import PumpHAL
public import PumpUnits

/// The bench as the drive's interrupt sees it.
///
/// The interrupt comes a little before an edge is due, decides the edge for when it is due, and waits for
/// that instant with the write in hand: what deciding costs is not lateness. So an edge that is made
/// within the tolerance of its due time counts as made at it, for the engine and in the trace; what
/// follows keeps its planned distance from when the edge really was made, and no pulse and no interval
/// comes out shorter than planned. Beyond the tolerance the engine is told the truth.
public struct DriveHardware<B: Board>: PumpHardware, ~Copyable {
  public typealias Failure = NoFault
  public typealias SensorFailure = NoFault
  public typealias AnnunciatorFailure = NoFault
  public typealias WatchdogFailure = NoFault

  /// So late an edge may be and count as made when it was due: what it is followed by keeps its distance
  /// all the same.
  static var tolerance: TimeSpan { TimeSpan(microseconds: 100) }
  /// An edge further from the one before than this is bound by no distance.
  static var unbound: TimeSpan { TimeSpan(milliseconds: 10) }

  /// The pump's clock at the board's start.
  let origin: Instant
  /// What the drive's clock reads.
  var reckoned: Instant
  private var lastDue = Instant.epoch
  private var lastMade = Instant.epoch
  /// The longest that an edge was made after it was due.
  public private(set) var worstLateness = TimeSpan.zero
  /// How long before it is due an edge is begun to be decided: what deciding was seen to take.
  private(set) var lead = TimeSpan(microseconds: 60)
  static var longestLead: TimeSpan { TimeSpan(microseconds: 300) }
  /// STEP rises that were made.
  public private(set) var steps: UInt64 = 0
  /// Whether the supervisor holds ENABLE released.
  public internal(set) var isEnableHeld = false
  public var head: EmulatedHead
  public var trace: EdgeRing
  public var wallOffset: Int64 = 0
  /// Whether each step is two: a drive that lies.
  var doublesSteps = false

  init(origin: Instant, head: EmulatedHead, trace: consuming EdgeRing) {
    self.origin = origin
    self.head = head
    self.trace = trace
    reckoned = origin
  }

  /// The pump's clock.
  var real: Instant { origin + B.now() }

  public mutating func readClock() -> Instant {
    let now = real
    if now > reckoned + Self.tolerance {
      reckoned = now
      lastDue = max(lastDue, lastMade)
    }
    return reckoned
  }

  public mutating func wait(until deadline: Instant) -> Instant {
    let now = real
    reckoned = max(reckoned, now > deadline + Self.tolerance ? now : deadline)
    return reckoned
  }

  public mutating func set(_ line: DriverLine, _ level: LineLevel) throws(NoFault) {
    let due = reckoned
    let distance = due.elapsed(since: lastDue)
    let at = distance < Self.unbound ? max(due, lastMade + distance) : due
    var made = real
    while made < at { made = real }
    let isAsserted = level == .asserted
    guard line != .enable || !isEnableHeld || !isAsserted else { return }
    B.set(line.benchLine, isAsserted)
    let late = made.elapsed(since: due)
    worstLateness = max(worstLateness, late)
    if late > TimeSpan(microseconds: 20) { lead = min(lead + late, Self.longestLead) }
    lastDue = due
    lastMade = made
    trace.record(line.benchLine, isAsserted: isAsserted, due: due)
    guard line == .step, isAsserted else { return }
    countStep(at: due)
    guard doublesSteps else { return }
    B.set(.step, false)
    B.set(.step, true)
    countStep(at: due)
  }

  private mutating func countStep(at due: Instant) {
    steps += 1
    head.step(isEnergised: B.readBack(.enable), at: due)
  }

  public mutating func readBack(_ line: DriverLine) throws(NoFault) -> LineLevel {
    B.readBack(line.benchLine) ? .asserted : .released
  }

  public mutating func readSensors() throws(NoFault) -> SensorReadings {
    let now = real
    return SensorReadings(
      indexPulses: head.pulses(isEnergised: B.readBack(.enable), at: now),
      driverFault: head.isFaultAsserted(at: now))
  }

  public mutating func readWallClock() -> Int64 {
    wallOffset + Int64(real.nanoseconds / 1_000_000_000)
  }

  /// The supervisor sounds.
  public mutating func sound(_ tone: AlarmTone) throws(NoFault) {}

  /// The supervisor kicks.
  public mutating func kickWatchdog() throws(NoFault) {}

  /// Begins to count lateness anew.
  mutating func forgetLateness() { worstLateness = .zero }
}
