import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpUnits
import Testing

/// A driver and a motor with any distances, and what their edges really were.
private struct Sequenced: ~Copyable {
  var sequencer: StrokeSequencer
  var purse = GrantPurse(.unlimited)
  let timing: DriverTiming
  let spacing: TimeSpan
  var now = Instant.epoch + TimeSpan(milliseconds: 1)
  var (directionAt, enabledAt, risenAt, fallenAt): (Instant?, Instant?, Instant?, Instant?)
  var isHigh = false
  var rises: [Instant] = []
  var releases: [Instant] = []
  var broken: [String] = []

  init(_ timing: DriverTiming, _ motor: MotorLimits) {
    self.timing = timing
    spacing = motor.startInterval
    sequencer = StrokeSequencer(timing: timing, motor: motor)
    purse.fill(at: 0, limit: .max)
  }

  private mutating func hold(_ earliest: Instant?, _ distance: TimeSpan, _ what: String) {
    guard let earliest else { return }
    if now < earliest + distance { broken.append("\(what) at \(now.nanoseconds) ns") }
  }

  /// Makes the next edge so much later than it is due, and holds it against every distance.
  mutating func make(late: TimeSpan = .zero) {
    if sequencer.nextAt < now { broken.append("planned in the past at \(now.nanoseconds) ns") }
    now = sequencer.nextAt + late
    switch sequencer.next {
    case .rise:
      guard let permission = purse.take(at: now) else { return broken.append("no permission") }
      if isHigh { broken.append("a rise while high") }
      if enabledAt == nil { broken.append("a rise without power") }
      hold(directionAt, timing.directionSetUp, "DIR set-up")
      hold(enabledAt, timing.wakeUp, "wake-up")
      hold(risenAt, spacing, "spacing")
      hold(fallenAt, timing.stepLow, "low")
      sequencer.rise(permission, at: now)
      (risenAt, isHigh) = (now, true)
      rises.append(now)
    case .fall:
      hold(risenAt, timing.stepHigh, "high")
      sequencer.fall(at: now)
      (fallenAt, isHigh) = (now, false)
    case .direction, .energise, .deEnergise:
      guard let (line, level) = sequencer.performOther(at: now) else {
        return broken.append("an edge that is none")
      }
      switch (line, level) {
      case (.direction, .asserted): directionAt = now
      case (.enable, .asserted):
        if directionAt == nil { broken.append("power before DIR") }
        enabledAt = now
      case (.enable, .released):
        if isHigh { broken.append("ENABLE released while STEP is high") }
        hold(risenAt, max(timing.directionHold, timing.hold), "rest")
        enabledAt = nil
        releases.append(now)
      default: broken.append("\(line) \(level)")
      }
    case .none: broken.append("nothing to do")
    }
  }

  /// Tells that the latest edge was surely there only now.
  mutating func confirm(_ line: DriverLine, _ level: LineLevel, after delay: TimeSpan) {
    now = now + delay
    switch (line, level) {
    case (.step, .asserted): risenAt = now
    case (.step, .released): fallenAt = now
    case (.direction, _): directionAt = now
    case (.enable, .asserted): enabledAt = now
    case (.enable, .released): break
    }
    sequencer.confirm(line, level, at: now)
  }

  /// The line and level that the next edge is on.
  var nextLine: (DriverLine, LineLevel)? {
    switch sequencer.next {
    case .none: nil
    case .direction: (.direction, .asserted)
    case .energise: (.enable, .asserted)
    case .deEnergise: (.enable, .released)
    case .rise: (.step, .asserted)
    case .fall: (.step, .released)
    }
  }
}

@Suite("Every edge keeps its distance from the edges before it, whatever the driver's table says")
struct SequencerTests {
  private static func motor(startRate: UInt64) throws -> MotorLimits {
    try MotorLimits(startRate: startRate, maximumRate: 20_000, acceleration: 20_000)
  }

