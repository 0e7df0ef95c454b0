import PumpMessages
public import PumpTherapy
public import PumpUnits

/// The flow of one bolus over time: level where the motor starts without a ramp, else a trapezoid.
///
/// A trapezoid rises from the start rate to the bolus's own flow, never above it, and falls back, so
/// a ramped bolus lasts longer than prescribed by about one ramp. A bolus too small to reach its
/// flow is a triangle. At most 16 fL are lost to rounding down.
public struct BolusShape: Equatable, BitwiseCopyable, Sendable {
  /// When the flow begins.
  public let start: Instant
  /// The flow that the motor starts and ends with.
  public let from: FlowRate
  /// The flow at the top.
  public let to: FlowRate
  /// The time from `from` to `to` at the motor's acceleration; zero for a level bolus.
  public let rampLength: TimeSpan
  /// How much of the ramp is climbed, and fallen again; less than `rampLength` in a triangle.
  public let climb: TimeSpan
  /// The time at the top.
  public let cruise: TimeSpan

  /// Creates the shape of a bolus.
  ///
  /// - Parameters:
  ///   - bolus: What is asked for.
  ///   - start: When its flow begins.
  ///   - basal: The fastest flow that runs under it.
  ///   - motor: What the motor can follow.
  ///   - step: The volume of a step.
  ///   - lead: How long a ramped bolus waits for the driver to wake.
  /// - Throws: `QuantityError` where the sum of the flows is beyond the arithmetic.
  public init(
    of bolus: Bolus, from start: Instant, over basal: FlowRate, motor: MotorLimits,
    step: StepVolume, lead: TimeSpan = .zero
  ) throws(QuantityError) {
    let startFlow = (try? step.flow(ofStepsPerSecond: motor.startRate)) ?? .maximum
    guard try bolus.flow.adding(basal) > startFlow else {
      self.init(
        start: start, from: bolus.flow, to: bolus.flow, rampLength: .zero, climb: .zero,
        cruise: bolus.duration)
      return
    }
    let from = startFlow.lessening(by: basal)
    let ramp = try Self.rampLength(
      rising: bolus.flow - from, at: motor.acceleration, step: step)
    let shape = Self(
      start: start + lead, from: from, to: bolus.flow, rampLength: ramp, climb: .zero, cruise: .zero
    )
    self = shape.filled(with: bolus.volume)
  }

  /// The time in which a flow rises by so much, rounded up to an even number of nanoseconds.
  private static func rampLength(
    rising: FlowRate, at acceleration: UInt64, step: StepVolume
  ) throws(QuantityError) -> TimeSpan {
    let perSecond = Wide(acceleration) * Wide(step.numerator) * 86_400
    guard perSecond > 0 else { throw .divisionByZero }
    let rise = Wide(rising.count) * Wide(step.divisor) * 1_000_000_000
    let length = (rise + perSecond - 1) / perSecond
    guard length < Wide(MotorLimits.longestRamp.nanoseconds) else { throw .overflow }
    return TimeSpan(nanoseconds: (UInt64(length) + 1) & ~1)
  }

  init(
    start: Instant, from: FlowRate, to: FlowRate, rampLength: TimeSpan, climb: TimeSpan,
    cruise: TimeSpan
  ) {
    self.start = start
    self.from = from
    self.to = to
    self.rampLength = rampLength
    self.climb = climb
    self.cruise = cruise
  }

  /// When the flow ends.
  public var end: Instant { start + climb + cruise + climb }

  /// Whether the motor needs a ramp for it.
  public var isRamped: Bool { !rampLength.isZero }

  /// The whole volume, rounded down.
  public var volume: Volume { volume(by: end) }

