public import PumpUnits

/// Monotonic time, and waiting for it.
public protocol PumpClock: ~Copyable {
  /// Reads the present instant; never earlier than any that reading or waiting gave before.
  mutating func readClock() -> Instant

  /// Waits until a deadline, or returns at once where that has passed.
  ///
  /// It may return late, by any amount, and never early.
  ///
  /// - Returns: The instant of waking.
  mutating func wait(until deadline: Instant) -> Instant

  /// Whether whoever waits has news to look at before anything else is done.
  ///
  /// Asked after each wait; news ends a control loop's run early, and stays until it was taken.
  mutating func hasNews() -> Bool
}

extension PumpClock where Self: ~Copyable {
  /// There is nobody who could have any.
  @inlinable public mutating func hasNews() -> Bool { false }
}

/// The wall clock, read to label records and to notice that it was moved; it never times a dose.
public protocol WallClock: ~Copyable {
  /// Reads the seconds since 1970-01-01 00:00 UTC, without leap seconds.
  mutating func readWallClock() -> Int64
}
