import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@Suite("The supervisor holds ENABLE, and lets it go")
struct HoldTests {
  @Test(
    "A hold that ends before ENABLE was released for it still releases it, and wakes the driver anew"
  )
  func shortHold() throws {
    let settings = try Fixture.settings()
    let witness = Witness()
    var loop = ControlLoop(
      engine: Engine(
        settings: settings,
        prescription: Fixture.prescription(
          .continuous(try settings.step.flow(ofStepsPerSecond: 20))), grant: .unlimited),
      hardware: Fixture.watchedBench(witness))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    // Between two steps: one that is still high would hold everything else up by itself.
    loop.run(until: .epoch + TimeSpan(milliseconds: 5_020))
    let now = loop.hardware.now
    let before = witness.rises.count
    // Both in one look at the orders: the supervisor has released ENABLE itself meanwhile.
    loop.engine.hold(true, at: now)
    loop.engine.hold(false, at: now)
    loop.run(until: now + TimeSpan(seconds: 5))
    let fall = try #require(witness.enableFalls.last)
    #expect(fall >= now)
    let next = witness.rises[before]
    #expect(next.elapsed(since: fall) >= Fixture.driver.wakeUp)
    #expect(witness.rises.count > before + 90)
    #expect(witness.isEnergised)
  }

  @Test(
    "A held pump makes no step and takes no power, whenever the driver is energised",
    arguments: [DriverTiming.Energise.always, .aroundStrokes])
  func held(energise: DriverTiming.Energise) throws {
    let table = Fixture.driver
    let settings = try Fixture.settings(
      driver: DriverTiming(
        stepHigh: table.stepHigh, stepLow: table.stepLow, directionSetUp: table.directionSetUp,
        directionHold: table.directionHold, hold: TimeSpan(milliseconds: 30), wakeUp: table.wakeUp,
        energise: energise))
    // The pattern's corners are times to plan anew, while it is held too.
    let pattern = try FlexPattern(
      period: TimeSpan(seconds: 6),
      segments: [
        .init(start: .zero, flow: settings.step.flow(ofStepsPerSecond: 2)),
        .init(start: TimeSpan(seconds: 3), flow: settings.step.flow(ofStepsPerSecond: 4)),
      ], boluses: [])
    let witness = Witness()
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.flex(pattern)), grant: .unlimited),
      hardware: Fixture.watchedBench(witness))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    // In the pause between two steps, and while a stroke is under way.
    for milliseconds in [UInt64(5_370), 20_010] {
      loop.run(until: .epoch + TimeSpan(milliseconds: milliseconds))
      loop.engine.hold(true, at: loop.hardware.now)
      let before = witness.rises.count
      loop.run(until: loop.hardware.now + TimeSpan(seconds: 8))
      #expect(witness.rises.count == before && !witness.isEnergised, "held at \(milliseconds) ms")
      loop.engine.hold(false, at: loop.hardware.now)
      loop.run(until: loop.hardware.now + TimeSpan(seconds: 3))
      #expect(witness.rises.count > before, "let go")
    }
  }
}

extension HoldTests {
  @Test(
    "What fell due while it was held is given up by a suspend and by a trip, and told to the step",
    arguments: UInt64(0)..<4, [false, true])
  func endedWhileHeld(owed: UInt64, isTrip: Bool) throws {
    let settings = try Fixture.settings()
    let witness = Witness()
    var loop = ControlLoop(
      engine: Engine(
        settings: settings,
        prescription: Fixture.prescription(
          .continuous(try settings.step.flow(ofStepsPerSecond: 1))), grant: .unlimited),
      hardware: Fixture.watchedBench(witness))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(milliseconds: 5_500))
    loop.engine.hold(true, at: loop.hardware.now)
    loop.run(until: loop.hardware.now + TimeSpan(seconds: owed))
    let before = loop.engine.eventCount
    if isTrip {
      loop.engine.stop(because: .overDelivery, at: loop.hardware.now)
    } else {
      try loop.engine.perform(.suspend, at: loop.hardware.now)
    }
    var told: [PumpEvent] = []
    for number in before..<loop.engine.eventCount {
      if let event = loop.engine.event(number)?.event, case .forgone = event { told.append(event) }
    }
    #expect(told == (owed == 0 ? [] : [.forgone(steps: owed)]))
    loop.engine.hold(false, at: loop.hardware.now)
    loop.run(until: loop.hardware.now + TimeSpan(seconds: 5))
    let ledger = loop.engine.ledger
    #expect(ledger.delivered == 5 && ledger.missed == owed && ledger.owed == 0)
    #expect(witness.rises.count == 5)
  }
}

