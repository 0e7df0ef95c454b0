import PumpMessages
import PumpPlant
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

/// Looks for a window that holds more than its limit.
///
/// Random requests for boluses meet a rule of admission; what is admitted is delivered, and every
/// tick is counted by brute force.
struct OverdoseHarness {
  /// What a rule may look at, in steps.
  struct Question {
    var request: UInt64
    var remainder: UInt64
    var deliveredInHour: UInt64
    var deliveredInDay: UInt64
    var basalPerHour: UInt64
    var hourLimit: UInt64
    var dayLimit: UInt64
  }

  static let tick: UInt64 = 10
  let step: StepVolume
  /// Mass of a step: 156,250 fL of 500 µg/mL.
  let perStep = Mass(femtograms: 78_125)

  init() throws { step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1) }

  /// Runs two days.
  ///
  /// - Returns: What went wrong; `nil` where every window kept its limit.
  func run(seed: UInt64, rule: ((Question) -> Bool)?) throws -> (String?, admitted: Int) {
    var random = SplitMix64(seed: seed)
    // The basal is three times as high in every second two hours.
    let low = 2 + random.next() % 8
    let basalPerHour = 3 * low * 360
    // In hourly and daily steps: a little above the basal's own.
    let hourLimit = basalPerHour + 2_000 + random.next() % 20_000
    let dayLimit = low * 2 * 8_640 + hourLimit + random.next() % 60_000
    func mass(_ steps: UInt64) -> Mass { perStep * steps }
    let limits = DoseLimits(
      perHour: .init(soft: mass(hourLimit), hard: mass(hourLimit)),
      perDay: .init(soft: mass(dayLimit), hard: mass(dayLimit)))
    var dose = DoseGuard(
      limits: limits, concentration: Concentration(microgramsPerMillilitre: 500), step: step)
    let tick = TimeSpan(seconds: Self.tick)
    let flows = try [low, 3 * low].map {
      try FlowRate(delivering: step.volume(ofSteps: $0), over: tick)
    }
    let period = TimeSpan(hours: 4)
    let therapy = Therapy.flex(
      try FlexPattern(
        period: period,
        segments: [
          .init(start: .zero, flow: flows[0]), .init(start: TimeSpan(hours: 2), flow: flows[1]),
        ], boluses: []))
    let demand = try TherapyDemand(of: therapy)
    var delivered: [UInt64] = []
    var running: [(left: UInt64, perTick: UInt64)] = []
    var admitted = 0
    for number in 0..<(2 * 8_640) {
      let now = Instant.epoch + TimeSpan(seconds: UInt64(number) * Self.tick)
      if random.next() % 90 == 0 {
        let request = 1 + random.next() % 12_000
        let remainder = running.reduce(0) { $0 + $1.left }
        let isAdmitted: Bool
        if let rule {
          isAdmitted = rule(
            Question(
              request: request, remainder: remainder,
              deliveredInHour: delivered.suffix(360).reduce(0, +),
              deliveredInDay: delivered.suffix(8_640).reduce(0, +), basalPerHour: basalPerHour,
              hourLimit: hourLimit, dayLimit: dayLimit))
        } else {
          let verdict = dose.judge(
            request: try step.volume(ofSteps: request),
            remainder: try step.volume(ofSteps: remainder), at: now, demand: demand,
            of: therapy, from: TimeSpan(nanoseconds: now.nanoseconds))
          isAdmitted = verdict == .permitted
        }
        if isAdmitted {
          admitted += 1
          running.append((request, 1 + request / (1 + random.next() % 2_000)))
        }
      }
      var steps = UInt64(number) % 1_440 < 720 ? low : 3 * low
      for index in running.indices {
        let part = min(running[index].left, running[index].perTick)
        running[index].left -= part
        steps += part
      }
      running.removeAll { $0.left == 0 }
      delivered.append(steps)
      dose.record(steps: steps, at: now)
    }
    return (worst(delivered, hourLimit, dayLimit), admitted)
  }

  private func worst(_ delivered: [UInt64], _ hourLimit: UInt64, _ dayLimit: UInt64) -> String? {
    for (ticks, limit) in [(360, hourLimit), (8_640, dayLimit)] {
      var sum: UInt64 = 0
      for index in delivered.indices {
        sum += delivered[index]
        if index >= ticks { sum -= delivered[index - ticks] }
        if sum > limit { return "\(sum) steps in \(ticks) ticks, limit \(limit)" }
      }
    }
    return nil
  }
}

