import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSafety

@Suite("At a limit, and one step beyond it")
struct BoundaryTests {
  private func doseGuard(hour: DoseLimits.Limit, day: DoseLimits.Limit) throws -> DoseGuard {
    DoseGuard(
      limits: DoseLimits(perHour: hour, perDay: day),
      concentration: Concentration(microgramsPerMillilitre: 500), step: try SupervisorRig.step())
  }

  @Test(
    "A bolus of just the limit's dose, rounded up to the femtolitre, is within it; a femtolitre more is not"
  )
  func bolusLimit() throws {
    // At 2000 µg/mL a femtolitre is 2 fg.
    let solution = Concentration(microgramsPerMillilitre: 2_000)
    let free = SupervisorRig.unlimited
    let limits = DoseLimits(
      perHour: free, perDay: free,
      bolus: .init(
        dose: .init(soft: Mass(micrograms: 100), hard: Mass(micrograms: 200)),
        shortest: TimeSpan(seconds: 60), distance: .zero))
    func refusal(_ micrograms: UInt64, plus femtolitres: UInt64, _ isConfirmed: Bool) throws
      -> Refusal?
    {
      let volume = try solution.volume(of: Mass(micrograms: micrograms)).femtolitres + femtolitres
      let bolus = try Bolus(
        volume: Volume(femtolitres: volume), duration: TimeSpan(seconds: 60))
      return limits.refusal(of: bolus, solution, isConfirmed: isConfirmed)
    }
    #expect(try refusal(200, plus: 1, true) == nil)
    #expect(try refusal(200, plus: 2, true) == .bolusTooLarge(Mass(micrograms: 200)))
    #expect(try refusal(100, plus: 1, false) == nil)
    #expect(try refusal(100, plus: 2, false) == .bolusNeedsConfirmation(Mass(micrograms: 100)))
    #expect(try refusal(100, plus: 2, true) == nil)
  }

  @Test("A recorder without room keeps the latest event all the same")
  func recorderOfNothing() {
    var recorder = FlightRecorder(capacity: 0)
    recorder.record(.began, at: .epoch)
    recorder.record(.ended, at: .epoch)
    #expect(recorder.lost == 1 && recorder.event(1)?.event == .ended)
  }

  @Test("A bolus that reaches the hard limit is permitted, and a step more is refused")
  func hardLimit() throws {
    for window in DoseWindow.allCases {
      for made: UInt64 in [0, 400] {
        let limit = SupervisorRig.limit(1_000)
        var dose = try doseGuard(
          hour: window == .hour ? limit : SupervisorRig.unlimited,
          day: window == .day ? limit : SupervisorRig.unlimited)
        dose.record(steps: made, at: .epoch + TimeSpan(minutes: 1))
        func verdict(_ steps: UInt64) -> DoseGuard.Verdict {
          dose.judge(
            request: SupervisorRig.volume(steps), remainder: .zero,
            at: .epoch + TimeSpan(minutes: 1), demand: .none, of: .stopped, from: .zero)
        }
        let reached = verdict(1_000 - made)
        let passed = verdict(1_001 - made)
        #expect(reached == .permitted, "\(window), \(made) made")
        #expect(passed == .refused(window), "\(window), \(made) made")
      }
    }
  }

  @Test("A bolus that reaches the soft limit needs no confirmation, and a step more needs one")
  func softLimit() throws {
    for window in DoseWindow.allCases {
      let limit = DoseLimits.Limit(
        soft: SupervisorRig.mass(1_000), hard: SupervisorRig.mass(2_000))
      var dose = try doseGuard(
        hour: window == .hour ? limit : SupervisorRig.unlimited,
        day: window == .day ? limit : SupervisorRig.unlimited)
      for (steps, expected) in [
        (UInt64(1_000), DoseGuard.Verdict.permitted), (1_001, .needsConfirmation(window)),
        (2_000, .needsConfirmation(window)), (2_001, .refused(window)),
      ] {
        let verdict = dose.judge(
          request: SupervisorRig.volume(steps), remainder: .zero, at: .epoch, demand: .none,
          of: .stopped, from: .zero)
        #expect(verdict == expected, "\(window), \(steps) steps")
      }
    }
  }

