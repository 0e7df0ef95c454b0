import BigInt
import PumpHAL
import PumpMessages
import PumpPlant
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpDrive
@testable import PumpPlan

/// Runs an engine without hardware beside the oracle, and compares every step and every sum.
struct OracleRun: ~Copyable {
  var engine: Engine
  var oracle: ProgrammeOracle
  let step: StepVolume
  var now = Instant.epoch
  var steps = 0
  var sinceChange = 0
  var problem: String?
  var random: SplitMix64
  let settings: EngineSettings
  /// Boluses that the pattern has had up to `looked`, and that have not begun.
  var waiting: [(bolus: Bolus, due: UInt64)] = []
  var looked: UInt64?
  /// When the bolus that runs ends, and how many of the pattern began and were dropped.
  var busyUntil: UInt64 = 0
  var scheduledBegun = 0
  var dropped = 0
  var ramped = 0

  init(seed: UInt64, therapy: Therapy, settings: EngineSettings) {
    random = SplitMix64(seed: seed)
    step = settings.step
    self.settings = settings
    engine = Engine(
      settings: settings, prescription: Fixture.prescription(therapy), grant: .unlimited)
    oracle = ProgrammeOracle(therapy: therapy)
  }

  mutating func run(until end: Instant) {
    while problem == nil, engine.deadline <= end {
      now = max(now, engine.deadline)
      let (number, due) = (engine.planner.planned + 1, engine.planner.nextDue)
      let boluses = engine.program.bolus
      let suspended = engine.program.isSuspended
      _ = engine.turn(at: now)
      lookForScheduled()
      if engine.program.bolus != boluses {
        sinceChange = 0
        // A scheduled bolus begins, or one ends: the oracle keeps ended shapes, which add nothing.
        if let laid = engine.program.bolus { beginScheduled(laid) }
      }
      dropWaiting()
      #expect(engine.program.isSuspended == suspended)
      if engine.planner.planned >= number { check(step: number, due: due) }
    }
    guard problem == nil else { return }
    now = end
    oracle.lay(to: now.nanoseconds)
    checkSums()
  }

  /// Notes what the pattern had since the last look, by the pattern alone.
  private mutating func lookForScheduled() {
    waiting += oracle.scheduled(after: looked, through: now.nanoseconds)
    looked = now.nanoseconds
  }

  /// The bolus that begins is the one that has waited longest, at its own time or at the end of the one that ran.
  private mutating func beginScheduled(_ laid: BolusShape) {
    oracle.change(at: now.nanoseconds) { $0.bolus = laid }
    guard !waiting.isEmpty else {
      problem = "a bolus begins at \(now.nanoseconds) ns that the pattern does not have"
      return
    }
    let (bolus, due) = waiting.removeFirst()
    if now.nanoseconds != max(due, busyUntil) {
      problem = "the bolus of \(due) ns begins at \(now.nanoseconds)"
    }
    scheduledBegun += 1
    hold(laid, bolus)
  }

  /// One that waits for nothing was dropped, and that was told.
  private mutating func dropWaiting() {
    guard !waiting.isEmpty, engine.program.bolus == nil, engine.deadline > now else { return }
    waiting.removeFirst()
    dropped += 1
    var told = 0
    for number in 0..<engine.eventCount {
      if case .bolusDropped = engine.event(number)?.event { told += 1 }
    }
    if told < dropped {
      problem = "a bolus of the pattern was lost in silence by \(now.nanoseconds) ns"
    }
  }

  /// A shape is that of its prescription, worked out anew.
  private mutating func hold(_ shape: BolusShape, _ bolus: Bolus) {
    let exact = ExactBolus(
      of: bolus, at: now.nanoseconds, over: oracle.peakBasal, motor: settings.motor, step: step,
      lead: settings.driver.lead)
    if let difference = exact.difference(from: shape) {
      problem = "the shape of a bolus: \(difference)"
    }
    busyUntil = shape.end.nanoseconds
    if shape.isRamped { ramped += 1 }
  }

