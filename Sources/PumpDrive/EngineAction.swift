public import PumpHAL
import PumpMessages
public import PumpUnits

/// What the engine wants done at once.
public enum EngineAction: Equatable, BitwiseCopyable, Sendable {
  /// Set a line; `due` is when that was planned for.
  case edge(DriverLine, LineLevel, due: Instant)
  /// Start a tone.
  case sound(AlarmTone)
  /// Kick the watchdog, read the sensors and the wall clock, and pass them to `observe`.
  case housekeep
}
