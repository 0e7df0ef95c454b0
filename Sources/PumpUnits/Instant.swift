/// A point on the pump's monotonic clock, in nanoseconds since the controller's epoch.
///
/// Never a wall time: a clock change, a leap second or a summer-time switch must not move a dose.
///
/// On bare metal its sums are functions: a 32-bit processor needs a dozen instructions for each.
public struct Instant: Comparable, Hashable, BitwiseCopyable, Sendable {
  /// Nanoseconds since the epoch.
  public let nanoseconds: UInt64

  @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// The first instant there is.
  @inlinable public static var epoch: Self { Self(nanoseconds: 0) }

  /// Later than any event: what never happens is due then.
  @inlinable public static var never: Self { Self(nanoseconds: .max) }

  @inlinable public static func < (left: Self, right: Self) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The instant a span later, or `never` past the end of the clock.
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inlinable
  #endif
  public static func + (left: Self, right: TimeSpan) -> Self {
    let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
    return overflow ? .never : Self(nanoseconds: sum)
  }

  /// The span from an earlier instant to a later one.
  ///
  /// - Precondition: `right` is not later than `left`.
  @inlinable public static func - (left: Self, right: Self) -> TimeSpan {
    TimeSpan(nanoseconds: left.nanoseconds - right.nanoseconds)
  }

  /// The span since an instant, or none where that is still to come.
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inlinable
  #endif
  public func elapsed(since earlier: Self) -> TimeSpan {
    earlier > self ? .zero : self - earlier
  }

  /// The instant a span earlier, or the epoch where there is none.
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inlinable
  #endif
  public func preceding(by span: TimeSpan) -> Self {
    span.nanoseconds > nanoseconds
      ? .epoch : Self(nanoseconds: nanoseconds - span.nanoseconds)
  }
}
