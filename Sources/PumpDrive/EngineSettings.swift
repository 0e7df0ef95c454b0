import PumpMessages
public import PumpPlan
public import PumpSafety
public import PumpUnits

/// What the engine needs to know of the pump, the drug's limits and the bench; fixed for a run.
public struct EngineSettings: BitwiseCopyable, Sendable {
  /// The volume of a step.
  public var step: StepVolume
  /// What the motor can follow.
  public var motor: MotorLimits
  /// The driver's timing table.
  public var driver: DriverTiming
  /// How many late steps may still be made; more are booked as missed and alarmed.
  public var backlogLimit: UInt64
  /// The dose limits in force.
  public var limits: DoseLimits
  /// The reservoir as filled.
  public var reservoir: Reservoir
  /// Between two rounds of sensors, watchdog, dose guard and reservoir; a whole part of a minute, so
  /// that the guard counts at the end of each of its buckets.
  public var housekeeping = TimeSpan(seconds: 10)
  /// How alarms sound.
  public var cadence = AlarmCadence()
  /// Sensor limits.
  public var sensors = SensorLimits()
  /// Without delivery for this long, a reminder; 24 h and 48 h [DER from S4].
  public var stoppedReminder = TimeSpan.day
  /// Events kept in memory.
  public var recorderCapacity = 1024

  public init(
    step: StepVolume, motor: MotorLimits, driver: DriverTiming, backlogLimit: UInt64,
    limits: DoseLimits, reservoir: Reservoir
  ) {
    self.step = step
    self.motor = motor
    self.driver = driver
    self.backlogLimit = backlogLimit
    self.limits = limits
    self.reservoir = reservoir
  }
}

/// Where a sensor's reading becomes an alarm.
public struct SensorLimits: Equatable, BitwiseCopyable, Sendable {
  /// Below this the battery is low, in millivolts.
  public var batteryLowMillivolts: UInt32 = 2_600
  /// Below this the battery is at its end, in millivolts.
  public var batteryDepletedMillivolts: UInt32 = 2_300
  /// So far above its limit the battery must be before its alarm's cause has gone, in millivolts.
  public var batteryMarginMillivolts: UInt32 = 50
  /// Above this the pump is overheated, in thousandths of a degree Celsius.
  public var overheatedMilliCelsius: Int32 = 55_000
  /// So far below its limit it must be before the alarm's cause has gone.
  public var marginMilliCelsius: Int32 = 1_000
  /// A wall clock that moved against the elapsed time by more than this is news, in seconds.
  public var wallClockToleranceSeconds: Int64 = 2

  public init() {}
}
