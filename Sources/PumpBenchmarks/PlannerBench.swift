import PumpPlan
import PumpTherapy
package import PumpUnits

/// Plans whole programmes as fast as it can, and measures each step against the definition.
package enum PlannerBench {
  /// What one programme took.
  package struct Result {
    package var steps: UInt64
    package var nanosecondsPerStep: Double
    package var seconds: Double
    /// The largest distance between a step's due time and the definition's, in ns.
    package var worstErrorNanoseconds: UInt64
  }

  static let step = StepVolume.reference

  /// 200 boluses of 10,000 steps in trapezoids of 2,000 steps/s and 4,000 steps/s², 1 s apart.
  package static func boluses(_ repeats: Int) throws -> Result {
    let motor = try MotorLimits(startRate: 0, maximumRate: 4_000, acceleration: 4_000)
    let bolus = try Bolus(
      volume: step.volume(ofSteps: 10_000), duration: TimeSpan(seconds: 5))
    var shapes: [BolusShape] = []
    var start = Instant.epoch
    for _ in 0..<200 {
      let shape = try BolusShape(of: bolus, from: start, over: .zero, motor: motor, step: step)
      shapes.append(shape)
      start = shape.end + TimeSpan(seconds: 1)
    }
    let segments = shapes.flatMap(Self.segments)
    let definition = BolusDefinition(starts: shapes.map(\.start))
    return run(segments, repeats: repeats) { definition.due($0) }
  }

  /// A constant rate of `steps` in `seconds`, for a time.
  package static func constant(
    _ steps: UInt64, in seconds: UInt64, lasting: TimeSpan, _ repeats: Int
  ) throws -> Result {
    let flow = try FlowRate(
      delivering: step.volume(ofSteps: steps), over: TimeSpan(seconds: seconds))
    let segment = FlowSegment(until: .epoch + lasting, flow: flow)
    let interval = seconds * 1_000_000_000
    return run([segment], repeats: repeats) { number in (number * interval + steps - 1) / steps }
  }

  private static func segments(_ shape: BolusShape) -> [FlowSegment] {
    var segments: [FlowSegment] = []
    var at = shape.start
    while let segment = shape.segment(from: at, over: .zero) {
      segments.append(segment)
      at = segment.end
    }
    return segments + [FlowSegment(until: at + TimeSpan(seconds: 1), flow: .zero)]
  }

  /// The median of several timed runs, and the worst error of one more that is checked.
  private static func run(
    _ segments: [FlowSegment], repeats: Int, definition: (UInt64) -> UInt64
  ) -> Result {
    var times: [Double] = []
    var steps: UInt64 = 0
    for _ in 0..<repeats {
      var last = Instant.epoch
      let clock = ContinuousClock()
      let time = clock.measure {
        steps = plan(segments) { last = $0 }
      }
      precondition(last > .epoch, "a programme has steps")
      times.append(time.seconds)
    }
    var worst: UInt64 = 0
    var number: UInt64 = 0
    _ = plan(segments) { due in
      number += 1
      let exact = definition(number)
      let error = due.nanoseconds > exact ? due.nanoseconds - exact : exact - due.nanoseconds
      worst = max(worst, error)
    }
    let median = times.sorted()[times.count / 2]
    return Result(
      steps: steps, nanosecondsPerStep: median * 1e9 / Double(steps), seconds: median,
      worstErrorNanoseconds: worst)
  }

  @inline(__always)
  private static func plan(_ segments: [FlowSegment], visit: (Instant) -> Void) -> UInt64 {
    var planner = StepPlanner(step: step)
    var at = Instant.epoch
    for segment in segments {
      planner.begin(segment, at: at)
      while planner.nextDue != .never {
        visit(planner.nextDue)
        planner.take()
      }
      at = segment.end
    }
    return planner.planned
  }
}

/// When the steps of the benchmark's boluses are due, from the definition of a trapezoid and with
/// integer square roots: it shares nothing with the planner.
struct BolusDefinition {
  let starts: [Instant]

  /// Step `number` counts from 1 over all boluses; 10,000 steps each, of which 500 rise in 0.5 s,
  /// 9,000 cruise at 2,000 steps/s and 500 fall in 0.5 s.
  func due(_ number: UInt64) -> UInt64 {
    let start = starts[Int((number - 1) / 10_000)].nanoseconds
    let step = (number - 1) % 10_000 + 1
    if step <= 500 { return start + Self.rampTime(step, roundedUp: true) }
    if step <= 9_500 { return start + 500_000_000 + (step - 500) * 500_000 }
    return start + 5_500_000_000 - Self.rampTime(10_000 - step, roundedUp: false)
  }

  /// The time of step *k* from rest at 4,000 steps/s²: √(2 k ÷ 4,000) s, in whole nanoseconds.
  static func rampTime(_ step: UInt64, roundedUp: Bool) -> UInt64 {
    let square = UInt128(step) * 500_000_000_000_000
    var low: UInt64 = 0
    var high: UInt64 = 1 << 32
    while high - low > 1 {
      let middle = (low + high) / 2
      if UInt128(middle) * UInt128(middle) <= square { low = middle } else { high = middle }
    }
    return roundedUp && UInt128(low) * UInt128(low) < square ? low + 1 : low
  }
}

extension Duration {
  /// The duration in seconds, for printing.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

extension StepVolume {
  /// A microstep of the reference bench: 50 µL a revolution, 200 steps × 16 microsteps × gear 100.
  package static let reference: StepVolume = {
    let volume = Volume(microlitres: 50)
    guard let step = try? StepVolume(delivering: volume, inSteps: 320_000) else {
      preconditionFailure("50 µL over 320,000 steps is within the arithmetic")
    }
    return step
  }()
}
