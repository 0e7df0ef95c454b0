/// A length of elapsed time, in nanoseconds; 64 bits reach 584 years.
public struct TimeSpan: Amount {
  /// Nanoseconds.
  public let nanoseconds: UInt64

  @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  @inlinable public init(count: UInt64) { self.init(nanoseconds: count) }

  @inlinable public init(microseconds: UInt64) { self.init(nanoseconds: microseconds * 1_000) }

  @inlinable public init(milliseconds: UInt64) { self.init(nanoseconds: milliseconds * 1_000_000) }

  @inlinable public init(seconds: UInt64) { self.init(nanoseconds: seconds * 1_000_000_000) }

  @inlinable public init(minutes: UInt64) { self.init(seconds: minutes * 60) }

  @inlinable public init(hours: UInt64) { self.init(seconds: hours * 3_600) }

  @inlinable public init(days: UInt64) { self.init(seconds: days * 86_400) }

  @inlinable public var count: UInt64 { nanoseconds }

  /// One hour.
  @inlinable public static var hour: Self { Self(hours: 1) }

  /// Twenty-four hours of elapsed time, whatever the wall clock did meanwhile.
  @inlinable public static var day: Self { Self(days: 1) }
}