  /// The integral has reached the step at its due time, and had not one nanosecond before.
  ///
  /// Every step right after a change is checked, and one in 37 of the others.
  mutating func check(step number: UInt64, due: Instant) {
    sinceChange += 1
    guard sinceChange < 6 || number % 37 == 0 else { return }
    steps += 1
    oracle.lay(to: max(now, due).nanoseconds)
    let target = Rational(BigInt(number) * BigInt(step.numerator), BigInt(step.divisor))
    let early = oracle.oracle.volume(at: due.nanoseconds - 1)
    let there = oracle.oracle.volume(at: due.nanoseconds)
    // A cut ramp rounds the phase down by less than 2⁻⁴⁶ fL: allowed for, far below 1 ns of flow.
    let slack = Rational(1, BigInt(1) << 40)
    if there + slack < target || early > target + slack {
      problem = "step \(number) due at \(due.nanoseconds) ns is not the first nanosecond"
    }
  }

  mutating func checkSums() {
    let exact = oracle.oracle.volume(at: now.nanoseconds)
    let planned = Rational(
      BigInt(engine.ledger.planned) * BigInt(step.numerator), BigInt(step.divisor))
    let one = Rational(BigInt(step.numerator), BigInt(step.divisor))
    let pending: BigInt = engine.planner.nextDue <= now ? 1 : 0
    let rest = exact - planned - one * Rational(pending)
    let slack = Rational(1, BigInt(1) << 30)
    if rest + slack < Rational(0) || rest > one + slack {
      problem = "prescribed - planned is not in 0 ..< 1 step at \(now.nanoseconds) ns"
    }
    let shown = BigInt(engine.status(at: now).planned.femtolitres)
    if shown > (exact + slack).floor || shown < exact.floor - 1 {
      problem = "the status shows \(shown) fL where \(exact.floor) are prescribed"
    }
  }

  /// Gives the engine a random command, and the oracle what was accepted of it.
  mutating func command() {
    let at = now.nanoseconds
    sinceChange = 0
    oracle.lay(to: at)
    switch random.next() % 8 {
    case 0, 1, 2:
      let seconds = 1 + random.next() % 4
      let rate = 1 + random.next() % 3_000
      let volume = (try? step.volume(ofSteps: 1 + seconds * rate)) ?? .zero
      guard let bolus = try? Bolus(volume: volume, duration: TimeSpan(seconds: seconds)),
        (try? engine.perform(.bolus(bolus, isConfirmed: true), at: now)) != nil
      else { return }
      guard let shape = engine.program.bolus else {
        problem = "an accepted bolus does not begin"
        return
      }
      oracle.change(at: at) { $0.bolus = shape }
      hold(shape, bolus)
    case 3:
      guard (try? engine.perform(.cancelBolus, at: now)) != nil else { return }
      cut(at: at)
    case 4:
      guard (try? engine.perform(.suspend, at: now)) != nil else { return }
      cut(at: at)
      oracle.change(at: at) { $0.isSuspended = true }
      waiting = []
    case 5:
      guard (try? engine.perform(.resume, at: now)) != nil else { return }
      oracle.change(at: at) { $0.isSuspended = false }
      look(from: at)
    case 6:
      let therapy = Self.therapy(&random, step: step)
      let place = TimeSpan(nanoseconds: random.next() % TimeSpan.day.nanoseconds)
      let other = Fixture.prescription(therapy)
      guard
        (try? engine.perform(.adopt(other, place: place, isConfirmed: true), at: now)) != nil
      else { return }
      oracle.change(at: at) {
        $0.therapy = therapy
        $0.anchor = at
        $0.place = place.nanoseconds
      }
      look(from: at)
    default:
      // A moved wall clock is a reading like any other; nothing may follow from it.
      let seconds = Int64(random.next() % 100_000) - 50_000
      engine.observe(.init(), wallSeconds: seconds, at: now)
    }
  }

  /// Another pattern counts, from this instant on, and this instant with it.
  private mutating func look(from instant: UInt64) {
    waiting = []
    looked = instant == 0 ? nil : instant - 1
  }

