public import PumpHAL
public import PumpMessages
public import PumpTherapy
public import PumpUnits

/// A drive on the thread of whoever supervises it, with a bench that both touch.
public struct DirectDrive<
  Hardware: PumpHardware & GuardHardware & ~Copyable, Wire: ChannelWire
>: DriveLink, GuardHardware, ~Copyable {
  public var loop: ControlLoop<Hardware>
  public var wire: Wire
  /// Why the therapy could not begin, or its bolus.
  public private(set) var refusal: Refusal?
  @usableFromInline var beat: UInt64 = 0
  @usableFromInline var takenEvents = 0
  @usableFromInline var answered: DriveAnswer?

  public init(_ loop: consuming ControlLoop<Hardware>, wire: Wire) {
    self.loop = loop
    self.wire = wire
    self.loop.isSupervised = true
  }

  /// The bench that is left when the process is gone.
  public consuming func dismantle() -> Hardware { loop.dismantle() }

  @inlinable
  public mutating func report(at now: Instant, withSum: Bool) -> DriveReport {
    beat &+= 1
    var report = loop.engine.report(beat: beat, at: now)
    if withSum { report.prescriptionSum = loop.engine.prescription.checksum }
    return wire.carry(report)
  }

  public mutating func send(_ order: DriveOrder, at now: Instant) {
    guard case .grant(let grant) = order else { return loop.engine.obey(order, at: now) }
    loop.engine.obey(.grant(wire.carry(grant)), at: now)
  }

  public mutating func detail(at now: Instant) -> DriveDetail { loop.engine.detail(at: now) }

  public mutating func begin(_ beginning: Beginning, at now: Instant) {
    refusal = nil
    do throws(Refusal) {
      try loop.engine.begin(beginning, at: max(now, beginning.at))
    } catch {
      refusal = error
    }
  }

  public mutating func ask(_ command: Command, number: UInt64, at now: Instant) -> Bool {
    do throws(Refusal) {
      try loop.engine.perform(command, at: now)
      answered = DriveAnswer(number: number, refusal: nil)
    } catch {
      answered = DriveAnswer(number: number, refusal: error)
    }
    return true
  }

  @inlinable
  public mutating func answer() -> DriveAnswer? {
    defer { answered = nil }
    return answered
  }

  @inlinable
  public mutating func event() -> TimedEvent? {
    while takenEvents < loop.engine.eventCount {
      if let event = loop.engine.event(takenEvents) { return event }
      // It has given way in the recorder.
      takenEvents += 1
    }
    return nil
  }

  @inlinable public mutating func takeEvent() { takenEvents += 1 }

  // MARK: - The bench, as it is

  public typealias GuardFailure = Hardware.GuardFailure
  public typealias SensorFailure = Hardware.SensorFailure
  public typealias AnnunciatorFailure = Hardware.AnnunciatorFailure
  public typealias WatchdogFailure = Hardware.WatchdogFailure

  @inlinable
  public mutating func holdEnable(_ isHeld: Bool) throws(Hardware.GuardFailure) {
    try loop.hardware.holdEnable(isHeld)
  }

  @inlinable public var mayMoveFrom: Instant { loop.hardware.mayMoveFrom }

  @inlinable
  public mutating func prove(_ part: SelfTestPart) -> SelfTestProof { loop.hardware.prove(part) }

  @inlinable
  public mutating func readIndex() throws(Hardware.GuardFailure) -> UInt64? {
    try loop.hardware.readIndex()
  }

  @inlinable
  public mutating func readSensors() throws(Hardware.SensorFailure) -> SensorReadings {
    try loop.hardware.readSensors()
  }

  @inlinable public mutating func readWallClock() -> Int64 { loop.hardware.readWallClock() }

  @inlinable
  public mutating func sound(_ tone: AlarmTone) throws(Hardware.AnnunciatorFailure) {
    try loop.hardware.sound(tone)
  }

  @inlinable
  public mutating func kickWatchdog() throws(Hardware.WatchdogFailure) {
    try loop.hardware.kickWatchdog()
  }
}
