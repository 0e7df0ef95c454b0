import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@Suite("The control loop: who sounds, who kicks, and when sensors are read")
struct ControlLoopTests {
  private func loop(
    stepsPerSecond: UInt64 = 1, faults: [ScheduledFault] = [], limits: DoseLimits = Fixture.limits()
  ) throws -> ControlLoop<SimulatedBench<EdgeRecorder>> {
    let settings = try Fixture.settings(limits: limits)
    let flow = try settings.step.flow(ofStepsPerSecond: stepsPerSecond)
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.continuous(flow)),
        grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(faults: faults), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    return loop
  }

  @Test(
    "A driver's fault between two rounds of the engine is seen by whoever reads the sensors then")
  func sensorsBetweenRounds() throws {
    let fault = Instant.epoch + TimeSpan(milliseconds: 12_100)
    var loop = try loop(faults: [
      ScheduledFault(.at(fault), .driverFault(TimeSpan(seconds: 60)))
    ])
    loop.run(until: fault + TimeSpan(milliseconds: 20))
    let before = loop.engine.state
    #expect(before == .delivering, "the engine's own round comes later")
    loop.readSensors()
    let after = loop.engine.state
    #expect(after == .tripped(.driverFault))
  }

  @Test(
    "An alarm is sounded, and the watchdog kicked, by the loop that stands alone, and not beside a supervisor",
    arguments: [false, true])
  func whoSounds(isSupervised: Bool) throws {
    let fault = Instant.epoch + TimeSpan(seconds: 5)
    var loop = try loop(faults: [
      ScheduledFault(.at(fault), .driverFault(TimeSpan(seconds: 60)))
    ])
    loop.isSupervised = isSupervised
    loop.run(until: .epoch + TimeSpan(seconds: 40))
    let state = loop.engine.state
    let sounds = loop.hardware.sounds
    #expect(state == .tripped(.driverFault))
    #expect(isSupervised ? sounds == 0 : sounds > 0, "\(sounds)")
    let edges = loop.hardware.trace.edges
    #expect(edges.contains { $0.line == .buzzer } == !isSupervised)
    #expect(edges.contains { $0.line == .watchdogKick } == !isSupervised)
  }

  @Test("Beside a supervisor the drive's alarm sounds on the bench that both share")
  func supervisedSounds() throws {
    let settings = try Fixture.settings()
    let witness = Witness()
    let fault = Instant.epoch + TimeSpan(seconds: 5)
    var loop = Fixture.channels(
      settings,
      Fixture.prescription(.continuous(try settings.step.flow(ofStepsPerSecond: 1))),
      on: Fixture.watchedBench(
        witness,
        faults: [ScheduledFault(.at(fault), .driverFault(TimeSpan(seconds: 60)))]),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: 4_096), witness)),
      wire: DirectWire())
    loop.open()
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: fault)
    let before = loop.session.pump.loop.hardware.sounds
    loop.run(until: fault + TimeSpan(seconds: 20))
    let after = loop.session.pump.loop.hardware.sounds
    #expect(before == 0 && after > 0, "\(before), then \(after)")
  }

  @Test(
    "A motor that an earlier life left energised is released at the opening, and runs again after it"
  )
  func releasedAtOpening() throws {
    let settings = try Fixture.settings()
    let witness = Witness()
    var loop = Fixture.channels(
      settings,
      Fixture.prescription(.continuous(try settings.step.flow(ofStepsPerSecond: 1))),
      on: Fixture.watchedBench(witness),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: 4_096), witness)),
      wire: DirectWire())
    try loop.session.pump.loop.hardware.set(.enable, .asserted)
    let before = loop.session.pump.loop.hardware.readBack(.enable)
    loop.open()
    let after = loop.session.pump.loop.hardware.readBack(.enable)
    #expect(before == .asserted && after != .asserted)
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(seconds: 5))
    let running = loop.session.pump.loop.hardware.readBack(.enable)
    #expect(running == .asserted, "nobody holds it any more")
  }

  @Test("A flow at the edge of its hourly limit makes each step once, or trips, whatever the limit")
  func edgeOfTheLimit() throws {
    // A step of 156.25 pL at 500 µg/mL is 78.125 pg. Where the permit has run out the limit is looked at again, and
    // the step that is then due is one step.
    var whole = 0
    for steps in UInt64(3_599)...3_700 {
      let hour = Mass(femtograms: steps * 78_125)
      let day = Mass(micrograms: 1_000_000)
      var loop = try loop(
        limits: DoseLimits(
          perHour: .init(soft: hour, hard: hour), perDay: .init(soft: day, hard: day)))
      loop.run(until: .epoch + TimeSpan(hours: 3))
      let (state, ledger) = (loop.engine.state, loop.engine.ledger)
      let made = loop.hardware.trace.times(.step, true)
      #expect(UInt64(made.count) == ledger.delivered)
      for (first, second) in zip(made, made.dropFirst()) where second - first < 900_000_000 {
        Issue.record("\(steps) steps an hour: two \(second - first) ns apart at \(second) ns")
        break
      }
      guard state == .delivering else { continue }
      whole += 1
      #expect(ledger.delivered == 3 * 3_600 && ledger.missed == 0, "\(steps) steps an hour")
    }
    #expect(whole > 0, "no limit let the flow pass: nothing is shown")
  }
}
