public import PumpUnits

/// What the supervisor needs to know; fixed for a session.
public struct SupervisorSettings: Sendable {
  public var step: StepVolume
  public var limits: DoseLimits
  public var reservoir: Reservoir
  /// How many late steps the drive may still make good.
  public var backlogLimit: UInt64
  /// The motor's fastest rate, in steps/s, and how long it needs to stop from it.
  public var maximumRate: UInt64
  public var braking: TimeSpan
  /// Steps from one index pulse to the next; `nil` without an index line.
  public var stepsPerIndex: UInt64?

  /// Beyond one step, by so many steps the drive's count may leave the supervisor's envelope.
  public var tolerance: UInt64 = 2
  /// Between two looks at a drive that makes steps; evidence is never older when it is seen.
  public var poll = TimeSpan(milliseconds: 50)
  /// A drive that gives no sign of life for so long is silent.
  public var driveTimeout = TimeSpan(milliseconds: 300)
  /// A supervisor that was away itself for so long, while a therapy ran, says so.
  public var longestAbsence = TimeSpan(seconds: 2)
  /// A grant reaches so far ahead, and is renewed when no more than the margin is left of it: a
  /// durable write a minute while the basal runs by itself.
  public var grantSpan = TimeSpan(seconds: 70)
  public var grantMargin = TimeSpan(seconds: 10)
  /// The same while a bolus runs, which moves more in less time.
  public var bolusGrantSpan = TimeSpan(seconds: 13)
  public var bolusGrantMargin = TimeSpan(seconds: 3)
  /// Without steps for so long, a pulse is not one of the last step's.
  public var idleTime = TimeSpan(seconds: 1)
  /// After a stall is noticed the motor gets so many pulse distances more to turn again.
  public var stallTries = Self.usualStallTries
  /// Where a pump head's file says nothing.
  public static var usualStallTries: UInt64 { 2 }
  /// A motor that has not turned for so many distances does not turn by itself.
  public static var mostStallTries: UInt64 { 20 }
  /// Between two rounds of the self-test, and the longest that one may take (GIP 3.3.3, 3.4.3).
  public var selfTestInterval = TimeSpan.hour
  public var selfTestLimit = TimeSpan(seconds: 70)
  /// What keeps the lumen open where the prescription is damaged: 6 µL/day [BG].
  public var minimumFlow = FlowRate(femtolitresPerDay: 6_000_000_000)
  /// Between two kicks of the watchdogs, and between two readings of the slower sensors.
  public var kickInterval = TimeSpan(seconds: 1)
  public var sensorInterval = TimeSpan(seconds: 10)
  public var cadence = AlarmCadence()
  public var evidence = EvidenceLimits()
  public var service = ServiceLimits()
  public var recorderCapacity = 1024

  public init(
    step: StepVolume, limits: DoseLimits, reservoir: Reservoir, backlogLimit: UInt64,
    maximumRate: UInt64, braking: TimeSpan, stepsPerIndex: UInt64?
  ) {
    self.step = step
    self.limits = limits
    self.reservoir = reservoir
    self.backlogLimit = backlogLimit
    self.maximumRate = maximumRate
    self.braking = braking
    self.stepsPerIndex = stepsPerIndex
  }
}

/// When evidence from slow sensors becomes an alarm.
public struct EvidenceLimits: Equatable, Sendable {
  /// The reservoir's sensor may differ so much from the ledger: ±2 mL, as at a refill (S40, S64).
  public var reservoirDifference = Volume(microlitres: 2_000)
  /// And, once so much has been delivered that it can be told, by 145 thousandths of that (S1).
  public var reservoirPermille: UInt64 = 145
  /// By so much a reading may be wrong though the sensor works: its noise, and half as much again [DER].
  public var reservoirNoise = Volume(microlitres: 150)
  /// A button held down for longer is stuck [BG].
  public var buttonStuck = TimeSpan(minutes: 1)
  /// What a working sensor can say: millivolts of a lithium cell, thousandths of a degree.
  public var mostMillivolts: UInt32 = 4_500
  public var coldest: Int32 = -40_000
  public var hottest: Int32 = 150_000
  /// Readings in a row that must be implausible before they count.
  public var implausibleReadings = 3

  public init() {}
}

/// How long a pump serves.
public struct ServiceLimits: Equatable, Sendable {
  /// From first use to the end of service; seven years are [BG].
  public var life = TimeSpan(days: 7 * 365)
  /// So long before the end the pump is to be replaced (S54).
  public var notice = TimeSpan(days: 90)

  public init() {}
}