  private static func span(_ random: inout SplitMix64, upTo nanoseconds: UInt64) -> TimeSpan {
    TimeSpan(nanoseconds: random.next() % (nanoseconds + 1))
  }

  private static func timing(_ random: inout SplitMix64) -> DriverTiming {
    // Each of the distances is the longest one in some table.
    DriverTiming(
      stepHigh: span(&random, upTo: 200_000), stepLow: span(&random, upTo: 3_000_000),
      directionSetUp: span(&random, upTo: 8_000_000), directionHold: span(&random, upTo: 6_000_000),
      hold: span(&random, upTo: 6_000_000), wakeUp: span(&random, upTo: 8_000_000),
      energise: random.next() % 2 == 0 ? .always : .aroundStrokes)
  }

  @Test("Random tables, wishes and latenesses: no distance is broken", arguments: 1...200)
  func distances(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    var bench = Sequenced(
      Self.timing(&random), try Self.motor(startRate: 300 + random.next() % 5_000))
    var wish = bench.now + TimeSpan(milliseconds: 3)
    for _ in 0..<400 {
      if bench.sequencer.next == .none || random.next() % 4 == 0 {
        bench.sequencer.plan(step: wish, isDelivering: true, after: bench.now)
      }
      guard let (line, level) = bench.nextLine else { continue }
      let isRise = bench.sequencer.next == .rise
      let isFall = bench.sequencer.next == .fall
      if isRise, bench.sequencer.nextAt < wish { bench.broken.append("before it is due") }
      let late = random.next() % 3 == 0 ? Self.span(&random, upTo: 4_000_000) : .zero
      bench.make(late: late)
      if random.next() % 3 == 0 {
        bench.confirm(line, level, after: Self.span(&random, upTo: 2_000_000))
      }
      if isRise { wish = max(wish, bench.now) + Self.span(&random, upTo: 30_000_000) }
      if isFall, !bench.sequencer.planAfterFall(step: wish, at: bench.now) {
        bench.sequencer.plan(step: wish, isDelivering: true, after: bench.now)
      }
    }
    let (broken, count) = (bench.broken, bench.rises.count)
    #expect(broken.isEmpty, "seed \(seed): \(broken.prefix(3))")
    #expect(count > 50, "seed \(seed): \(count) steps")
  }