@Suite("No admitted bolus ever leads past a hard limit")
struct OverdoseTests {
  @Test("The guard: 60 seeds of random requests, no window above its limit")
  func guardHolds() throws {
    let harness = try OverdoseHarness()
    var admitted = 0
    for seed in UInt64(0)..<60 {
      let (problem, count) = try harness.run(seed: seed, rule: nil)
      #expect(problem == nil, "seed \(seed)")
      admitted += count
    }
    #expect(admitted > 200, "a guard that refuses everything proves nothing")
  }

  /// Wrong rules; the first is the one of a published pump model, which counted only what had been
  /// delivered and let a bolus overdose.
  static let mutants: [(name: String, rule: @Sendable (OverdoseHarness.Question) -> Bool)] = [
    (
      "counts only what was delivered",
      {
        $0.deliveredInHour + $0.request <= $0.hourLimit
          && $0.deliveredInDay + $0.request <= $0.dayLimit
      }
    ),
    (
      "forgets the rest of a started bolus",
      {
        $0.deliveredInHour + $0.request + $0.basalPerHour <= $0.hourLimit
          && $0.deliveredInDay + $0.request + 16 * $0.basalPerHour <= $0.dayLimit
      }
    ),
    (
      "forgets the basal to come",
      {
        $0.deliveredInHour + $0.remainder + $0.request <= $0.hourLimit
          && $0.deliveredInDay + $0.remainder + $0.request <= $0.dayLimit
      }
    ),
    (
      "forgets what was delivered",
      {
        $0.remainder + $0.request + $0.basalPerHour <= $0.hourLimit
          && $0.remainder + $0.request + 16 * $0.basalPerHour <= $0.dayLimit
      }
    ),
    (
      "looks at the hour only",
      { $0.deliveredInHour + $0.remainder + $0.request + $0.basalPerHour <= $0.hourLimit }
    ),
    ("admits everything", { _ in true }),
  ]

  @Test("A wrong rule is caught by the same search", arguments: 0..<6)
  func mutantIsCaught(index: Int) throws {
    let harness = try OverdoseHarness()
    let mutant = Self.mutants[index]
    let caught = try (UInt64(0)..<60).contains {
      try harness.run(seed: $0, rule: mutant.rule).0 != nil
    }
    #expect(caught, "\(mutant.name)")
  }

  @Test("Steps stop at the hard limit, and are permitted again as the window moves on")
  func stepsStop() throws {
    let step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1)
    let limit = DoseLimits.Limit(soft: Mass(micrograms: 1), hard: Mass(micrograms: 1))
    var dose = DoseGuard(
      limits: DoseLimits(
        perHour: limit, perDay: .init(soft: limit.soft, hard: Mass(micrograms: 10))),
      concentration: Concentration(microgramsPerMillilitre: 500), step: step)
    // 1 µg is 12,800 steps of 78,125 fg, and one step more is allowed for.
    let start = dose.permittedSteps(at: .epoch, demand: .none)
    #expect(start == 12_801)
    dose.record(steps: 12_799, at: .epoch)
    let one = dose.permittedSteps(at: .epoch + TimeSpan(minutes: 59), demand: .none)
    dose.record(steps: 2, at: .epoch + TimeSpan(minutes: 59))
    let none = dose.permittedSteps(at: .epoch + TimeSpan(minutes: 59), demand: .none)
    let early = dose.permittedSteps(at: .epoch + TimeSpan(seconds: 3_659), demand: .none)
    let later = dose.permittedSteps(at: .epoch + TimeSpan(minutes: 61), demand: .none)
    #expect([one, none, early, later] == [2, 0, 0, 12_799])
  }
}
