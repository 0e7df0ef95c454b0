public import PumpHAL
public import PumpUnits

/// One call of the control loop to its hardware, with what came back.
///
/// The engine sees nothing of the world but these, so they are all that a run must be recorded by.
public enum HardwareCall: Equatable, BitwiseCopyable, Sendable {
  /// It waited for a deadline, and woke.
  case waited(until: Instant, woke: Instant)
  /// It read the monotonic clock.
  case readClock(Instant)
  /// It set a line; with the failure where that failed.
  case set(DriverLine, LineLevel, FaultKind?)
  /// It read a line back; `nil` where that failed.
  case readBack(DriverLine, LineLevel?)
  case readSensors(SensorReadings)
  case sensorsFailed(FaultKind)
  /// It read the wall clock, in seconds since 1970.
  case readWallClock(Int64)
  case sounded(AlarmTone, FaultKind?)
  case kickedWatchdog(FaultKind?)
  /// There was news for whoever runs the loop; where there was none, nothing is told.
  case hadNews
}

/// Takes calls as they are made.
public protocol HardwareCallSink: ~Copyable {
  /// Takes one; returns at once and allocates nothing.
  mutating func take(_ call: HardwareCall)
}