@Suite("A motor that is energised around strokes only keeps its power until the rotor has turned")
struct StrokeHoldTests {
  private static func driver(hold: TimeSpan) -> DriverTiming {
    let table = Fixture.driver
    return DriverTiming(
      stepHigh: table.stepHigh, stepLow: table.stepLow, directionSetUp: table.directionSetUp,
      directionHold: table.directionHold, hold: hold, wakeUp: table.wakeUp,
      energise: .aroundStrokes)
  }

  @Test(
    "No ENABLE falls before the hold is over, whatever the rate and the hold",
    arguments: [
      (1, 1), (1, 20_000), (3, 5_000), (7, 60_000), (30, 20_000), (60, 3_000), (200, 20_000),
      (1, 900_000),
    ])
  func kept(perMinute: UInt64, microseconds: UInt64) throws {
    let hold = TimeSpan(microseconds: microseconds)
    let settings = try Fixture.settings(driver: Self.driver(hold: hold))
    let flow = try FlowRate(
      delivering: settings.step.volume(ofSteps: perMinute), over: TimeSpan(minutes: 1))
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.continuous(flow)),
        grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(minutes: 10))
    let edges = loop.hardware.trace.edges
    let problem = TimingTable.violation(
      edges, stepHigh: 1_900, stepLow: 1_900, setUp: 650, hold: hold.nanoseconds,
      wakeUp: 1_700_000, rated: 250_000)
    #expect(problem == nil)
    let delivered = loop.engine.ledger.delivered
    #expect(delivered == 10 * perMinute)
    // It does go to sleep where there is time for it; the last step is made at the end.
    let falls = loop.hardware.trace.times(.enable, false).count
    let gap = 60_000_000_000 / perMinute
    #expect(falls == (gap > hold.nanoseconds + 8_000_000 ? Int(10 * perMinute) - 1 : 0))
  }

  @Test(
    "A stroke whose hold is cut is uncertain, by a hold, a cut and a trip alike; one that was over is not",
    arguments: [(1_000, true), (19_000, true), (21_000, false), (300_000, false)], 0..<3)
  func cut(after: (microseconds: UInt64, isCut: Bool), how: Int) throws {
    let settings = try Fixture.settings(driver: Self.driver(hold: TimeSpan(milliseconds: 20)))
    let flow = try settings.step.flow(ofStepsPerSecond: 1)
    let witness = Witness()
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.continuous(flow)),
        grant: .unlimited), hardware: Fixture.watchedBench(witness))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(milliseconds: 5_000))
    let rise = try #require(witness.rises.last)
    let at = rise + TimeSpan(microseconds: after.microseconds)
    loop.run(until: at)
    switch how {
    case 0: loop.engine.hold(true, at: at)
    case 1: loop.engine.stop(because: .overDelivery, at: at)
    default: loop.engine.observe(SensorReadings(driverFault: true), wallSeconds: nil, at: at)
    }
    loop.run(until: at + TimeSpan(milliseconds: 100))
    let ledger = loop.engine.ledger
    #expect(ledger.uncertain == (after.isCut ? 1 : 0))
    #expect(ledger.delivered + ledger.uncertain == UInt64(witness.rises.count))
    #expect(!witness.isEnergised)
  }

  @Test("What was made beyond the count at which ENABLE fell is uncertain, and nothing before it")
  func heldBeyond() throws {
    let settings = try Fixture.settings()
    for (beyond, uncertain) in [(UInt64(90), UInt64(11)), (101, 0), (500, 0), (0, 101)] {
      var loop = ControlLoop(
        engine: Engine(
          settings: settings,
          prescription: Fixture.prescription(
            .continuous(try settings.step.flow(ofStepsPerSecond: 20))), grant: .unlimited),
        hardware: Fixture.watchedBench(Witness()))
      try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
      loop.run(until: .epoch + TimeSpan(milliseconds: 5_070))
      let made = loop.engine.ledger.delivered
      #expect(made == 101)
      loop.engine.hold(true, at: loop.hardware.now, beyond: beyond)
      let ledger = loop.engine.ledger
      #expect(ledger.uncertain == uncertain && ledger.delivered == made - uncertain, "\(beyond)")
      let stands = loop.engine.report(beat: 1, at: loop.hardware.now).standing
      #expect((stands & Alarm.deliveryUncertain.bit != 0) == (uncertain > 0))
    }
  }
}
