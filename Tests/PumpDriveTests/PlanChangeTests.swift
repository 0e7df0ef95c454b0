import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@Suite(
  "What a change of plan leaves behind: no early step, no ramp too few, no volume of another bolus")
struct PlanChangeTests {
  private typealias Loop = ControlLoop<SimulatedBench<EdgeRecorder>>

  private func loop(stepsPerSecond: UInt64, faults: [ScheduledFault] = []) throws -> Loop {
    let settings = try Fixture.settings()
    return Loop(
      engine: Engine(
        settings: settings,
        prescription: Fixture.prescription(
          .continuous(try settings.step.flow(ofStepsPerSecond: stepsPerSecond))),
        grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(faults: faults), trace: EdgeRecorder()))
  }

  @Test("The step that was planned before a fall-back does not come at the old flow's time")
  func fallsBack() throws {
    var loop = try loop(stepsPerSecond: 1)
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(milliseconds: 5_900))
    // A step in 100 s: a tenth of a step is left, which takes 10 s.
    let slow = try FlowRate(
      delivering: loop.engine.settings.step.volume(ofSteps: 1), over: TimeSpan(seconds: 100))
    loop.engine.fallBack(to: slow, at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(seconds: 15))
    let before = loop.hardware.trace.times(.step, true).count
    loop.run(until: .epoch + TimeSpan(seconds: 17))
    let after = loop.hardware.trace.times(.step, true).count
    #expect(before == 5 && after == 6, "\(before), then \(after)")
  }

  @Test("A bolus needs a ramp for what runs under it, and a prime at rest for itself alone")
  func ramps() throws {
    // 500 steps/s over 900 are beyond the start rate of 1,000; alone they are not.
    let volume = try Fixture.step().volume(ofSteps: 1_000)
    let bolus = try Bolus(volume: volume, duration: TimeSpan(seconds: 2))
    var resting = try loop(stepsPerSecond: 900)
    try resting.engine.perform(.prime(bolus, isConfirmed: true), at: .epoch)
    let alone = resting.engine.detail(at: .epoch).bolus?.end
    #expect(alone == .epoch + TimeSpan(seconds: 2))
    var running = try loop(stepsPerSecond: 900)
    try running.engine.perform(.begin(isConfirmed: true), at: .epoch)
    try running.engine.perform(.bolus(bolus, isConfirmed: true), at: .epoch)
    let over = try #require(running.engine.detail(at: .epoch).bolus?.end)
    #expect(over > .epoch + TimeSpan(seconds: 2))
  }

  @Test("A bolus after one that was held up is told with its own volume")
  func afterPause() throws {
    let bolus = try Bolus(volume: Volume(microlitres: 20), duration: TimeSpan(seconds: 60))
    func ended(_ faults: [ScheduledFault]) throws -> [PumpEvent] {
      var loop = try loop(stepsPerSecond: 1, faults: faults)
      try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
      for start in [UInt64(10), 200] {
        loop.run(until: .epoch + TimeSpan(seconds: start))
        try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: loop.hardware.now)
      }
      loop.run(until: .epoch + TimeSpan(seconds: 400))
      return (0..<loop.engine.eventCount).compactMap { loop.engine.event($0)?.event }.filter {
        if case .bolusEnded = $0 { true } else { false }
      }
    }
    let undisturbed = try ended([])
    let pause = ScheduledFault(
      .at(.epoch + TimeSpan(seconds: 30)), .lateWake(TimeSpan(milliseconds: 200)))
    let disturbed = try ended([pause])
    #expect(undisturbed.count == 2 && disturbed.count == 2)
    #expect(disturbed[0] != undisturbed[0], "the first was held up")
    #expect(disturbed[1] == undisturbed[1])
  }
}
