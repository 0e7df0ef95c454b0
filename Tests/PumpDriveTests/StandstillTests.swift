import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpTherapy
import PumpUnits
import Testing

@Suite(
  "A ramped bolus that stood still without power starts anew; one that stood under power goes on by its delay"
)
struct StandstillTests {
  /// A bolus at its top that stands still, by what is done to it, and its rises.
  private func interrupted(
    follows: TimeSpan, energise: DriverTiming.Energise = .always,
    wakeUp: TimeSpan = TimeSpan(microseconds: 1_700), upTo: UInt64 = .max,
    by interrupt: (inout ControlLoop<SimulatedBench<EdgeRecorder>>) -> Void
  ) throws -> (before: Int, rises: [UInt64]) {
    let driver = DriverTiming(
      stepHigh: TimeSpan(nanoseconds: 1_900), stepLow: TimeSpan(nanoseconds: 1_900),
      directionSetUp: TimeSpan(nanoseconds: 650), directionHold: TimeSpan(nanoseconds: 650),
      hold: TimeSpan(milliseconds: 1), wakeUp: wakeUp, energise: energise)
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
    "A motor that lost its power meanwhile starts anew, however short that was",
    arguments: [DriverTiming.Energise.always, .aroundStrokes], [0, 50] as [UInt64])
  func powerLost(energise: DriverTiming.Energise, follows: UInt64) throws {
    for wakeUp: UInt64 in [0, 20, 1_700] {
      for microseconds: UInt64 in [0, 3, 100, 200, 900, 4_000, 9_000] {
        let run = try interrupted(
          follows: TimeSpan(milliseconds: follows), energise: energise,
          wakeUp: TimeSpan(microseconds: wakeUp)
        ) { loop in
          loop.engine.hold(true, at: loop.hardware.now)
          if microseconds > 0 {
            loop.run(until: loop.hardware.now + TimeSpan(microseconds: microseconds))
          }
          loop.engine.hold(false, at: loop.hardware.now)
        }
        // From the start rate of 1,000 steps/s on.
        let words = "held for \(microseconds) µs, awake in \(wakeUp) µs"
        #expect(restart(run) > 900_000, "\(words)")
        #expect(run.rises.count >= 9_999, "\(words)")
      }
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
}