  /// The volume delivered by an instant, rounded down.
  public func volume(by instant: Instant) -> Volume {
    let at = min(instant, end).elapsed(since: start)
    let rising = min(at, climb)
    let level = min(at.lessening(by: climb), cruise)
    let falling = at.lessening(by: climb + cruise)
    let rise = rampFlow(lasting: rising)
    let top = Wide(to.count) * Wide(level.nanoseconds)
    let fall =
      rampFlow(lasting: climb) - rampFlow(lasting: climb - falling)
    return Volume(femtolitres: UInt64((rise + top + fall) / Wide(TimeSpan.day.nanoseconds)))
  }

  /// This bolus, ended as soon as the motor can slow down from where it is.
  ///
  /// - Parameter instant: When it is cancelled; not before its start.
  /// - Returns: The shape that is left, whose `volume` is exactly what is delivered in the end.
  public func cancelled(at instant: Instant) -> Self {
    let at = instant.elapsed(since: start)
    guard at < climb + cruise else { return self }
    let climbed = min(at, climb)
    return Self(
      start: start, from: from, to: to, rampLength: rampLength, climb: climbed,
      cruise: at.lessening(by: climb))
  }

  /// The rest of this bolus, begun anew from the motor's rest.
  ///
  /// - Parameters:
  ///   - instant: When it was interrupted.
  ///   - pause: How long the motor rests.
  public func resumed(at instant: Instant, after pause: TimeSpan) -> Self {
    let rest = volume.lessening(by: volume(by: instant))
    return Self(
      start: instant + pause, from: from, to: to, rampLength: rampLength, climb: .zero,
      cruise: .zero
    ).filled(with: rest)
  }

  /// This bolus, what is left of it later by a span in which the motor made no step of it.
  public func delayed(by span: TimeSpan) -> Self {
    Self(
      start: start + span, from: from, to: to, rampLength: rampLength, climb: climb, cruise: cruise)
  }

  /// The flow from an instant on, over a base.
  ///
  /// - Parameters:
  ///   - instant: Not before the start.
  ///   - base: The basal under it.
  /// - Returns: The stretch up to the shape's next corner; `nil` from its end on.
  public func segment(from instant: Instant, over base: FlowRate) -> FlowSegment? {
    let at = instant.elapsed(since: start)
    if at < climb {
      return FlowSegment(
        until: start + climb, flow: base,
        ramp: .init(from: from, to: to, length: rampLength, elapsed: at))
    }
    if at < climb + cruise {
      return FlowSegment(until: start + climb + cruise, flow: base + to)
    }
    guard instant < end else { return nil }
    let fallen = at - (climb + cruise)
    return FlowSegment(
      until: end, flow: base,
      ramp: .init(
        from: to, to: from, length: rampLength, elapsed: rampLength - climb + fallen))
  }

  /// The integral of the rising ramp's flow over its first part, in fL·ns/day.
  private func rampFlow(lasting span: TimeSpan) -> Wide {
    guard isRamped else { return 0 }
    let time = Wide(span.nanoseconds)
    let rise = Wide((to - from).count) * time * time / (2 * Wide(rampLength.nanoseconds))
    return Wide(from.count) * time + rise
  }

  /// This ramp with as much climb and cruise as a volume fills.
  private func filled(with volume: Volume) -> Self {
    let whole = Wide(volume.femtolitres) * Wide(TimeSpan.day.nanoseconds)
    let full = 2 * rampFlow(lasting: rampLength)
    if full <= whole {
      return with(
        climb: rampLength,
        cruise: TimeSpan(nanoseconds: UInt64((whole - full) / Wide(to.count))))
    }
    var low: UInt64 = 0
    var high = rampLength.nanoseconds
    while high - low > 1 {
      let middle = (low + high) / 2
      let area = 2 * rampFlow(lasting: TimeSpan(nanoseconds: middle))
      if area <= whole { low = middle } else { high = middle }
    }
    return with(climb: TimeSpan(nanoseconds: low & ~1), cruise: .zero)
  }

  private func with(climb: TimeSpan, cruise: TimeSpan) -> Self {
    Self(
      start: start, from: from, to: to, rampLength: rampLength, climb: climb, cruise: cruise)
  }
}
