import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpTherapy
import PumpUnits
import Testing

@Suite(
  "A ramped bolus goes on at its speed after a delay that the motor follows, and else begins anew")
struct FollowsDelayTests {
  private struct Run {
    var rises: [UInt64]
    var delivered: UInt64
    var missed: UInt64
    var events: [PumpEvent]
  }

  /// 10,000 steps over 5 s from the first second on, with late wake-ups.
  private func run(
    _ late: [(at: UInt64, by: TimeSpan)], follows: TimeSpan, backlog: UInt64 = 2_000,
    basal: UInt64 = 0, changesAt change: UInt64? = nil
  ) throws -> Run {
    let settings = try Fixture.settings(backlog: backlog, followsDelay: follows)
    let step = settings.step
    let flow = try FlowRate(
      delivering: step.volume(ofSteps: basal), over: TimeSpan(seconds: 1))
    var therapy: Therapy = basal == 0 ? .stopped : .continuous(flow)
    if let change {
      let half = try FlowRate(
        delivering: step.volume(ofSteps: basal), over: TimeSpan(seconds: 2))
      therapy = .flex(
        try FlexPattern(
          period: .day,
          segments: [
            .init(start: .zero, flow: flow),
            .init(start: TimeSpan(nanoseconds: change), flow: half),
          ], boluses: []))
    }
    let faults = late.map {
      ScheduledFault(.at(Instant(nanoseconds: $0.at)), .lateWake($0.by))
    }
    var loop = ControlLoop(
      engine: Engine(
        settings: settings,
        prescription: Fixture.prescription(therapy), grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(faults: faults), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(seconds: 1))
    let bolus = try Bolus(volume: step.volume(ofSteps: 10_000), duration: TimeSpan(seconds: 5))
    try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(seconds: 60))
    let events = (0..<loop.engine.eventCount).compactMap { loop.engine.event($0)?.event }
    let ledger = loop.engine.ledger
    return Run(
      rises: loop.hardware.trace.times(.step, true), delivered: ledger.delivered,
      missed: ledger.missed, events: events)
  }

  /// In the rising ramp, at the top, in the falling one.
  static let places: [UInt64] = [1_100_000_000, 1_249_900_000, 3_000_000_000, 6_100_000_000]

  @Test(
    "Every later step is later by the one delay, or the motor starts anew, by the figure",
    arguments: places)
  func oneDelay(at place: UInt64) throws {
    let follows = TimeSpan(milliseconds: 2)
    let plan = try run([], follows: follows).rises
    #expect(plan.count == 10_000)
    var (followed, begun) = (0, 0)
    for microseconds in stride(from: UInt64(300), through: 4_000, by: 37) {
      let made = try run(
        [(place, TimeSpan(microseconds: microseconds))], follows: follows)
      guard
        let first = zip(made.rises, plan).enumerated().first(where: { $0.element.0 != $0.element.1 }
        )
      else {
        Issue.record("\(microseconds) µs: nothing was late")
        continue
      }
      let delay = first.element.0 - first.element.1
      let words = "\(microseconds) µs: step \(first.offset) \(delay) ns late"
      #expect(made.missed == 0, "\(words)")
      if delay > follows.nanoseconds {
        begun += 1
        // From the start rate on.
        let next = made.rises[first.offset + 1] - made.rises[first.offset]
        #expect(next >= 1_000_000 - 1, "\(words)")
        #expect((9_999...10_000).contains(made.delivered), "\(words)")
      } else if delay > 250_000 {
        followed += 1
        #expect(made.delivered == 10_000, "\(words)")
        for (own, planned) in zip(made.rises, plan).dropFirst(first.offset) {
          // The plan is on whole nanoseconds before and after.
          guard own - planned + 2 < delay || own - planned > delay + 2 else { continue }
          Issue.record("\(words), then one \(own - planned) ns late")
          break
        }
      }
    }
    #expect(followed > 20 && begun > 20, "both sides of the figure are tried")
  }

