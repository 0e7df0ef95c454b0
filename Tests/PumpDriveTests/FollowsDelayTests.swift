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
    basal: UInt64 = 0
  ) throws -> Run {
    let settings = try Fixture.settings(backlog: backlog, followsDelay: follows)
    let step = settings.step
    let flow = try FlowRate(
      delivering: step.volume(ofSteps: basal), over: TimeSpan(seconds: 1))
    let faults = late.map {
      ScheduledFault(.at(Instant(nanoseconds: $0.at)), .lateWake($0.by))
    }
    var loop = ControlLoop(
      engine: Engine(
        settings: settings,
        prescription: Fixture.prescription(basal == 0 ? .stopped : .continuous(flow)),
        grant: .unlimited),
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
    "The flow under the bolus goes on meanwhile: nothing is lost of either, and no step comes sooner than rated",
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
    "Many delays that are each followed put the bolus behind, and are alarmed once beyond the limit",
    arguments: [(10, 1), (200, 0)] as [(UInt64, Int)])
  func behind(limit: UInt64, alarms: Int) throws {
    let late = (0..<20).map {
      (at: 2_000_000_000 + UInt64($0) * 100_000_000, by: TimeSpan(microseconds: 1_500))
    }
    let made = try run(late, follows: TimeSpan(milliseconds: 2), backlog: limit)
    #expect(made.delivered == 10_000 && made.missed == 0)
    #expect(made.events.filter { $0 == .alarmRaised(.underDelivery) }.count == alarms)
    // No pause is longer than what is followed, for the motor never starts anew.
    let longest = zip(made.rises, made.rises.dropFirst()).map { $1 - $0 }.max() ?? 0
    #expect(longest < 500_000 + 2_000_000, "\(longest)")
  }
}
