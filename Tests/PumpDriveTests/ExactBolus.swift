import BigInt
import PumpPlan
import PumpTherapy
import PumpUnits

/// A bolus as its definition has it, in exact fractions, worked out from the prescription and the motor alone.
///
/// The flow is the volume over the duration. Where that and the fastest basal together are above the motor's
/// start rate, the flow rises from the start rate at the motor's acceleration, and falls as it rose; the top
/// lasts until the volume is whole. A volume that is full before the top is reached is a triangle.
struct ExactBolus {
  /// When the flow begins, in ns.
  let start: UInt64
  let isRamped: Bool
  /// The flow at the top, and at the ramp's beginning, in fL a day.
  let top: Rational
  let from: Rational
  /// Nanoseconds at the top.
  let cruise: Rational
  /// The ramp's slope, in fL a day and ns.
  let slope: Rational
  let volume: Rational

  init(
    of bolus: Bolus, at start: UInt64, over peak: FlowRate, motor: MotorLimits, step: StepVolume,
    lead: TimeSpan
  ) {
    let day = BigInt(86_400_000_000_000)
    let stepVolume = Rational(BigInt(step.numerator), BigInt(step.divisor))
    volume = Rational(BigInt(bolus.volume.femtolitres))
    let duration = BigInt(bolus.duration.nanoseconds)
    top = Rational(BigInt(bolus.volume.femtolitres) * day, duration)
    let startFlow = stepVolume * Rational(BigInt(motor.startRate) * 86_400)
    let basal = Rational(BigInt(peak.femtolitresPerDay))
    isRamped = top + basal > startFlow
    self.start = start + (isRamped ? lead.nanoseconds : 0)
    guard isRamped else {
      (from, slope, cruise) = (top, Rational(0), Rational(duration))
      return
    }
    from = startFlow > basal ? startFlow - basal : Rational(0)
    slope = stepVolume * Rational(BigInt(motor.acceleration) * 86_400, 1_000_000_000)
    // Both ramps whole: (from + top) / 2 for (top - from) / slope, twice.
    let rising = top - from
    let ramps = (from + top) * rising * slope.inverse
    let rest = volume * Rational(day) - ramps
    cruise = rest > Rational(0) ? rest * top.inverse : Rational(0)
  }

  /// What of a planned shape is not as the definition has it; `nil` where all is.
  func difference(from shape: BolusShape) -> String? {
    func differs(_ exact: Rational, _ count: UInt64, by most: Int) -> Bool {
      exact - Rational(BigInt(count)) > Rational(BigInt(most))
        || Rational(BigInt(count)) - exact > Rational(BigInt(most))
    }
    if shape.start.nanoseconds != start {
      return "begins at \(shape.start.nanoseconds) ns, not at \(start)"
    }
    // Flows are whole fL a day, rounded down.
    if differs(top, shape.to.femtolitresPerDay, by: 1) { return "its flow" }
    guard isRamped else {
      if shape.isRamped || !shape.climb.isZero { return "ramped without need" }
      return differs(cruise, shape.cruise.nanoseconds, by: 0) ? "its duration" : nil
    }
    guard shape.isRamped else { return "not ramped" }
    if differs(from, shape.from.femtolitresPerDay, by: 1) {
      return "the flow that its ramp begins with"
    }
    let ramp = (top - from) * slope.inverse
    if differs(ramp, shape.rampLength.nanoseconds, by: 3) { return "the length of its ramp" }
    if cruise > Rational(0), differs(ramp, shape.climb.nanoseconds, by: 3) { return "its climb" }
    if differs(cruise, shape.cruise.nanoseconds, by: 12) { return "its time at the top" }
    // The volume of what was planned, by its own corners: rounding may lose 16 fL and never adds one.
    let planned = Self.volume(of: shape)
    if planned > volume || volume - planned > Rational(16) { return "its volume" }
    return nil
  }

  /// The exact volume under a shape's corners, in fL.
  static func volume(of shape: BolusShape) -> Rational {
    let (from, to) = (BigInt(shape.from.femtolitresPerDay), BigInt(shape.to.femtolitresPerDay))
    let (climb, cruise) = (BigInt(shape.climb.nanoseconds), BigInt(shape.cruise.nanoseconds))
    let length = BigInt(max(1, shape.rampLength.nanoseconds))
    // 2 × (from × climb + rise × climb² ÷ (2 × length)) + to × cruise.
    let area = Rational(
      2 * from * climb * length + (to - from) * climb * climb + to * cruise * length, length)
    return area * Rational(1, 86_400_000_000_000)
  }
}

extension Rational {
  var inverse: Self { Self(denominator, numerator) }
}
