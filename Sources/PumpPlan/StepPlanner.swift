import PumpMessages
public import PumpUnits

/// Says when each step is due: step *k* at the first nanosecond at which the exact integral of the
/// flow has reached *k* step volumes.
///
/// All arithmetic is on whole *units* of 1 fL ÷ (step divisor × one day in ns), in which a flow of
/// so many femtolitres a day is a whole number of units a nanosecond, and a step a whole number of
/// units. So nothing rounds from step to step, and an error can't grow: within a constant flow a
/// remainder is carried from step to step, and a ramp's quadratic is solved exactly for each step.
/// Only a ramp that is cut off in its middle rounds the phase, down, by less than one unit
/// (10⁻¹⁴ fL).
///
/// The planner knows one segment at a time. Whoever owns it begins the next when the last has
/// ended, or earlier where a command changes the flow. It never looks at a clock, never allocates,
/// and costs a few additions a step.
public struct StepPlanner: ~Copyable {
  /// When the next step is due; `never` where none is in this segment.
  @inlinable public var nextDue: Instant { due }

  /// Steps taken so far.
  @inlinable public var planned: UInt64 { taken }

  /// When the present segment began.
  public var segmentStart: Instant { start }

  /// When the present segment ends; the next must begin then, or before.
  @inlinable public var segmentEnd: Instant { end }

  /// The volume of a step.
  public let step: StepVolume

  @usableFromInline var due = Instant.never
  @usableFromInline var taken: UInt64 = 0

  /// Units in a step.
  @usableFromInline let quantum: Wide
  /// The present segment's beginning, the phase there (0 ..< quantum) and the steps before it.
  private var start: Instant
  @usableFromInline var end: Instant
  private var phaseAtStart: Wide = 0
  private var plannedAtStart: UInt64 = 0

  // A constant flow: units a nanosecond; a step's interval is `interval + remainder ÷ flux` ns, and
  // `overshoot` is by how many units the integral passes the step at the whole nanosecond.
  @usableFromInline var flux: UInt64 = 0
  @usableFromInline var interval: UInt64 = 0
  @usableFromInline var remainder: UInt64 = 0
  @usableFromInline var overshoot: UInt64 = 0

  @usableFromInline var ramp = RampSolver()
  @usableFromInline var isRamp = false

  /// Creates a planner with no flow, whose first segment may begin at any instant from `start` on.
  public init(step: StepVolume, start: Instant = .epoch) {
    self.step = step
    quantum = Wide(step.numerator) * Wide(TimeSpan.day.nanoseconds)
    self.start = start
    end = .never
  }

  /// Takes the step that is due, and works out the next one of the segment.
  ///
  /// - Precondition: `nextDue` is not `never`.
  @inlinable
  public mutating func take() {
    taken += 1
    let next: UInt64
    if isRamp {
      next = ramp.next()
    } else if overshoot >= remainder {
      overshoot -= remainder
      next = due.nanoseconds &+ interval
    } else {
      overshoot += flux - remainder
      next = due.nanoseconds &+ interval &+ 1
    }
    due = next > end.nanoseconds ? .never : Instant(nanoseconds: next)
  }

  /// Takes every step of the segment that is due by an instant, in closed form.
  ///
  /// - Returns: How many there were.
  public mutating func takeAll(by instant: Instant) -> UInt64 {
    guard nextDue <= instant, nextDue != .never else { return 0 }
    let whole = (phaseAtStart + integral(to: min(instant, segmentEnd))) / quantum
    let before = taken
    taken = plannedAtStart + UInt64(whole)
    findNextDue()
    return planned - before
  }

  /// How many steps are due by an instant of the present segment, those taken included.
  public func planned(by instant: Instant) -> UInt64 {
    let whole = (phaseAtStart + integral(to: min(instant, segmentEnd))) / quantum
    return max(taken, plannedAtStart + UInt64(whole))
  }

  /// Ends the present segment at an instant and begins the next.
  ///
  /// - Parameters:
  ///   - segment: The flow from there on.
  ///   - instant: Not before the present segment's start, not after its end.
  /// - Precondition: Every step due by then has been taken, and the flow is within
  ///   `FlowRate.maximum`.
  public mutating func begin(_ segment: FlowSegment, at instant: Instant) {
    precondition(instant >= start && instant <= segmentEnd, "segments follow one another")
    precondition(nextDue > instant, "every due step is taken before the flow changes")
    phaseAtStart = phase(at: instant)
    start = instant
    plannedAtStart = planned
    end = segment.end
    // A flow is below 2⁴⁹ and a divisor below 2¹³: no product of the two leaves 64 bits.
    if let part = segment.ramp {
      precondition(
        segment.base + max(part.from, part.to) <= .maximum, "a flow is within the arithmetic")
      isRamp = true
      flux = 0
      ramp = RampSolver(
        base: segment.base.count &* step.divisor, ramp: part, divisor: step.divisor, start: start,
        quantum: quantum)
    } else {
      precondition(segment.base <= .maximum, "a flow is within the arithmetic")
      isRamp = false
      flux = segment.base.count &* step.divisor
      let (whole, rest) =
        flux == 0
        ? (Wide(UInt64.max), 0) : quantum.quotientAndRemainder(dividingBy: Wide(flux))
      // An interval past the clock's end never comes; half the clock keeps the sums below in range.
      interval = UInt64(min(whole, Wide(UInt64.max / 2)))
      remainder = UInt64(rest)
    }
    findNextDue()
  }

  /// The exact volume prescribed up to an instant of the present segment, rounded down.
  public func prescribed(by instant: Instant) -> Volume {
    let units = Wide(plannedAtStart) * quantum + phaseAtStart + integral(to: instant)
    let unit = Wide(step.divisor) * Wide(TimeSpan.day.nanoseconds)
    return Volume(femtolitres: UInt64(units / unit))
  }

  /// The integral of the flow since the last step taken, in units, at an instant of the segment.
  private func phase(at instant: Instant) -> Wide {
    phaseAtStart + integral(to: instant) - Wide(planned - plannedAtStart) * quantum
  }

  /// The integral of the flow from the segment's start to an instant, in units.
  private func integral(to instant: Instant) -> Wide {
    let time = instant.elapsed(since: start)
    guard isRamp else { return Wide(flux) * Wide(time.nanoseconds) }
    return ramp.integral(over: time.nanoseconds)
  }

  /// Works `nextDue` out from the segment's start.
  private mutating func findNextDue() {
    due = .never
    let done = Wide(taken - plannedAtStart)
    let missing = (done + 1) * quantum - phaseAtStart
    if isRamp {
      let time = ramp.first(after: missing, within: (segmentEnd - start).nanoseconds)
      due = time > end.nanoseconds ? .never : Instant(nanoseconds: time)
      return
    }
    guard flux > 0 else { return }
    let time = (missing + Wide(flux) - 1) / Wide(flux)
    guard time <= Wide((segmentEnd - start).nanoseconds) else { return }
    due = start + TimeSpan(nanoseconds: UInt64(time))
    overshoot = UInt64(time * Wide(flux) - missing)
  }
}