  /// The oracle's own idea of a cancelled bolus: straight down from where it is.
  private mutating func cut(at instant: UInt64) {
    oracle.change(at: instant) { change in
      guard let bolus = change.bolus, instant < bolus.end.nanoseconds else { return }
      let (since, climb) = (
        instant - min(instant, bolus.start.nanoseconds), bolus.climb.nanoseconds
      )
      guard since < climb + bolus.cruise.nanoseconds else { return }
      change.bolus = BolusShape(
        start: bolus.start, from: bolus.from, to: bolus.to, rampLength: bolus.rampLength,
        climb: TimeSpan(nanoseconds: min(since, climb)),
        cruise: TimeSpan(nanoseconds: since > climb ? since - climb : 0))
    }
    busyUntil = min(busyUntil, max(instant, oracle.bolusEnd ?? instant))
  }

  static func therapy(_ random: inout SplitMix64, step: StepVolume) -> Therapy {
    func flow(_ random: inout SplitMix64) -> FlowRate {
      // From a step in an hour to 500 steps a second.
      let perDay = 24 << (random.next() % 19) + random.next() % 100_000
      return FlowRate(femtolitresPerDay: (step.numerator * min(perDay, 43_000_000)) / step.divisor)
    }
    switch random.next() % 4 {
    case 0: return .continuous(flow(&random))
    case 1: return .minimumRate(flow(&random))
    default:
      let period = TimeSpan(seconds: 20 + random.next() % 500)
      let count = 1 + random.next() % 8
      let segments = (0..<count).map { index in
        FlexPattern.BasalSegment(
          start: TimeSpan(nanoseconds: period.nanoseconds / count * index), flow: flow(&random))
      }
      var boluses: [FlexPattern.ScheduledBolus] = []
      if random.next() % 2 == 0,
        let volume = try? step.volume(ofSteps: 1 + random.next() % 9_000),
        let bolus = try? Bolus(volume: volume, duration: TimeSpan(seconds: 5))
      {
        boluses = [.init(start: TimeSpan(seconds: random.next() % 10), bolus: bolus)]
      }
      guard let pattern = try? FlexPattern(period: period, segments: segments, boluses: boluses)
      else { return .stopped }
      return .flex(pattern)
    }
  }
}

@Suite("Every step is due at the first nanosecond at which the exact integral has reached it")
struct OracleTests {
  /// 3,000 programmes, each with 12 commands at random moments.
  @Test(
    "Over random programmes of boluses, cancels, pauses, mode changes and clock jumps",
    arguments: 0..<8)
  func randomProgrammes(block: Int) throws {
    let perBlock = 375
    var steps = 0
    var programmes = 0
    var (scheduled, ramped) = (0, 0)
    for seed in UInt64(block * perBlock)..<UInt64((block + 1) * perBlock) {
      var random = SplitMix64(seed: seed &+ 0x5EED)
      let step = try Fixture.step(1 + random.next() % 1_000_000, in: 1 + random.next() % 4)
      let therapy = OracleRun.therapy(&random, step: step)
      let settings = try Fixture.settings(
        step: step, startRate: random.next() % 2 == 0 ? 1_000 : 600, filled: 40_000)
      var run = OracleRun(seed: seed, therapy: therapy, settings: settings)
      guard (try? run.engine.perform(.begin(isConfirmed: true), at: run.now)) != nil else {
        continue
      }
      programmes += 1
      run.oracle.change(at: 0) { $0.isSuspended = false }
      for _ in 0..<12 where run.problem == nil {
        run.run(until: run.now + TimeSpan(nanoseconds: random.next() % 1_500_000_000))
        run.command()
      }
      run.run(until: run.now + TimeSpan(seconds: 1))
      let problem = run.problem
      #expect(problem == nil, "seed \(seed)")
      steps += run.steps
      scheduled += run.scheduledBegun
      ramped += run.ramped
    }
    #expect(scheduled > 20 && ramped > 20, "\(scheduled) boluses of patterns, \(ramped) ramped")
    #expect(programmes > perBlock * 8 / 10, "most programmes must be possible")
    #expect(steps > perBlock * 100, "the programmes must have steps to be wrong about")
  }
}
