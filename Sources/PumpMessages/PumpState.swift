/// What the engine is doing.
public enum PumpState: Equatable, BitwiseCopyable, Sendable {
  /// Not begun.
  case idle
  /// The therapy runs.
  case delivering
  /// Held back by command.
  case suspended
  /// Stopped by an alarm, until its cause has gone and it is acknowledged.
  case tripped(Alarm)
}
