public import PumpHAL
public import PumpUnits

/// The supervisor's side of no chip: an index that turns with the drive's steps.
public struct SimulatedGuard: GuardBench, ~Copyable {
  public typealias GuardFailure = NoFault
  public typealias SensorFailure = NoFault
  public typealias AnnunciatorFailure = NoFault
  public typealias WatchdogFailure = NoFault

  public private(set) var isHeld = false
  private let channel: Channel
  private let stepsPerIndex: UInt64
  private var isEnergised = false
  /// Steps of the drive that moved nothing, for ENABLE was released.
  private var idled: UInt64 = 0
  private var seen: UInt64 = 0

  /// - Precondition: `stepsPerIndex` is at least 1.
  public init(channel: Channel, stepsPerIndex: UInt64) {
    precondition(stepsPerIndex > 0, "an index pulse comes every so many steps")
    self.channel = channel
    self.stepsPerIndex = stepsPerIndex
  }

  public var trouble: LinuxBench.Trouble? { nil }
  public var isChattering: Bool { false }
  public var glitches: UInt64 { 0 }
  public var mayMoveFrom: Instant { .epoch }

  private mutating func turn() {
    let made = channel[.made]
    if !isEnergised { idled += made - seen }
    seen = made
  }

  public mutating func readWallClock() -> Int64 { wallClockSeconds() }

  public mutating func follow(_ level: LineLevel) -> LineLevel {
    turn()
    isEnergised = level == .asserted && !isHeld
    return isEnergised ? .asserted : .released
  }

  public mutating func holdEnable(_ isHeld: Bool) {
    turn()
    self.isHeld = isHeld
    if isHeld { isEnergised = false }
  }

  public mutating func readIndex() -> UInt64? {
    turn()
    return (seen - idled) / stepsPerIndex
  }

  public mutating func readSensors() -> SensorReadings { SensorReadings(indexPulses: readIndex()) }
  public mutating func prove(_ part: SelfTestPart) -> SelfTestProof { .passed }
  public mutating func sound(_ tone: AlarmTone) {}
  public mutating func tend(at now: Instant) {}
  public mutating func kickWatchdog() {}
  public mutating func kickSystem() {}
}