  @Test("What was delivered leaves each window by itself, though nobody has asked meanwhile")
  func delivered() throws {
    for (hours, hour, day) in [(UInt64(0), true, true), (2, false, true), (25, false, false)] {
      var dose = try doseGuard(hour: SupervisorRig.unlimited, day: SupervisorRig.unlimited)
      dose.record(steps: 700, at: .epoch + TimeSpan(minutes: 1))
      let now = Instant.epoch + TimeSpan(hours: hours) + TimeSpan(minutes: 2)
      let (inHour, inDay) = (dose.delivered(in: .hour, at: now), dose.delivered(in: .day, at: now))
      #expect(inHour == (hour ? SupervisorRig.mass(700) : .zero), "\(hours) h")
      #expect(inDay == (day ? SupervisorRig.mass(700) : .zero), "\(hours) h")
    }
  }

  @Test("A bolus is judged by the windows as they are when it is asked for")
  func judgedNow() throws {
    for window in DoseWindow.allCases {
      let limit = SupervisorRig.limit(1_000)
      var dose = try doseGuard(
        hour: window == .hour ? limit : SupervisorRig.unlimited,
        day: window == .day ? limit : SupervisorRig.unlimited)
      dose.record(steps: 900, at: .epoch + TimeSpan(minutes: 1))
      func verdict(_ now: Instant) -> DoseGuard.Verdict {
        dose.judge(
          request: SupervisorRig.volume(1_000), remainder: .zero, at: now, demand: .none,
          of: .stopped, from: .zero)
      }
      let early = verdict(.epoch + TimeSpan(minutes: 2))
      let late = verdict(.epoch + TimeSpan(hours: window == .hour ? 2 : 25))
      #expect(early == .refused(window) && late == .permitted, "\(window)")
    }
  }

  @Test("A sum that is gone back to has forfeited what it had forfeited then, and no more")
  func markForfeits() throws {
    var allowance = Allowance(from: .epoch)
    allowance.begin(try SupervisorRig.continuous(20), place: .zero, at: .epoch)
    let now = Instant.epoch + .hour
    allowance.forfeit(all: SupervisorRig.volume(5))
    let before = allowance.volume(by: now)
    let mark = allowance.mark
    allowance.forfeit(all: SupervisorRig.volume(900))
    let less = allowance.volume(by: now)
    allowance.restore(mark)
    let after = allowance.volume(by: now)
    #expect(less < before && after == before)
  }

  @Test("What a bolus in progress still delivers counts as promised")
  func remainder() throws {
    var dose = try doseGuard(hour: SupervisorRig.limit(1_000), day: SupervisorRig.unlimited)
    for (remainder, expected) in [
      (UInt64(600), DoseGuard.Verdict.permitted), (601, .refused(.hour)),
    ] {
      let verdict = dose.judge(
        request: SupervisorRig.volume(400), remainder: SupervisorRig.volume(remainder),
        at: .epoch, demand: .none, of: .stopped, from: .zero)
      #expect(verdict == expected)
    }
  }

  @Test(
    "What was made leaves the hour after 61 minutes and the day after 24 h and 5 min, and not before"
  )
  func leavesWindow() throws {
    for (window, stays, left) in [
      (DoseWindow.hour, TimeSpan(minutes: 60), TimeSpan(minutes: 61)),
      (.day, TimeSpan(minutes: 1_440), TimeSpan(minutes: 1_445)),
    ] {
      let limit = SupervisorRig.limit(1_000)
      var dose = try doseGuard(
        hour: window == .hour ? limit : SupervisorRig.unlimited,
        day: window == .day ? limit : SupervisorRig.unlimited)
      // A bucket ends at a whole minute, of the day's at every fifth.
      let made = Instant.epoch + .hour
      dose.record(steps: 900, at: made)
      let during = dose.permittedSteps(
        at: (made + stays).preceding(by: TimeSpan(seconds: 1)), demand: .none)
      let after = dose.permittedSteps(at: made + left, demand: .none)
      #expect(during == 101, "\(window): the limit and one step, less what was made")
      #expect(after == 1_001, "\(window)")
    }
  }

