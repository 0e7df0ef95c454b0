/// A mass of drug over time, in femtograms per day.
public struct DoseRate: Amount {
  /// Femtograms per 24 h; 1 µg/day is 1,000,000,000 of them, 1 µg/h twenty-four times that.
  public let femtogramsPerDay: UInt64

  @inlinable public init(femtogramsPerDay: UInt64) { self.femtogramsPerDay = femtogramsPerDay }

  @inlinable public init(count: UInt64) { self.init(femtogramsPerDay: count) }

  @inlinable public init(microgramsPerDay: UInt64) {
    self.init(femtogramsPerDay: microgramsPerDay * 1_000_000_000)
  }

  @inlinable public init(microgramsPerHour: UInt64) {
    self.init(microgramsPerDay: microgramsPerHour * 24)
  }

  @inlinable public var count: UInt64 { femtogramsPerDay }
}
