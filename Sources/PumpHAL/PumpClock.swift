public import PumpUnits

/// Monotonic time, and waiting for it.
public protocol PumpClock: ~Copyable {
  /// The present instant; never earlier than any it gave before.
  var now: Instant { get }

  /// Waits until a deadline, or returns at once where that has passed.
  ///
  /// It may return late, by any amount, and never early.
  ///
  /// - Returns: The instant of waking.
  mutating func wait(until deadline: Instant) -> Instant
}

/// The wall clock, read to label records and to notice that it was moved; it never times a dose.
public protocol WallClock: ~Copyable {
  /// Seconds since 1970-01-01 00:00 UTC, without leap seconds.
  var secondsSince1970: Int64 { get }
}
