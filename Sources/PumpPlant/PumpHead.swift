public import PumpUnits

/// A peristaltic head as it really is, which is not quite as it was calibrated.
public struct PumpHead: Sendable {
  /// The volume of a revolution by the calibration.
  public var volumePerRevolution: Volume
  /// Motor steps in a revolution of the head.
  public var stepsPerRevolution: UInt64
  /// By how many parts per million it delivers more a revolution than calibrated.
  public var calibrationErrorPPM: Int64
  /// Rollers, each a pulse a revolution.
  public var rollers: UInt64
  /// Index pulses a revolution; a divisor of `stepsPerRevolution`.
  public var indexPulses: UInt64 = 1
  /// The ripple of the flow around its mean, in thousandths of it; 0 to 1000.
  public var pulsationPermille: UInt64

  public init(
    volumePerRevolution: Volume, stepsPerRevolution: UInt64, calibrationErrorPPM: Int64 = 0,
    rollers: UInt64 = 1, pulsationPermille: UInt64 = 0
  ) {
    precondition(stepsPerRevolution > 0 && rollers > 0, "a head has rollers and turns in steps")
    precondition(pulsationPermille <= 1000, "a ripple never reverses the flow")
    self.volumePerRevolution = volumePerRevolution
    self.stepsPerRevolution = stepsPerRevolution
    self.calibrationErrorPPM = calibrationErrorPPM
    self.rollers = rollers
    self.pulsationPermille = pulsationPermille
  }

  /// Steps from one index pulse to the next.
  public var stepsPerIndex: UInt64 { max(1, stepsPerRevolution / max(1, indexPulses)) }

  /// The volume that has really left after a number of steps.
  ///
  /// Over one roller's part *x* of its way (0 to 1) it has delivered `x - a s(x)`, where `s` is a
  /// sine drawn with two parabolas and `a` makes the flow's ripple the one asked for.
  public func delivered(afterSteps steps: UInt64) -> Volume {
    let perRevolution =
      Int128(volumePerRevolution.femtolitres) * Int128(1_000_000 + calibrationErrorPPM)
    let rollersPassed = Int128(steps) * Int128(rollers)
    let (whole, rest) = rollersPassed.quotientAndRemainder(dividingBy: Int128(stepsPerRevolution))
    let grid: Int128 = 1 << 16
    let x = rest * grid / Int128(stepsPerRevolution)
    let half = grid / 2
    let wave = x < half ? 8 * x * (half - x) : -8 * (x - half) * (grid - x)
    let ripple = wave * Int128(pulsationPermille) / (4_000 * grid)
    let inRoller =
      rest * grid / Int128(stepsPerRevolution) - ripple
    let scaled = perRevolution * (whole * grid + inRoller) / (Int128(rollers) * grid * 1_000_000)
    return Volume(femtolitres: UInt64(max(0, scaled)))
  }
}
