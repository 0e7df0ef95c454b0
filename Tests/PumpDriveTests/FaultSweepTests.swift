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

@testable import PumpDrive

@Suite("Whatever fails, and at whichever edge, the books stay true")
struct FaultSweepTests {
  private static let kinds: [PlantFault] = [
    .stall(TimeSpan(seconds: 3)), .missedSteps(5), .driverFault(TimeSpan(seconds: 5)),
    .lateWake(TimeSpan(milliseconds: 700)), .lineFailure(.notDelivered),
    .lineFailure(.deliveryUncertain), .lineFailure(.deviceLost),
    .sensorsDead(TimeSpan(seconds: 5)), .battery(2_100), .temperature(70_000), .wallClock(-90_000),
  ]

  private func run(
    _ faults: [ScheduledFault], seconds: UInt64, energise: DriverTiming.Energise, seed: UInt64 = 1
  ) throws -> ControlLoop<SimulatedBench<EdgeRecorder>> {
    let table = Fixture.driver
    let driver = DriverTiming(
      stepHigh: table.stepHigh, stepLow: table.stepLow, directionSetUp: table.directionSetUp,
      directionHold: table.directionHold, wakeUp: table.wakeUp, energise: energise)
    let flow = try Fixture.step().flow(ofStepsPerSecond: 3)
    var loop = ControlLoop(
      engine: Engine(
        settings: try Fixture.settings(driver: driver, limits: Fixture.limits(hour: 3, day: 21)),
        prescription: Fixture.prescription(.minimumRate(flow)), grant: .unlimited),
      hardware: SimulatedBench(
        settings: Fixture.plant(faults: faults, seed: seed), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(seconds: seconds))
    return loop
  }

  private func problem(_ loop: borrowing ControlLoop<SimulatedBench<EdgeRecorder>>) -> String? {
    let ledger = loop.engine.ledger
    let trace = loop.hardware.trace
    if loop.hardware.rotorSteps > ledger.delivered + ledger.uncertain {
      return "the rotor turned further than was booked"
    }
    // 21 µg of 78,125 fg a step.
    if ledger.delivered + ledger.uncertain > 268_800 { return "the dose limit was passed" }
    if case .tripped(let alarm) = loop.engine.state {
      if !loop.engine.alarm(alarm).isStanding { return "tripped without its alarm" }
      let enable = trace.edges.last { $0.line == .enable }
      if enable?.isAsserted == true { return "tripped but energised" }
    }
    return TimingTable.violation(
      trace.edges.filter { $0.line.rawValue <= BenchLine.enable.rawValue }, stepHigh: 1_900,
      stepLow: 1_900, setUp: 650, hold: 0, wakeUp: 1_700_000, rated: 250_000)
  }

  @Test("Each kind of fault at each of the first forty edges", arguments: 0..<11)
  func everyEdge(kind: Int) throws {
    for edge in UInt64(1)...40 {
      for energise in [DriverTiming.Energise.always, .aroundStrokes] {
        let fault = ScheduledFault(.edge(edge), Self.kinds[kind])
        let loop = try run([fault], seconds: 30, energise: energise, seed: edge)
        #expect(problem(loop) == nil, "\(Self.kinds[kind]) at edge \(edge)")
      }
    }
  }

  @Test("Random faults, a dozen a run; the same seed gives the same trace")
  func random() throws {
    for seed in UInt64(0)..<60 {
      // A motor that turns without a step, or further, is for the supervisor to see.
      let faults = FaultSchedule.random(seed: seed, count: 12, over: TimeSpan(seconds: 600))
        .filter {
          switch $0.fault {
          case .creep, .doubledSteps: false
          default: true
          }
        }
      let first = try run(faults, seconds: 600, energise: .always)
      #expect(problem(first) == nil, "seed \(seed)")
      let again = try run(faults, seconds: 600, energise: .always)
      #expect(first.hardware.trace.digest == again.hardware.trace.digest, "seed \(seed)")
    }
  }

  @Test("A therapy just below its limit runs for days without being stopped")
  func justBelowLimit() throws {
    // 3 steps/s are 20.25 µg a day and 0.84375 µg an hour; limits a ten-thousandth above.
    let limits = DoseLimits(
      perHour: .init(
        soft: Mass(femtograms: 843_834_000), hard: Mass(femtograms: 843_834_000)),
      perDay: .init(
        soft: Mass(femtograms: 20_252_025_000), hard: Mass(femtograms: 20_252_025_000)))
    let flow = try Fixture.step().flow(ofStepsPerSecond: 3)
    var loop = ControlLoop(
      engine: Engine(
        settings: try Fixture.settings(limits: limits),
        prescription: Fixture.prescription(.continuous(flow)), grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(), trace: DigestTrace()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(days: 3))
    let status = loop.engine.status(at: loop.hardware.now)
    #expect(status.state == .delivering)
    #expect(status.ledger.delivered >= 3 * 86_400 * 3 - 1)
    try loop.engine.perform(
      .adopt(Fixture.prescription(.continuous(flow)), place: .zero, isConfirmed: true),
      at: loop.hardware.now)
  }

  @Test("A therapy at its very limit runs for days: level, and as one bolus every hour")
  func atTheLimit() throws {
    let flow = try Concentration(microgramsPerMillilitre: 500).flow(
      for: DoseRate(microgramsPerDay: 480))
    let bolus = try Bolus(volume: Volume(microlitres: 40), duration: TimeSpan(seconds: 90))
    let hourly = try FlexPattern(
      period: .hour, segments: [.init(start: .zero, flow: .zero)],
      boluses: [.init(start: .zero, bolus: bolus)])
    for therapy in [Therapy.continuous(flow), .flex(hourly)] {
      var loop = ControlLoop(
        engine: Engine(
          settings: try Fixture.settings(limits: Fixture.limits(hour: 20, day: 480)),
          prescription: Fixture.prescription(therapy), place: TimeSpan(minutes: 7),
          grant: .unlimited),
        hardware: SimulatedBench(settings: Fixture.plant(), trace: DigestTrace()))
      try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
      loop.run(until: .epoch + TimeSpan(hours: 30))
      let status = loop.engine.status(at: loop.hardware.now)
      #expect(status.state == .delivering)
      #expect(status.ledger.missed == 0)
      #expect(status.delivered > Volume(microlitres: 29 * 40))
    }
    // A quarter more is refused, though each bolus alone would fit in a bucket.
    let double = try Bolus(volume: Volume(microlitres: 50), duration: TimeSpan(seconds: 90))
    let tooMuch = try FlexPattern(
      period: .hour, segments: [.init(start: .zero, flow: .zero)],
      boluses: [.init(start: .zero, bolus: double)])
    var engine = Engine(
      settings: try Fixture.settings(limits: Fixture.limits(hour: 20, day: 48_000)),
      prescription: Fixture.prescription(.flex(tooMuch)), grant: .unlimited)
    #expect(throws: Refusal.doseLimit(.hour)) {
      try engine.perform(.begin(isConfirmed: true), at: .epoch)
    }
  }

  @Test("A line that failed once may go on after an acknowledgement; a device that is gone may not")
  func deviceLost() throws {
    for (kind, canResume) in [(FaultKind.notDelivered, true), (.deviceLost, false)] {
      // The fall of the fifth step.
      var loop = try run(
        [ScheduledFault(.edge(12), .lineFailure(kind))], seconds: 30, energise: .always)
      let state = loop.engine.state
      #expect(state == .tripped(.deviceLost))
      try loop.engine.perform(.acknowledge(.deviceLost), at: loop.hardware.now)
      let after = loop.engine.state
      #expect(after == (canResume ? .suspended : .tripped(.deviceLost)))
    }
  }

  @Test("Boluses that follow one another without a gap, each ramped and so a little longer")
  func contiguousRampedBoluses() throws {
    let bolus = try Bolus(volume: Volume(microlitres: 1), duration: TimeSpan(seconds: 4))
    let pattern = try FlexPattern(
      period: TimeSpan(seconds: 400), segments: [.init(start: .zero, flow: .zero)],
      boluses: (0..<60).map { .init(start: TimeSpan(seconds: $0 * 4), bolus: bolus) })
    var loop = ControlLoop(
      engine: Engine(
        settings: try Fixture.settings(acceleration: 1_500),
        prescription: Fixture.prescription(.flex(pattern)), grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(), trace: DigestTrace()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(seconds: 390))
    var begun = 0
    var dropped = 0
    for number in 0..<loop.engine.eventCount {
      switch loop.engine.event(number)?.event {
      case .bolusBegan: begun += 1
      case .bolusDropped: dropped += 1
      default: break
      }
    }
    #expect(begun + dropped == 60)
    #expect(dropped > 0 && begun > 30)
    let isAlarmed = loop.engine.alarm(.underDelivery).isStanding
    #expect(isAlarmed)
  }

  @Test("Software above that asks for ten times the dose is stopped at the hard limit")
  func hardLimit() throws {
    let flow = try Fixture.step().flow(ofStepsPerSecond: 3)
    var loop = ControlLoop(
      engine: Engine(
        settings: try Fixture.settings(limits: Fixture.limits(hour: 3, day: 21)),
        prescription: Fixture.prescription(.continuous(flow)), grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(minutes: 10))
    // Past every check of a command: the flow itself is changed behind the engine's back.
    let fast = try Fixture.step().flow(ofStepsPerSecond: 30)
    loop.engine.program.adopt(.continuous(fast), place: .zero, at: loop.hardware.now)
    loop.engine.replan(at: loop.hardware.now, searches: true)
    loop.run(until: .epoch + TimeSpan(minutes: 45))
    let early = loop.engine.report(beat: 1, at: loop.hardware.now)
    let isHeldAtOnce = early.isTripped && early.present & Alarm.overInfusion.bit != 0
    loop.run(until: .epoch + TimeSpan(hours: 3))
    let state = loop.engine.state
    let ledger = loop.engine.ledger
    #expect(state == .tripped(.overInfusion))
    // 3 µg in the first hour are 38,400 steps; one more is allowed for.
    #expect(ledger.delivered == 38_401)
    let enable = loop.hardware.trace.edges.last { $0.line == .enable }
    #expect(enable?.isAsserted == false)
    // The window has room again an hour after the last step, and not before.
    #expect(isHeldAtOnce)
    let isPresent = loop.engine.report(beat: 1, at: loop.hardware.now).present
    #expect(isPresent & Alarm.overInfusion.bit == 0)
    let standing = loop.engine.standingAlarm(0)
    #expect(standing == .overInfusion)
  }
}