  @Test("The reservoir is at its reserve after the last whole step, and empty of steps there")
  func reserve() throws {
    let reservoir = try Reservoir(
      capacity: Volume(microlitres: 20_000),
      filled: Volume(microlitres: 1_000) + SupervisorRig.volume(3) - Volume(femtolitres: 1),
      lowAlarm: Volume(microlitres: 2_000), reserve: Volume(microlitres: 1_000))
    let step = try SupervisorRig.step()
    for (made, left) in [(UInt64(0), UInt64(2)), (1, 1), (2, 0), (3, 0), (.max, 0)] {
      #expect(reservoir.stepsToReserve(afterSteps: made, of: step) == left)
    }
  }

  @Test("An index watch that settled forgets the stall and the place, and tells a new stall")
  func indexSettles() {
    var watch = IndexWatch(period: 100, play: 10, count: 0)
    _ = watch.take(pulses: 0, count: 0, isIdle: false)
    let patient = watch.take(pulses: 0, count: 135, isIdle: false)
    #expect(patient == .plausible)
    let stalled = watch.take(pulses: 0, count: 136, isIdle: false)
    #expect(stalled == .stalled(periods: 1))
    watch.settle(count: 136)
    let calm = watch.take(pulses: 0, count: 136 + 135, isIdle: false)
    #expect(calm == .plausible)
    let again = watch.take(pulses: 0, count: 136 + 136, isIdle: false)
    #expect(again == .stalled(periods: 1))
  }

  @Test("The head may be a quarter of a pulse's distance and its play off, and no further")
  func indexBounds() {
    for (turned, count, expected) in [
      (UInt64(5), UInt64(465), IndexWatch.Verdict.plausible), (5, 464, .ahead),
      (5, 535, .plausible), (5, 536, .behind),
    ] {
      var watch = IndexWatch(period: 100, play: 10, count: 0)
      _ = watch.take(pulses: 0, count: 0, isIdle: false)
      _ = watch.take(pulses: 1, count: 100, isIdle: false)
      let verdict = watch.take(pulses: 1 + turned, count: 100 + count, isIdle: false)
      #expect(verdict == expected, "\(turned) pulses, \(count) steps")
    }
  }

  @Test("A pulse without a step is motion by itself where the motor is idle, and only there")
  func movesByItself() {
    for isIdle in [true, false] {
      var watch = IndexWatch(period: 100, play: 10, count: 0)
      _ = watch.take(pulses: 3, count: 50, isIdle: isIdle)
      let verdict = watch.take(pulses: 4, count: 50, isIdle: isIdle)
      #expect(verdict == (isIdle ? .movedByItself : .plausible))
    }
  }

  @Test("Counts up to 2⁶⁰ - 1 are possible, each of them, and a fill before the last step")
  func possibleCounts() {
    let most: UInt64 = 1_152_921_504_606_846_975
    #expect(StepCounts.most == most)
    for (counts, isPossible) in [
      (StepCounts(certain: most), true), (StepCounts(uncertain: most), true),
      (StepCounts(missed: most), true), (StepCounts(certain: most + 1), false),
      (StepCounts(uncertain: most + 1), false), (StepCounts(missed: most + 1), false),
      (StepCounts(certain: 3, uncertain: 4, atFill: 7), true),
      (StepCounts(certain: 3, uncertain: 4, atFill: 8), false),
    ] { #expect(counts.isPossible == isPossible, "\(counts)") }
  }

  @Test("The windows count as finely as is documented: a minute of the hour, five of the day")
  func buckets() {
    #expect(DoseWindow.hour.bucket == TimeSpan(minutes: 1))
    #expect(DoseWindow.day.bucket == TimeSpan(minutes: 5))
  }
}
