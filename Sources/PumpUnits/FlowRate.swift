/// A volume over time, in femtolitres per day.
///
/// The grid is the definition that the planner is exact against: a dose rate or a bolus becomes a
/// flow once, rounded down, and loses less than 1 fL a day, which is one microstep in 400 years.
/// From there on nothing rounds.
public struct FlowRate: Amount {
  /// Femtolitres per 24 h; 1 µL/day is 1,000,000,000 of them.
  public let femtolitresPerDay: UInt64

  /// The fastest flow that the planner's arithmetic is proved for: 281 mL/day.
  @inlinable public static var maximum: Self { Self(femtolitresPerDay: 1 << 48) }

  @inlinable public init(femtolitresPerDay: UInt64) { self.femtolitresPerDay = femtolitresPerDay }

  @inlinable public init(count: UInt64) { self.init(femtolitresPerDay: count) }

  @inlinable public init(microlitresPerDay: UInt64) {
    self.init(femtolitresPerDay: microlitresPerDay * 1_000_000_000)
  }

  /// Creates a flow from outside.
  ///
  /// - Throws: `QuantityError.overflow` past `maximum`.
  @inlinable public init(checkingFemtolitresPerDay count: UInt64) throws(QuantityError) {
    guard count <= Self.maximum.count else { throw .overflow }
    self.init(femtolitresPerDay: count)
  }

  /// Creates the flow that delivers a volume over a time, rounded down: less than 1 fL is lost in
  /// each day of it.
  ///
  /// - Throws: `QuantityError` past `maximum`, or over no time at all.
  @inlinable public init(delivering volume: Volume, over span: TimeSpan) throws(QuantityError) {
    try self.init(
      checkingFemtolitresPerDay: scaled(
        volume.femtolitres, by: TimeSpan.day.nanoseconds, over: span.nanoseconds, .down))
  }

  @inlinable public var count: UInt64 { femtolitresPerDay }

  /// The volume that this flow delivers in a time.
  ///
  /// - Throws: `QuantityError.overflow`.
  @inlinable public func volume(in span: TimeSpan, _ rounding: Rounding = .down)
    throws(QuantityError) -> Volume
  {
    Volume(
      femtolitres: try scaled(
        femtolitresPerDay, by: span.nanoseconds, over: TimeSpan.day.nanoseconds, rounding))
  }

  /// The time in which this flow delivers a volume, rounded down; `nil` for no flow, or beyond
  /// 584 years.
  @inlinable public func time(toDeliver volume: Volume) -> TimeSpan? {
    guard
      let nanoseconds = try? scaled(
        volume.femtolitres, by: TimeSpan.day.nanoseconds, over: femtolitresPerDay, .down)
    else { return nil }
    return TimeSpan(nanoseconds: nanoseconds)
  }
}
