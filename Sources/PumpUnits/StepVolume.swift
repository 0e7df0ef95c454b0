/// The volume that one step delivers, an exact fraction of femtolitres in lowest terms.
///
/// A calibrated head rarely divides into whole femtolitres (49.87 µL a revolution over 320,000
/// microsteps is 623,375/4 fL), and a rounded step would drift.
public struct StepVolume: Hashable, BitwiseCopyable, Sendable {
  /// Femtolitres in `divisor` steps; 1 to 2³⁸ (0.27 µL a step).
  public let numerator: UInt64

  /// How many steps deliver `numerator`; 1 to 2¹².
  public let divisor: UInt64

  /// Why a step volume can't be used.
  public enum Problem: Error, Equatable, Sendable {
    /// No volume, or no steps.
    case empty
    /// In lowest terms the volume exceeds 2³⁸ fL, or the divisor 2¹².
    case beyondArithmetic
  }

  /// Creates the step of a head that delivers a volume in a number of steps.
  ///
  /// - Throws: `Problem`, for a fraction outside the range that the planner is proved for.
  public init(delivering volume: Volume, inSteps steps: UInt64) throws(Problem) {
    guard !volume.isZero, steps > 0 else { throw .empty }
    let common = greatestCommonDivisor(volume.femtolitres, steps)
    let (numerator, divisor) = (volume.femtolitres / common, steps / common)
    guard numerator <= 1 << 38, divisor <= 1 << 12 else { throw .beyondArithmetic }
    self.numerator = numerator
    self.divisor = divisor
  }

  /// The volume of a number of steps.
  ///
  /// - Throws: `QuantityError.overflow`.
  @inlinable public func volume(ofSteps steps: UInt64, _ rounding: Rounding = .down)
    throws(QuantityError) -> Volume
  {
    Volume(femtolitres: try scaled(steps, by: numerator, over: divisor, rounding))
  }

  /// How many whole steps a volume holds.
  ///
  /// - Throws: `QuantityError.overflow`.
  @inlinable public func steps(in volume: Volume) throws(QuantityError) -> UInt64 {
    try scaled(volume.femtolitres, by: divisor, over: numerator, .down)
  }

  /// The flow of a number of steps a second, rounded down.
  ///
  /// - Throws: `QuantityError` past `FlowRate.maximum`.
  @inlinable public func flow(ofStepsPerSecond rate: UInt64) throws(QuantityError) -> FlowRate {
    let (perDay, overflow) = rate.multipliedReportingOverflow(by: 86_400)
    guard !overflow else { throw .overflow }
    return try FlowRate(
      checkingFemtolitresPerDay: volume(ofSteps: perDay).femtolitres)
  }
}
