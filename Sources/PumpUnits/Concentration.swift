/// The mass of drug in a volume of solution, in nanograms per millilitre.
///
/// There is no default: a concentration that nobody entered has killed by a factor of ten.
public struct Concentration: Comparable, Hashable, BitwiseCopyable, Sendable {
  /// Nanograms per millilitre, never zero; 500 µg/mL is 500,000.
  public let nanogramsPerMillilitre: UInt64

  /// Creates a concentration.
  ///
  /// - Precondition: It is not zero; a drug-free solution is not a therapy.
  @inlinable public init(nanogramsPerMillilitre: UInt64) {
    precondition(nanogramsPerMillilitre > 0, "a concentration is never zero")
    self.nanogramsPerMillilitre = nanogramsPerMillilitre
  }

  @inlinable public init(microgramsPerMillilitre: UInt64) {
    self.init(nanogramsPerMillilitre: microgramsPerMillilitre * 1_000)
  }

  @inlinable public static func < (left: Self, right: Self) -> Bool {
    left.nanogramsPerMillilitre < right.nanogramsPerMillilitre
  }

  /// Femtolitres of 1 ng/mL that hold one femtogram: a nanolitre.
  @usableFromInline static var grid: UInt64 { 1_000_000 }

  /// The volume that holds a mass.
  ///
  /// - Throws: `QuantityError.overflow`.
  @inlinable public func volume(of mass: Mass, _ rounding: Rounding = .down) throws(QuantityError)
    -> Volume
  {
    Volume(
      femtolitres: try scaled(
        mass.femtograms, by: Self.grid, over: nanogramsPerMillilitre, rounding)
    )
  }

  /// The mass in a volume.
  ///
  /// - Throws: `QuantityError.overflow`.
  @inlinable public func mass(in volume: Volume, _ rounding: Rounding = .down)
    throws(QuantityError) -> Mass
  {
    Mass(
      femtograms: try scaled(
        volume.femtolitres, by: nanogramsPerMillilitre, over: Self.grid, rounding)
    )
  }

  /// The flow that gives a dose rate, rounded down: less than 1 fL a day is lost.
  ///
  /// - Throws: `QuantityError.overflow`, past `FlowRate.maximum` too.
  @inlinable public func flow(for rate: DoseRate) throws(QuantityError) -> FlowRate {
    try FlowRate(
      checkingFemtolitresPerDay: scaled(
        rate.femtogramsPerDay, by: Self.grid, over: nanogramsPerMillilitre, .down))
  }

  /// The dose rate that a flow gives.
  ///
  /// - Throws: `QuantityError.overflow`.
  @inlinable public func doseRate(of flow: FlowRate, _ rounding: Rounding = .down)
    throws(QuantityError) -> DoseRate
  {
    DoseRate(
      femtogramsPerDay: try scaled(
        flow.femtolitresPerDay, by: nanogramsPerMillilitre, over: Self.grid, rounding))
  }
}
