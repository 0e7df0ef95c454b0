import PumpMessages
import PumpUnits

/// Solves for the instants at which the integral of a linearly changing flow reaches each step.
///
/// With a base of *b* units/ns and a ramp of length *T* that changes by *g* units/ns, of which *e* ns
/// had passed, twice *T* times the integral after τ ns is `τ (w ± g τ)` with
/// `w = 2T (b + from) ± 2 g e`: whole numbers below 2¹²⁷. Each step's τ is the least at which that
/// reaches the step's target: found by Newton's method from the last interval, and accepted only
/// when the inequality holds at τ and fails at τ − 1.
@usableFromInline
struct RampSolver: BitwiseCopyable, Sendable {
  /// `w`, and `g` with its sign apart.
  private var slope: Wide = 0
  private var bend: UInt64 = 0
  private var rises = true
  private var doubleLength: Wide = 2
  private var start: UInt64 = 0
  /// Units between targets, times `doubleLength`.
  private var stride: Wide = 0
  private var target: Wide = 0
  private var limit: UInt64 = 0
  /// Where the last step was found, and the interval that led there.
  private var last: UInt64 = 0
  private var lastInterval: UInt64 = 0

  @usableFromInline init() {}

  init(
    base: UInt64, ramp: FlowSegment.Ramp, divisor: UInt64, start: Instant, quantum: Wide
  ) {
    doubleLength = 2 * Wide(ramp.length.nanoseconds)
    rises = ramp.to >= ramp.from
    bend = (rises ? ramp.to - ramp.from : ramp.from - ramp.to).count &* divisor
    let level = doubleLength * Wide(base + ramp.from.count &* divisor)
    let passed = 2 * Wide(bend) * Wide(ramp.elapsed.nanoseconds)
    slope = rises ? level + passed : level - passed
    self.start = start.nanoseconds
    stride = doubleLength * quantum
  }

  /// The integral over the first `time` ns, in units, rounded down.
  func integral(over time: UInt64) -> Wide { scaledIntegral(time) / doubleLength }

  /// Finds the first step after so many units.
  ///
  /// - Returns: When it is due, in ns of the clock; past the segment's end where it is not within.
  mutating func first(after missing: Wide, within limit: UInt64) -> UInt64 {
    target = missing * doubleLength
    self.limit = limit
    last = 0
    lastInterval = 0
    return found()
  }

  /// Finds the step after the last one found.
  @usableFromInline
  mutating func next() -> UInt64 {
    target += stride
    return found()
  }

  private mutating func found() -> UInt64 {
    guard scaledIntegral(limit) >= target else { return .max }
    let time = solve()
    lastInterval = time - last
    last = time
    return start + time
  }

  @inline(__always)
  private func scaledIntegral(_ time: UInt64) -> Wide {
    let bent = Wide(bend) * Wide(time)
    return (rises ? slope + bent : slope - bent) * Wide(time)
  }

  /// Twice the ramp's length times the flow at a time: the derivative of `scaledIntegral`.
  @inline(__always)
  private func scaledFlow(_ time: UInt64) -> Wide {
    let bent = 2 * Wide(bend) * Wide(time)
    return rises ? slope + bent : slope - bent
  }

  /// The least time in `(last, limit]` at which the scaled integral reaches the target.
  private func solve() -> UInt64 {
    var low = last
    var high = limit
    var time = min(high, max(low + 1, last + lastInterval))
    while high - low > 1 {
      let value = scaledIntegral(time)
      let flow = scaledFlow(time)
      let guess: UInt64
      if value >= target {
        high = time
        // The value a nanosecond earlier is less by the flow there, give or take the bend.
        if value - target < flow, scaledIntegral(time - 1) < target { return time }
        guess = time - min(time, max(1, Self.quotient(value - target, flow)))
      } else {
        low = time
        let step = Self.quotient(target - value, flow)
        guess = step >= high - time ? high : time + step + 1
      }
      time = guess > low && guess < high ? guess : low + (high - low) / 2
    }
    return high
  }

  /// A quotient good enough for a guess, by one 64-bit division.
  @inline(__always)
  private static func quotient(_ dividend: Wide, _ divisor: Wide) -> UInt64 {
    let shift = max(0, 64 - max(dividend, divisor).leadingZeroBitCount)
    let bottom = UInt64(truncatingIfNeeded: divisor >> shift)
    guard bottom > 0 else { return .max / 4 }
    return min(.max / 4, UInt64(truncatingIfNeeded: dividend >> shift) / bottom)
  }
}
