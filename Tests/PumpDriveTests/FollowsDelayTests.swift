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
    basal: UInt64 = 0, changesAt change: UInt64? = nil,
    bolus: (steps: UInt64, over: TimeSpan) = (10_000, TimeSpan(seconds: 5))
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
    let asked = try Bolus(volume: step.volume(ofSteps: bolus.steps), duration: bolus.over)
    try loop.engine.perform(.bolus(asked, isConfirmed: true), at: loop.hardware.now)
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
    // The figure itself is among them.
    for microseconds in [2_000] + stride(from: UInt64(300), through: 4_000, by: 37) {
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
      if microseconds * 1_000 > follows.nanoseconds {
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

  @Test(
    "Over a basal too the bolus keeps its speed, unless the basal has a step of its own due in the pause",
    arguments: [1, 8, 100, 300, 800] as [UInt64])
  func speedOverBasal(basal: UInt64) throws {
    let plan = try run([], follows: .zero, basal: basal).rises
    var (followed, begun) = (0, 0)
    for round in UInt64(0)..<60 {
      // At the top, at one place of the basal's period after another.
      let place = 2_000_000_000 + round * 47_111_111
      let delay = 300_000 + round * 79_000
      let late = [(at: place, by: TimeSpan(nanoseconds: delay))]
      let made = try run(late, follows: TimeSpan(milliseconds: 5), basal: basal).rises
      let first = try #require(zip(made, plan).enumerated().first { $1.0 != $1.1 }).offset
      let next = zip(made.dropFirst(first), made.dropFirst(first + 1)).prefix(4).map { $1 - $0 }
      // Right where a step is due, its volume has just come together: from then on the basal alone needs a whole
      // period for one of its own.
      let words = "\(basal) steps/s, \(delay) ns at \(place) ns: \(next)"
      let share = Double(delay) * Double(basal) / 1e9
      if share < 0.99 {
        followed += 1
        #expect(next.allSatisfy { (250_000...520_000).contains($0) }, "\(words)")
        #expect(made.count == plan.count, "\(words)")
      } else if share > 1.01 {
        begun += 1
        #expect(next.allSatisfy { $0 > 520_000 }, "\(words)")
      }
    }
    #expect(followed > 10 && (begun > 0) == (basal >= 300))
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
    // To the nanosecond: the flow changes right when the motor goes on, or one later.
    // No step of the basal is due there: they come each 125 ms.
    let late = [(at: UInt64(3_050_000_000), by: TimeSpan(microseconds: 4_000))]
    let onTime = try run([], follows: follows, basal: 8, changesAt: 10_000_000_000).rises
    let wake = try #require(onTime.first { $0 >= 3_050_000_000 }) + 4_000_000
    for (offset, isFollowed) in [(UInt64(0), false), (1, true)] {
      let made = try run(late, follows: follows, basal: 8, changesAt: wake + offset)
      let plain = try run(late, follows: .zero, basal: 8, changesAt: wake + offset)
      #expect((made.rises == plain.rises) == !isFollowed, "\(offset) ns later")
    }
  }

  @Test(
    "A delay is followed under a ramped bolus that has begun, and else all is as if none were",
    arguments: [
      // Right where the bolus begins, and a little before.
      [(1_000_000_000, 3_000)], [(999_999_000, 4_000)], [(1_001_000_000, 4_900)],
    ] as [[(UInt64, UInt64)]])
  func asIfNone(late: [(UInt64, UInt64)]) throws {
    let faults = late.map { (at: $0.0, by: TimeSpan(microseconds: $0.1)) }
    let made = try run(faults, follows: TimeSpan(milliseconds: 5))
    let plain = try run(faults, follows: .zero).rises
    let onTime = try run([], follows: .zero).rises
    #expect(made.rises == plain && plain != onTime)
  }

  @Test("A level bolus keeps its end, however late a step is")
  func levelBolus() throws {
    // 500 steps/s, which the motor starts and stops at without a ramp.
    func rises(_ late: [UInt64], follows: UInt64) throws -> [UInt64] {
      try run(
        late.map { (at: $0, by: TimeSpan(milliseconds: 4)) },
        follows: TimeSpan(milliseconds: follows), bolus: (2_500, TimeSpan(seconds: 5))
      ).rises
    }
    let late: [UInt64] = [2_000_000_000, 3_000_000_000, 4_000_000_000]
    let plan = try rises([], follows: 20)
    let (made, plain) = (try rises(late, follows: 20), try rises(late, follows: 0))
    #expect(made == plain && made != plan)
    #expect(made.last == plan.last)
  }

  /// Boluses of 10,000 steps over 5 s at these seconds of the pattern, with one late wake-up; the rises of STEP.
  private func scheduled(
    at seconds: [UInt64], late: UInt64, by delay: UInt64, follows: UInt64, backlog: UInt64 = 2_000
  ) throws -> [UInt64] {
    let settings = try Fixture.settings(
      backlog: backlog, followsDelay: TimeSpan(milliseconds: follows))
    let bolus = try Bolus(
      volume: settings.step.volume(ofSteps: 10_000), duration: TimeSpan(seconds: 5))
    let therapy = Therapy.flex(
      try FlexPattern(
        period: .day, segments: [.init(start: .zero, flow: .zero)],
        boluses: seconds.map { .init(start: TimeSpan(seconds: $0), bolus: bolus) }))
    let fault = ScheduledFault(
      .at(Instant(nanoseconds: late)), .lateWake(TimeSpan(nanoseconds: delay)))
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(therapy), grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(faults: [fault]), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(seconds: 60))
    return loop.hardware.trace.times(.step, true)
  }

  @Test(
    "A scheduled bolus that is due at the first instant there is may be late, whatever is followed")
  func atTheEpoch() throws {
    for (follows, delay) in [(0, 20), (50, 20), (50, 2_000)] as [(UInt64, UInt64)] {
      let made = try scheduled(
        at: [0], late: 0, by: delay * 1_000_000, follows: follows, backlog: 20_000
      ).count
      #expect((9_999...10_000).contains(made), "\(follows) ms, \(delay) ms: \(made)")
    }
  }

  @Test("A scheduled bolus whose turn comes in the pause has its turn, and the motor starts anew")
  func scheduledMeanwhile() throws {
    // The second one is right behind the first, which a ramp makes longer: it waits.
    func rises(late: UInt64, by delay: UInt64, follows: UInt64) throws -> [UInt64] {
      try scheduled(at: [1, 6], late: late, by: delay, follows: follows)
    }
    let plain = try rises(late: 5_998_000_000, by: 4_000_000, follows: 0)
    #expect(plain.count >= 19_998)
    #expect(try rises(late: 5_998_000_000, by: 4_000_000, follows: 50) == plain)
    // A little sooner it is over before that turn, and is followed.
    let sooner = try rises(late: 5_994_000_000, by: 4_000_000, follows: 50)
    #expect(sooner.count == 20_000)
    #expect(try rises(late: 5_994_000_000, by: 4_000_000, follows: 0) != sooner)
    // To the nanosecond: over right at that turn, and one before.
    let wake = try #require(sooner.first { $0 > 5_996_000_000 }) - 1
    let left = 6_000_000_000 - wake
    for (short, isFollowed) in [(UInt64(0), false), (1, true)] {
      let delay = 4_000_000 + left - short
      let made = try rises(late: 5_994_000_000, by: delay, follows: 50)
      let same = try rises(late: 5_994_000_000, by: delay, follows: 0)
      #expect((made == same) == !isFollowed, "\(short) ns before")
    }
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
