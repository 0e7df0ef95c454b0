public import PumpHAL
public import PumpUnits

/// Gives recorded calls back in their order; `nil` after the last.
public protocol HardwareCallSource: ~Copyable {
  /// The next call.
  mutating func next() -> HardwareCall?

  /// Takes the next call only where it is the one that is asked about.
  mutating func takeNews() -> Bool

  /// Takes note that the replay has left the record: nothing more is asked for.
  mutating func wasLeft()
}

/// Hardware that answers from a record, and notices the first call that is not the recorded one.
///
/// From there on it answers on its own, so that the loop that runs on it comes to its end.
public struct ReplayedHardware<Source: HardwareCallSource & ~Copyable>: PumpHardware, ~Copyable {
  public typealias Failure = ReplayedFault
  public typealias SensorFailure = ReplayedFault
  public typealias AnnunciatorFailure = ReplayedFault
  public typealias WatchdogFailure = ReplayedFault

  /// Where the replay left the record.
  public struct Divergence: Equatable, Sendable {
    /// The call's number, counted from 0.
    public var number: UInt64
    /// What the record has; `nil` where it ends.
    public var recorded: HardwareCall?
    /// What was asked for instead, with no meaning in what would have come back.
    public var asked: HardwareCall
  }

  public var source: Source
  /// The first difference; `nil` as long as there is none.
  public private(set) var divergence: Divergence?
  /// Calls answered from the record.
  public private(set) var replayed: UInt64 = 0
  private var clock = Instant.epoch
  private var wallSeconds: Int64 = 0

  /// Takes a record's calls.
  public init(source: consuming Source) { self.source = source }

  /// The recorded call, if it is the one that is asked for now.
  private mutating func answer(_ asked: HardwareCall, _ matches: (HardwareCall) -> Bool)
    -> HardwareCall?
  {
    guard divergence == nil else { return nil }
    let recorded = source.next()
    if let recorded, matches(recorded) {
      replayed += 1
      return recorded
    }
    divergence = Divergence(number: replayed, recorded: recorded, asked: asked)
    source.wasLeft()
    return nil
  }

  public mutating func readClock() -> Instant {
    let asked = HardwareCall.readClock(clock)
    let call = answer(asked) { if case .readClock = $0 { true } else { false } }
    if case .readClock(let now) = call { clock = now }
    return clock
  }

  public mutating func wait(until deadline: Instant) -> Instant {
    let asked = HardwareCall.waited(until: deadline, woke: deadline)
    let call = answer(asked) { if case .waited(deadline, _) = $0 { true } else { false } }
    clock = max(clock, deadline)
    if case .waited(_, let woke) = call { clock = woke }
    return clock
  }

  public mutating func hasNews() -> Bool {
    guard divergence == nil, source.takeNews() else { return false }
    replayed += 1
    return true
  }

  public mutating func readWallClock() -> Int64 {
    let asked = HardwareCall.readWallClock(wallSeconds)
    let call = answer(asked) { if case .readWallClock = $0 { true } else { false } }
    if case .readWallClock(let seconds) = call { wallSeconds = seconds }
    return wallSeconds
  }

  public mutating func set(_ line: DriverLine, _ level: LineLevel) throws(ReplayedFault) {
    let asked = HardwareCall.set(line, level, nil)
    let call = answer(asked) { if case .set(line, level, _) = $0 { true } else { false } }
    if case .set(_, _, let kind?) = call { throw ReplayedFault(kind: kind) }
  }

  public mutating func readBack(_ line: DriverLine) throws(ReplayedFault) -> LineLevel {
    let call = answer(.readBack(line, nil)) {
      if case .readBack(line, _) = $0 { true } else { false }
    }
    guard case .readBack(_, let level) = call else { return .released }
    guard let level else { throw ReplayedFault(kind: .deviceLost) }
    return level
  }

  public mutating func readSensors() throws(ReplayedFault) -> SensorReadings {
    let call = answer(.readSensors(SensorReadings())) {
      switch $0 {
      case .readSensors, .sensorsFailed: true
      default: false
      }
    }
    switch call {
    case .readSensors(let readings): return readings
    case .sensorsFailed(let kind): throw ReplayedFault(kind: kind)
    default: return SensorReadings()
    }
  }

  public mutating func sound(_ tone: AlarmTone) throws(ReplayedFault) {
    let asked = HardwareCall.sounded(tone, nil)
    let call = answer(asked) { if case .sounded(tone, _) = $0 { true } else { false } }
    if case .sounded(_, let kind?) = call { throw ReplayedFault(kind: kind) }
  }

  public mutating func kickWatchdog() throws(ReplayedFault) {
    let call = answer(.kickedWatchdog(nil)) {
      if case .kickedWatchdog = $0 { true } else { false }
    }
    if case .kickedWatchdog(let kind?) = call { throw ReplayedFault(kind: kind) }
  }
}

/// A failure that the record has.
public struct ReplayedFault: HardwareFault, Equatable {
  public let kind: FaultKind
}
