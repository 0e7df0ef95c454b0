public import PumpHAL
public import PumpUnits

/// The mock backend: a virtual clock, and a motor, head, reservoir, catheter, battery and sensors
/// that live in memory.
///
/// Faults it can make: stalls, missed steps, driver faults, late wake-ups, failed edges, dead
/// sensors, a failing battery, heat, a moved wall clock; each at an instant or an edge. Two runs
/// with the same settings are the same to the bit.
///
/// Volumes are worked out from the rotor's position when somebody asks, so a step costs a count.
public struct SimulatedBench<Trace: EdgeTrace>: PumpHardware, GuardHardware, ~Copyable {
  public typealias Failure = PlantFailure
  public typealias SensorFailure = PlantFailure
  public typealias AnnunciatorFailure = NoFault
  public typealias WatchdogFailure = NoFault
  public typealias GuardFailure = PlantFailure

  public let settings: PlantSettings
  public var trace: Trace

  @usableFromInline var clock = Instant.epoch
  /// Steps that the rotor really turned.
  @usableFromInline var position: UInt64 = 0
  /// The position at which the index signal next changes.
  @usableFromInline var indexChange: UInt64
  /// Whether a STEP turns the rotor, as far as the lines go and no fault holds it.
  @usableFromInline var turnsFreely = false
  @usableFromInline var isStepAsserted = false
  var isEnergised = false
  var isForward = false
  var isIndexAsserted = false
  /// So many more edges, and until this instant, nothing unusual happens.
  @usableFromInline var calmEdges: UInt64
  /// The edges made when that was last worked out, and how many were calm from there.
  var edgesBefore: UInt64 = 0
  var calmEdgesThen: UInt64
  @usableFromInline var calmUntil: Instant

  var faults: FaultSchedule
  var random: SplitMix64
  var stalledUntil = Instant.epoch
  /// Whether the supervisor holds ENABLE released.
  public internal(set) var isEnableHeld = false
  var creepsUntil = Instant.epoch
  var creptTo = Instant.epoch
  var doubled: UInt64 = 0
  var buttonUntil = Instant.epoch
  var buttonPresses: UInt64 = 0
  var wildUntil = Instant.epoch
  var reservoirLoss = Volume.zero
  var failingPart: SelfTestPart?
  var partFailsUntil = Instant.epoch
  var missing: UInt64 = 0
  var faultUntil = Instant.epoch
  var deadUntil = Instant.epoch
  var pendingFailure: FaultKind?
  var lateness = TimeSpan.zero
  var slowness = TimeSpan.zero
  var batteryBase: Int64
  var milliCelsius: Int32
  var wallOffset: Int64
  var isKickHigh = false
  var isFaultAsserted = false
  var isLowAsserted = false
  var buzzesUntil: Instant?
  /// Sounds made so far.
  public internal(set) var sounds: UInt64 = 0

  /// Creates a bench at rest.
  public init(settings: PlantSettings, trace: Trace) {
    self.settings = settings
    self.trace = trace
    indexChange = settings.head.stepsPerIndex
    faults = settings.faults
    calmEdges = settings.faults.nextEdge - 1
    calmEdgesThen = calmEdges
    calmUntil = settings.faults.nextInstant
    random = SplitMix64(seed: settings.seed)
    batteryBase = Int64(settings.batteryMillivolts)
    milliCelsius = settings.milliCelsius
    wallOffset = settings.wallSecondsAtStart
  }

  /// The virtual clock.
  @inlinable public var now: Instant { clock }

  @inlinable public mutating func readClock() -> Instant { clock }

  public mutating func readWallClock() -> Int64 {
    wallOffset + Int64(clock.nanoseconds / 1_000_000_000)
  }

  @inlinable
  public mutating func wait(until deadline: Instant) -> Instant {
    guard deadline >= calmUntil else {
      clock = max(clock, deadline)
      return clock
    }
    return unusualWait(until: deadline)
  }

  // Inlined into the control loop: a call would cost as much as its work.
  @inlinable @inline(__always)
  public mutating func set(_ line: DriverLine, _ level: LineLevel) throws(PlantFailure) {
    if calmEdges > 0 { calmEdges -= 1 } else { try unusualEdge(line, level) }
    guard line == .step else { return setOther(line, level) }
    isStepAsserted = level == .asserted
    trace.record(.step, isAsserted: isStepAsserted, at: clock)
    guard isStepAsserted else { return }
    guard turnsFreely else { return turnIfPossible() }
    turn()
  }

  public mutating func readBack(_ line: DriverLine) -> LineLevel {
    switch line {
    case .step: isStepAsserted ? .asserted : .released
    case .direction: isForward ? .asserted : .released
    case .enable: isEnergised ? .asserted : .released
    }
  }

  @inlinable
  mutating func turn() {
    position += 1
    if position == indexChange { moveIndex() }
  }

  /// Sets DIR or ENABLE.
  @usableFromInline
  mutating func setOther(_ line: DriverLine, _ level: LineLevel) {
    if line == .direction {
      isForward = level == .asserted
      trace.record(.direction, isAsserted: isForward, at: clock)
    } else {
      creep()
      guard !isEnableHeld else { return }
      isEnergised = level == .asserted
      trace.record(.enable, isAsserted: isEnergised, at: clock)
    }
    updateCalm()
  }
}

/// A failure that the schedule asked for.
public struct PlantFailure: HardwareFault, Equatable {
  public let kind: FaultKind

  public init(_ kind: FaultKind) { self.kind = kind }
}