  @Test(
    "The flow under the bolus goes on meanwhile: what a new ramp rounds off is lost, and no step comes sooner than rated",
    arguments: [0, 7, 300] as [UInt64])
  func overBasal(basal: UInt64) throws {
    var random = SplitMix64(seed: 40 + basal)
    for round in 0..<40 {
      let late = (0..<(1 + round % 5)).map { _ in
        (
          at: 1_000_000_000 + random.next() % 6_000_000_000,
          by: TimeSpan(nanoseconds: 250_000 + random.next() % 4_750_000)
        )
      }
      let made = try run(late, follows: TimeSpan(milliseconds: 5), basal: basal)
      // A minute of basal, of which the last step may be due right at its end.
      let whole = 10_000 + 60 * basal
      #expect(
        made.delivered <= whole && whole - made.delivered <= 1 + UInt64(late.count)
          && made.missed == 0, "round \(round): \(made.delivered)")
      let least = zip(made.rises, made.rises.dropFirst()).map { $1 - $0 }.min() ?? 0
      #expect(least >= 250_000, "round \(round)")
    }
  }

  @Test("The flow under the bolus changes in the pause: each has its part, to the step")
  func changingBasal() throws {
    let follows = TimeSpan(milliseconds: 5)
    for offset in stride(from: UInt64(0), through: 5_000_000, by: 210_007) {
      let change = 3_000_000_000 + offset
      let made = try run(
        [(3_000_000_000, TimeSpan(microseconds: 4_000))], follows: follows, basal: 8,
        changesAt: change)
      // Eight steps a second until then, four from then to the end of the minute.
      let steps = (change * 8 + (60_000_000_000 - change) * 4) / 1_000_000_000
      #expect(made.missed == 0)
      #expect((10_000 + steps - 1...10_000 + steps).contains(made.delivered), "at \(change) ns")
    }
  }

  /// A bolus at its top that stands still, by what is done to it, and its rises.
  private func interrupted(
    follows: TimeSpan, energise: DriverTiming.Energise = .always, upTo: UInt64 = .max,
    by interrupt: (inout ControlLoop<SimulatedBench<EdgeRecorder>>) -> Void
  ) throws -> (before: Int, rises: [UInt64]) {
    let driver = DriverTiming(
      stepHigh: TimeSpan(nanoseconds: 1_900), stepLow: TimeSpan(nanoseconds: 1_900),
      directionSetUp: TimeSpan(nanoseconds: 650), directionHold: TimeSpan(nanoseconds: 650),
      hold: TimeSpan(milliseconds: 1), wakeUp: TimeSpan(microseconds: 1_700), energise: energise)
    let settings = try Fixture.settings(
      driver: driver, backlog: 2_000, followsDelay: follows)
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.stopped),
        grant: Grant(number: 1, upTo: upTo, until: .never)),
      hardware: SimulatedBench(settings: Fixture.plant(), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(seconds: 1))
    let bolus = try Bolus(
      volume: settings.step.volume(ofSteps: 10_000), duration: TimeSpan(seconds: 5))
    try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(seconds: 3))
    let before = loop.hardware.trace.times(.step, true).count
    interrupt(&loop)
    loop.run(until: .epoch + TimeSpan(seconds: 20))
    return (before, loop.hardware.trace.times(.step, true))
  }

  /// The shortest of the first intervals after a pause.
  private func restart(_ run: (before: Int, rises: [UInt64])) -> UInt64 {
    let after = run.rises.dropFirst(run.before)
    return zip(after, after.dropFirst()).prefix(4).map { $1 - $0 }.min() ?? 0
  }

  @Test(
    "A motor that lost its power meanwhile starts anew, though the delay is one that it follows",
    arguments: [
      DriverTiming.Energise.always, .aroundStrokes,
    ])
  func powerLost(energise: DriverTiming.Energise) throws {
    for microseconds: UInt64 in [4_000, 9_000] {
      let run = try interrupted(follows: TimeSpan(milliseconds: 50), energise: energise) { loop in
        loop.engine.hold(true, at: loop.hardware.now)
        loop.run(until: loop.hardware.now + TimeSpan(microseconds: microseconds))
        loop.engine.hold(false, at: loop.hardware.now)
      }
      // From the start rate of 1,000 steps/s on.
      #expect(restart(run) > 900_000, "held for \(microseconds) µs")
      #expect(run.rises.count >= 9_999)
    }
  }

  @Test(
    "A pause is one pause, however often it was looked at: it is followed as a whole or not at all",
    arguments: [(5, false), (20, true)] as [(UInt64, Bool)])
  func slices(follows: UInt64, isFollowed: Bool) throws {
    // At the fourth second of the bolus the permission runs out, and comes back after 12 ms.
    let plan = try interrupted(follows: .zero) { _ in }
    let run = try interrupted(
      follows: TimeSpan(milliseconds: follows), upTo: UInt64(plan.before)
    ) { loop in
      for _ in 0..<4 {
        loop.run(until: loop.hardware.now + TimeSpan(milliseconds: 3))
        try? loop.engine.perform(.acknowledge(.overheated), at: loop.hardware.now)
      }
      loop.engine.accept(Grant(number: 2, upTo: .max, until: .never), at: loop.hardware.now)
    }
    let pause = run.rises[run.before] - run.rises[run.before - 1]
    #expect(pause >= 12_000_000)
    #expect((restart(run) < 600_000) == isFollowed, "\(restart(run)) ns after \(pause) ns")
    #expect(run.rises.count >= 9_999)
  }

  @Test(
    "Many delays that are each followed put the bolus behind, and are alarmed once beyond the limit",
    arguments: [(10, 1), (200, 0)] as [(UInt64, Int)])
  func behind(limit: UInt64, alarms: Int) throws {
    let late = (0..<20).map {
      (at: 2_000_000_000 + UInt64($0) * 100_000_000, by: TimeSpan(microseconds: 1_500))
    }
    let made = try run(late, follows: TimeSpan(milliseconds: 2), backlog: limit)
    #expect(made.delivered == 10_000 && made.missed == 0)
    #expect(made.events.filter { $0 == .alarmRaised(.underDelivery) }.count == alarms)
    let told = made.events.filter { if case .late = $0 { true } else { false } }
    #expect(told.count == late.count, "each is told")
    // No pause is longer than what is followed, for the motor never starts anew.
    let longest = zip(made.rises, made.rises.dropFirst()).map { $1 - $0 }.max() ?? 0
    #expect(longest < 500_000 + 2_000_000, "\(longest)")
  }
}
