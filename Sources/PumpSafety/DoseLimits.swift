public import PumpUnits

/// The most drug that may leave the pump in a sliding window.
public struct DoseLimits: Hashable, BitwiseCopyable, Sendable {
  /// One window's limits.
  public struct Limit: Hashable, BitwiseCopyable, Sendable {
    /// Beyond this a clinician must confirm.
    public let soft: Mass
    /// Beyond this nothing is delivered, whoever asks.
    public let hard: Mass

    /// Creates limits.
    ///
    /// - Precondition: The soft limit is not above the hard one.
    public init(soft: Mass, hard: Mass) {
      precondition(soft <= hard, "a soft limit is not above its hard limit")
      self.soft = soft
      self.hard = hard
    }
  }

  /// In any hour.
  public let perHour: Limit
  /// In any 24 h.
  public let perDay: Limit

  public init(perHour: Limit, perDay: Limit) {
    self.perHour = perHour
    self.perDay = perDay
  }
}

/// A sliding window of the dose guard.
public enum DoseWindow: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  case hour
  case day

  /// Its length.
  public var length: TimeSpan { self == .hour ? .hour : .day }

  /// How finely the guard counts in it: a minute of the hour, five of the day.
  var bucket: TimeSpan { TimeSpan(minutes: self == .hour ? 1 : 5) }
}