  @Test(
    "With time enough each step rises when it is due, and power is away between as the table says",
    arguments: 1...100)
  func onTime(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let timing = Self.timing(&random)
    var bench = Sequenced(timing, try Self.motor(startRate: 300))
    let rest = max(timing.directionHold, timing.hold)
    // Enough for every distance, one after the other.
    let enough =
      rest + timing.wakeUp + timing.wakeUp + timing.directionSetUp + timing.stepHigh
      + timing.stepLow
      + bench.spacing + TimeSpan(milliseconds: 1)
    var (wish, wishes) = (bench.now + enough, [Instant]())
    while wishes.count < 20 {
      bench.sequencer.plan(step: wish, isDelivering: true, after: bench.now)
      let isRise = bench.sequencer.next == .rise
      bench.make()
      guard isRise else { continue }
      wishes.append(wish)
      bench.make()
      wish = wish + enough + Self.span(&random, upTo: 50_000_000)
      if bench.sequencer.planAfterFall(step: wish, at: bench.now) {
        bench.make()
        bench.make()
        wishes.append(wish)
        wish = wish + enough
      }
    }
    let (broken, rises, releases) = (bench.broken, bench.rises, bench.releases)
    #expect(broken.isEmpty, "seed \(seed): \(broken.prefix(3))")
    #expect(rises == wishes, "seed \(seed)")
    if timing.energise == .always {
      #expect(releases.isEmpty)
    } else {
      // Each pause is long enough to sleep in; the last one has not been planned.
      #expect(
        releases == rises.dropLast().map { $0 + rest },
        "seed \(seed): released when the rest is over")
    }
  }

  @Test(
    "A trip releases ENABLE at once, a STEP that is high falls in its time, and nothing rises before DIR and power"
  )
  func trip() throws {
    for seed in 1...50 as ClosedRange<UInt64> {
      var random = SplitMix64(seed: seed)
      var bench = Sequenced(Self.timing(&random), try Self.motor(startRate: 300))
      let wish = bench.now + TimeSpan(milliseconds: 40)
      while !bench.isHigh {
        bench.sequencer.plan(step: wish, isDelivering: true, after: bench.now)
        bench.make()
      }
      let tripped = bench.now
      bench.sequencer.trip(at: tripped)
      // No wish is planned before the motor is without power.
      bench.sequencer.plan(step: wish, isDelivering: true, after: tripped)
      let (edge, at) = (bench.sequencer.next, bench.sequencer.nextAt)
      #expect(edge == .deEnergise && at == tripped, "seed \(seed)")
      let isAtRest = bench.sequencer.isAtRest
      #expect(!isAtRest)
      _ = bench.sequencer.performOther(at: tripped)
      let (then, fallAt) = (bench.sequencer.next, bench.sequencer.nextAt)
      #expect(then == .fall && fallAt == tripped + bench.timing.stepHigh, "seed \(seed)")
      bench.sequencer.fall(at: fallAt)
      let rests = bench.sequencer.isAtRest
      #expect(rests)
    }
  }

  private static let table = DriverTiming(
    stepHigh: TimeSpan(microseconds: 50), stepLow: TimeSpan(microseconds: 50),
    directionSetUp: TimeSpan(microseconds: 20), directionHold: TimeSpan(microseconds: 20),
    wakeUp: TimeSpan(milliseconds: 1), energise: .always)

  /// A motor under power whose STEP has just risen, and not fallen.
  private func risen() throws -> Sequenced {
    var bench = Sequenced(Self.table, try Self.motor(startRate: 100))
    while !bench.isHigh {
      bench.sequencer.plan(step: bench.now, isDelivering: true, after: bench.now)
      bench.make()
    }
    return bench
  }

  @Test("Another spacing counts from the last rise, and from nothing where none was")
  func spacing() throws {
    for milliseconds in [UInt64(2), 10, 25] {
      var bench = try risen()
      let risen = bench.now
      bench.make()
      bench.sequencer.spacing = TimeSpan(milliseconds: milliseconds)
      bench.sequencer.plan(step: bench.now, isDelivering: true, after: bench.now)
      let (next, at) = (bench.sequencer.next, bench.sequencer.nextAt)
      #expect(next == .rise && at == risen + TimeSpan(milliseconds: milliseconds))
    }
    var fresh = Sequenced(Self.table, try Self.motor(startRate: 100))
    fresh.sequencer.spacing = TimeSpan(hours: 1)
    let wish = fresh.now + TimeSpan(milliseconds: 20)
    while fresh.sequencer.next != .rise {
      fresh.sequencer.plan(step: wish, isDelivering: true, after: fresh.now)
      if fresh.sequencer.next != .rise { fresh.make() }
    }
    let at = fresh.sequencer.nextAt
    #expect(at == wish, "the first step waits for no spacing")
  }

  @Test(
    "A fall that failed holds every other edge up, until the motor is without power: then STEP falls"
  )
  func failedFall() throws {
    var bench = try risen()
    let risen = bench.now
    bench.make()
    bench.sequencer.undo(.step, .released, at: bench.now)
    let isAtRest = bench.sequencer.isAtRest
    #expect(!isAtRest)
    bench.sequencer.plan(step: bench.now, isDelivering: true, after: bench.now)
    let held = bench.sequencer.next
    #expect(held == .none)
    bench.sequencer.trip(at: bench.now)
    let released = bench.sequencer.next
    #expect(released == .deEnergise)
    _ = bench.sequencer.performOther(at: bench.now)
    let (falls, at) = (bench.sequencer.next, bench.sequencer.nextAt)
    #expect(falls == .fall && at == max(bench.now, risen + Self.table.stepHigh))
    bench.sequencer.fall(at: at)
    // That fails as well: it is tried again, and nothing else before it.
    bench.sequencer.undo(.step, .released, at: at)
    let (again, later) = (bench.sequencer.next, bench.sequencer.nextAt)
    #expect(again == .fall && later == at + TimeSpan(milliseconds: 10))
  }

  @Test("A DIR that failed is set anew before the motor gets power again")
  func failedDirection() throws {
    var bench = Sequenced(Self.table, try Self.motor(startRate: 100))
    bench.sequencer.plan(step: bench.now, isDelivering: true, after: bench.now)
    let first = bench.sequencer.next
    #expect(first == .direction)
    bench.make()
    bench.sequencer.undo(.direction, .asserted, at: bench.now)
    bench.sequencer.plan(step: bench.now, isDelivering: true, after: bench.now)
    let again = bench.sequencer.next
    #expect(again == .direction)
  }

  @Test(
    "An ENABLE that could not be released is tried again at its instant, and nothing is planned meanwhile"
  )
  func retries() throws {
    var bench = try risen()
    bench.sequencer.trip(at: bench.now)
    _ = bench.sequencer.performOther(at: bench.now)
    let retry = bench.now + TimeSpan(milliseconds: 10)
    bench.sequencer.retryDeEnergising(at: retry)
    bench.sequencer.plan(step: bench.now, isDelivering: true, after: bench.now)
    let (next, at) = (bench.sequencer.next, bench.sequencer.nextAt)
    #expect(next == .deEnergise && at == retry)
    _ = bench.sequencer.performOther(at: retry)
    let falls = bench.sequencer.next
    #expect(falls == .fall, "STEP is still high")

    // One that is at rest has power again for as long as it is tried.
    var resting = Sequenced(Self.table, try Self.motor(startRate: 100))
    resting.sequencer.plan(step: .never, isDelivering: false, after: resting.now)
    let before = resting.sequencer.isAtRest
    resting.sequencer.retryDeEnergising(at: resting.now)
    // Nobody's wish comes before that.
    resting.sequencer.plan(step: resting.now, isDelivering: true, after: resting.now)
    let line = resting.sequencer.performOther(at: resting.now)
    let after = resting.sequencer.isAtRest
    #expect(before && line?.line == .enable && line?.level == .released && after)
  }

  @Test(
    "A pause of just twice the wake-up is worth going to sleep for, and a nanosecond less is not")
  func sleepsWhenWorthIt() throws {
    let table = DriverTiming(
      stepHigh: TimeSpan(microseconds: 50), stepLow: TimeSpan(microseconds: 50),
      directionSetUp: TimeSpan(microseconds: 20), directionHold: TimeSpan(microseconds: 20),
      wakeUp: TimeSpan(milliseconds: 1), energise: .aroundStrokes)
    for (short, expected) in [(UInt64(0), StrokeSequencer.Edge.deEnergise), (1, .rise)] {
      var bench = Sequenced(table, try Self.motor(startRate: 2_000))
      while !bench.isHigh {
        bench.sequencer.plan(step: bench.now, isDelivering: true, after: bench.now)
        bench.make()
      }
      let risen = bench.now
      bench.make()
      // ENABLE may go when the step has rested; waking takes 1 ms, and twice that is the gap.
      let rests = max(bench.now, risen + table.rest)
      let wish = rests + TimeSpan(nanoseconds: 2_000_000 - short)
      if !bench.sequencer.planAfterFall(step: wish, at: rests) {
        bench.sequencer.plan(step: wish, isDelivering: true, after: rests)
      }
      let next = bench.sequencer.next
      #expect(next == expected, "\(short) ns short")
    }
  }
}
