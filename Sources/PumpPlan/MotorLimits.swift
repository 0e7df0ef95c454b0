import PumpMessages
public import PumpUnits

/// What the motor and its load can follow, from the driver's file.
public struct MotorLimits: Hashable, BitwiseCopyable, Sendable {
  /// The rate in steps/s at which it starts and stops without a ramp; 0 means that every bolus is
  /// ramped from rest.
  public let startRate: UInt64
  /// The fastest rate in steps/s.
  public let maximumRate: UInt64
  /// The acceleration between them in steps/s².
  public let acceleration: UInt64
  /// By so much a step of a ramped bolus may come late, and the motor still follows it at its speed.
  ///
  /// A longer delay stops the motor, which then starts anew. Zero where nobody has measured it.
  public let followsDelay: TimeSpan

  /// The shortest time between two STEP edges at the maximum rate, rounded up.
  public let ratedInterval: TimeSpan
  /// The shortest time between two STEP edges without a ramp, rounded up.
  public let startInterval: TimeSpan

  /// Why limits can't be used.
  public enum Problem: Error, Equatable, Sendable {
    /// The maximum rate is outside 1 to 1,000,000 steps/s.
    case maximumRateOutOfRange(UInt64)
    /// The start rate exceeds the maximum rate.
    case startAboveMaximum
    /// The acceleration is 0, or so low that the ramp would exceed `longestRamp`.
    case accelerationTooLow
    /// No motor follows a step that comes later than `longestDelay`.
    case delayTooLong
  }

  /// The longest ramp from the start rate to the maximum rate, for the planner's arithmetic.
  public static var longestRamp: TimeSpan { TimeSpan(nanoseconds: 1 << 32) }

  /// The longest delay that a motor can be said to follow: one tenth of a second.
  public static var longestDelay: TimeSpan { TimeSpan(milliseconds: 100) }

  /// Creates limits.
  ///
  /// - Throws: `Problem`.
  public init(
    startRate: UInt64, maximumRate: UInt64, acceleration: UInt64, followsDelay: TimeSpan = .zero
  ) throws(Problem) {
    guard followsDelay <= Self.longestDelay else { throw .delayTooLong }
    guard (1...1_000_000).contains(maximumRate) else {
      throw .maximumRateOutOfRange(maximumRate)
    }
    guard startRate <= maximumRate else { throw .startAboveMaximum }
    let ramp = try? scaled(maximumRate - startRate, by: 1_000_000_000, over: acceleration, .up)
    guard let ramp, ramp < Self.longestRamp.nanoseconds else { throw .accelerationTooLow }
    self.startRate = startRate
    self.maximumRate = maximumRate
    self.acceleration = acceleration
    self.followsDelay = followsDelay
    ratedInterval = Self.interval(maximumRate)
    startInterval = Self.interval(startRate == 0 ? maximumRate : startRate)
  }

  private static func interval(_ rate: UInt64) -> TimeSpan {
    TimeSpan(nanoseconds: (1_000_000_000 + rate - 1) / rate)
  }
}
