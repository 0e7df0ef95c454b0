import PumpMessages
public import PumpUnits

/// How often alarms sound, how long they may be silenced, and when they become more urgent.
public struct AlarmCadence: Equatable, BitwiseCopyable, Sendable {
  /// Between two-tone sounds of a critical alarm; ten minutes are [BG], so adjustable.
  public var critical = TimeSpan(minutes: 10)
  /// Between single tones of a non-critical alarm; about an hour by the maker's patient pages (S54).
  public var nonCritical = TimeSpan.hour
  /// The longest silence of a critical alarm; every silence ends by itself.
  public var longestCriticalSilence = TimeSpan.hour
  /// The longest silence of a non-critical alarm.
  public var longestNonCriticalSilence = TimeSpan.day
  /// From `stoppedLong` raised (24 h without delivery) to critical (48 h).
  public var stoppedEscalation = TimeSpan.day

  public init() {}

  func interval(_ priority: AlarmPriority) -> TimeSpan {
    priority == .critical ? critical : nonCritical
  }

  func longestSilence(_ priority: AlarmPriority) -> TimeSpan {
    priority == .critical ? longestCriticalSilence : longestNonCriticalSilence
  }
}
