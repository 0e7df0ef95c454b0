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

@Suite("Late wake-ups delay steps and never bunch them")
struct LatenessTests {
  /// A run with random late wake-ups of 1 µs to 1 h.
  private func run(seed: UInt64, energise: DriverTiming.Energise, backlog: UInt64 = 64) throws
    -> (edges: EdgeRecorder, ledger: DeliveryLedger, events: [PumpEvent], rated: UInt64)
  {
    var random = SplitMix64(seed: seed)
    let driver = DriverTiming(
      stepHigh: TimeSpan(nanoseconds: 1_900), stepLow: TimeSpan(nanoseconds: 1_900),
      directionSetUp: TimeSpan(nanoseconds: 650), directionHold: TimeSpan(nanoseconds: 650),
      wakeUp: TimeSpan(microseconds: 1_700), energise: energise)
    // Motors that follow no delay, up to 2.5 ms and up to 5 ms.
    let settings = try Fixture.settings(
      driver: driver, backlog: backlog,
      followsDelay: TimeSpan(microseconds: seed % 3 * 2_500))
    let step = settings.step
    // From a step in 20 s to 800 steps/s, and a ramped bolus of up to 3,600 steps/s.
    let perMinute = 3 + random.next() % [10, 600, 48_000][Int(random.next() % 3)]
    let flow = try FlowRate(
      delivering: step.volume(ofSteps: perMinute), over: TimeSpan(seconds: 60))
    var faults: [ScheduledFault] = []
    for _ in 0..<20 {
      let exponent = random.next() % 32
      let late = min(1_000 + (random.next() % (2 << exponent)) * 2_000, 3_600_000_000_000)
      faults.append(
        ScheduledFault(
          .at(Instant(nanoseconds: random.next() % 60_000_000_000)),
          .lateWake(TimeSpan(nanoseconds: late))))
      // A thread that is held up between its wake-up and the write makes an edge later than decided.
      faults.append(
        ScheduledFault(
          .edge(1 + random.next() % 3_000),
          .slowEdge(TimeSpan(nanoseconds: 1 + random.next() % 3_000_000))))
    }
    faults.append(ScheduledFault(.edge(1), .slowEdge(TimeSpan(milliseconds: 1))))
    faults.append(ScheduledFault(.edge(2), .slowEdge(TimeSpan(milliseconds: 2))))
    let engine = Engine(
      settings: settings, prescription: Fixture.prescription(.continuous(flow)), grant: .unlimited)
    var loop = ControlLoop(
      engine: engine,
      hardware: SimulatedBench(settings: Fixture.plant(faults: faults), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: Instant(nanoseconds: 10_000_000_000))
    let bolus = try Bolus(
      volume: step.volume(ofSteps: 1 + random.next() % 14_000), duration: TimeSpan(seconds: 5))
    try? loop.engine.perform(.bolus(bolus, isConfirmed: true), at: loop.hardware.now)
    loop.run(until: loop.hardware.now + TimeSpan(seconds: 70))
    let events = (0..<loop.engine.eventCount).compactMap { loop.engine.event($0)?.event }
    return (
      loop.hardware.trace, loop.engine.ledger, events, settings.motor.ratedInterval.nanoseconds
    )
  }

  @Test("The timing table and the rated interval hold on every edge", arguments: 0..<4)
  func tableHolds(block: Int) throws {
    var rises = 0
    for seed in UInt64(block * 40)..<UInt64(block * 40 + 40) {
      let energise: DriverTiming.Energise = seed % 2 == 0 ? .always : .aroundStrokes
      let run = try run(seed: seed, energise: energise)
      let violation = TimingTable.violation(
        run.edges.edges, stepHigh: 1_900, stepLow: 1_900, setUp: 650, hold: 650,
        wakeUp: 1_700_000, rated: run.rated)
      #expect(violation == nil, "seed \(seed)")
      rises += run.edges.times(.step, true).count
      #expect(UInt64(run.edges.times(.step, true).count) == run.ledger.delivered, "seed \(seed)")
    }
    #expect(rises > 10_000)
  }

  @Test("A backlog past the limit is booked as missed and alarmed, and never made up")
  func backlogIsForgone() throws {
    var forgone = 0
    for seed in UInt64(1_000)..<1_060 {
      let run = try run(seed: seed, energise: .always, backlog: 4)
      let booked = run.events.reduce(UInt64(0)) { sum, event in
        if case .forgone(let steps) = event { sum + steps } else { sum }
      }
      #expect(run.ledger.missed == booked, "seed \(seed)")
      // Only a backlog past the limit is given up, and then all of it.
      let batches = run.events.compactMap { event -> UInt64? in
        if case .forgone(let steps) = event { steps } else { nil }
      }
      #expect(batches.allSatisfy { $0 > 4 }, "seed \(seed)")
      if booked > 0 {
        forgone += 1
        #expect(run.events.contains(.alarmRaised(.underDelivery)), "seed \(seed)")
      }
    }
    #expect(forgone > 10, "some seeds must run past the limit")
  }

  @Test(
    "A bolus that falls behind by more than the backlog's limit is alarmed once, one by less is not",
    arguments: [64, 200, 400, 800, 1_600] as [UInt64])
  func bolusFallsBehind(limit: UInt64) throws {
    let settings = try Fixture.settings(backlog: limit)
    let step = settings.step
    let bolus = try Bolus(volume: step.volume(ofSteps: 10_000), duration: TimeSpan(seconds: 5))
    var most: UInt64 = 0
    for count in 0...20 {
      // Each pause is a few steps long: none of them alone is a backlog.
      let faults = (0..<count).map { place in
        ScheduledFault(
          .at(Instant(nanoseconds: 1_500_000_000 + UInt64(place) * 50_000_000)),
          .lateWake(TimeSpan(milliseconds: 3)))
      }
      var loop = ControlLoop(
        engine: Engine(
          settings: settings, prescription: Fixture.prescription(.stopped), grant: .unlimited),
        hardware: SimulatedBench(settings: Fixture.plant(faults: faults), trace: EdgeRecorder()))
      try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
      loop.run(until: .epoch + TimeSpan(seconds: 1))
      try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: loop.hardware.now)
      let promised = try BolusShape(
        of: bolus, from: .epoch + TimeSpan(seconds: 1), over: .zero, motor: settings.motor,
        step: step, lead: settings.driver.lead)
      loop.run(until: promised.end)
      // What was promised by then is 10,000 steps; the ledger says what is still to come.
      let missing = 10_000 - loop.engine.ledger.delivered
      loop.run(until: .epoch + TimeSpan(minutes: 2))
      let made = loop.engine.ledger
      // Each shape that begins anew is rounded down to what a nanosecond of it fills.
      #expect((9_999...10_000).contains(made.delivered) && made.missed == 0, "\(count) pauses")
      let events = (0..<loop.engine.eventCount).compactMap { loop.engine.event($0)?.event }
      let alarms = events.filter { $0 == .alarmRaised(.underDelivery) }.count
      // Between the two a part of a step decides.
      if missing != limit, missing != limit + 1 {
        #expect(alarms == (missing > limit ? 1 : 0), "\(count) pauses, \(missing) steps behind")
      }
      guard case .bolusEnded(.single, let given, isWhole: true)? = events.last else {
        Issue.record("\(count) pauses: \(events.suffix(3))")
        continue
      }
      #expect(
        bolus.volume.femtolitres - given.femtolitres <= 16 * UInt64(count), "\(count) pauses")
      most = max(most, missing)
    }
    // The shapes that are tried lie on both sides of the smaller limits.
    #expect(most > 400, "\(most)")
  }

  @Test("A bolus without a ramp ends when it was promised: what is owed of it is made up meanwhile")
  func levelBolusKeepsItsEnd() throws {
    let settings = try Fixture.settings()
    // 100 steps/s: the motor starts at 1,000.
    let bolus = try Bolus(
      volume: settings.step.volume(ofSteps: 500), duration: TimeSpan(seconds: 5))
    let faults = (0..<20).map { place in
      ScheduledFault(
        .at(Instant(nanoseconds: 1_500_000_000 + UInt64(place) * 100_000_000)),
        .lateWake(TimeSpan(milliseconds: 30)))
    }
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.stopped), grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(faults: faults), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    let start = Instant.epoch + TimeSpan(seconds: 1)
    loop.run(until: start)
    try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: start)
    loop.run(until: .epoch + TimeSpan(minutes: 1))
    let events = (0..<loop.engine.eventCount).compactMap { loop.engine.event($0) }
    let late = events.filter { if case .late = $0.event { true } else { false } }
    #expect(late.count >= 10, "a run without late wake-ups shows nothing")
    let ends = events.filter { if case .bolusEnded = $0.event { true } else { false } }
    #expect(ends.map(\.at) == [start + TimeSpan(seconds: 5)])
    let made = loop.engine.ledger
    #expect(made.delivered == 500 && made.missed == 0)
  }

  @Test("After one late hour at 1 step/s the hour is missed, not one step of it repaid")
  func lateHour() throws {
    let settings = try Fixture.settings(backlog: 10)
    let flow = try FlowRate(
      delivering: settings.step.volume(ofSteps: 1), over: TimeSpan(seconds: 1))
    let fault = ScheduledFault(
      .at(Instant(nanoseconds: 100_500_000_000)), .lateWake(TimeSpan(seconds: 3_600)))
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.continuous(flow)), grant: .unlimited
      ),
      hardware: SimulatedBench(settings: Fixture.plant(faults: [fault]), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: Instant(nanoseconds: 4_000_000_000_000))
    let ledger = loop.engine.ledger
    // Due at 101 s … 3,701 s; the wake-up comes at 3,701 s.
    #expect(ledger.missed == 3_601)
    #expect(ledger.delivered == 4_000 - 3_601)
    let standing = loop.engine.standingAlarm(0)
    #expect(standing == .underDelivery)
    let rises = loop.hardware.trace.times(.step, true)
    let gaps = zip(rises.dropFirst(), rises).map { $0 - $1 }
    #expect(gaps.min() == 1_000_000_000)
  }

  @Test("Whichever edge the late hour falls on, it is missed", arguments: 0..<12)
  func lateHourAnywhere(index: Int) throws {
    let energise: DriverTiming.Energise = index % 2 == 0 ? .always : .aroundStrokes
    // Just before and after a rise, at its fall, before ENABLE, before a round of sensors.
    let offsets: [UInt64] = [0, 1, 1_000, 1_901, 998_000_000, 999_999_999]
    let at = 100_000_000_000 + offsets[index / 2]
    let table = Fixture.driver
    let driver = DriverTiming(
      stepHigh: table.stepHigh, stepLow: table.stepLow, directionSetUp: table.directionSetUp,
      directionHold: table.directionHold, wakeUp: table.wakeUp, energise: energise)
    let settings = try Fixture.settings(driver: driver, backlog: 10)
    let flow = try FlowRate(
      delivering: settings.step.volume(ofSteps: 1), over: TimeSpan(seconds: 1))
    let fault = ScheduledFault(
      .at(Instant(nanoseconds: at)), .lateWake(TimeSpan(seconds: 3_600)))
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.continuous(flow)), grant: .unlimited
      ),
      hardware: SimulatedBench(settings: Fixture.plant(faults: [fault]), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: Instant(nanoseconds: 4_000_500_000_000))
    let ledger = loop.engine.ledger
    #expect(ledger.planned == 4_000)
    #expect((3_590...3_602).contains(ledger.missed), "\(ledger.missed)")
    let rises = loop.hardware.trace.times(.step, true)
    let gaps = zip(rises.dropFirst(), rises).map { $0 - $1 }
    // The first step after waking may come out of its place, those after it not.
    #expect(gaps.filter { $0 < 990_000_000 }.count <= 1)
  }

  @Test(
    "A ramped bolus on a driver that sleeps between strokes is given on time and without a pause")
  func rampedBolusAwake() throws {
    let table = Fixture.driver
    let driver = DriverTiming(
      stepHigh: table.stepHigh, stepLow: table.stepLow, directionSetUp: table.directionSetUp,
      directionHold: table.directionHold, wakeUp: table.wakeUp, energise: .aroundStrokes)
    for basal in [UInt64(0), 1, 50] {
      let settings = try Fixture.settings(driver: driver)
      let flow = try settings.step.flow(ofStepsPerSecond: basal)
      var loop = ControlLoop(
        engine: Engine(
          settings: settings,
          prescription: Fixture.prescription(basal == 0 ? .stopped : .continuous(flow)),
          grant: .unlimited),
        hardware: SimulatedBench(settings: Fixture.plant(), trace: EdgeRecorder()))
      try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
      loop.run(until: .epoch + TimeSpan(seconds: 10))
      let bolus = try Bolus(
        volume: settings.step.volume(ofSteps: 15_000), duration: TimeSpan(seconds: 5))
      try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: loop.hardware.now)
      loop.run(until: .epoch + TimeSpan(seconds: 17))
      let events = (0..<loop.engine.eventCount).compactMap { loop.engine.event($0)?.event }
      let isLate = events.contains { if case .late = $0 { true } else { false } }
      #expect(!isLate)
      let ledger = loop.engine.ledger
      #expect(ledger.planned >= 14_999 + 10 * basal)
      #expect(ledger.missed == 0)
    }
  }

  @Test("No timing table makes the edges chase each other at one instant", arguments: 0..<40)
  func noChase(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let driver = DriverTiming(
      stepHigh: TimeSpan(nanoseconds: 1 + random.next() % 5_000),
      stepLow: TimeSpan(nanoseconds: 1 + random.next() % 5_000),
      directionSetUp: TimeSpan(nanoseconds: random.next() % 5_000_000),
      directionHold: TimeSpan(nanoseconds: random.next() % 5_000_000),
      hold: TimeSpan(nanoseconds: seed % 3 == 0 ? 0 : random.next() % 900_000_000),
      wakeUp: TimeSpan(nanoseconds: seed % 4 == 0 ? 0 : random.next() % 5_000_000),
      energise: .aroundStrokes)
    let settings = try Fixture.settings(
      driver: driver, startRate: [1, 20, 100, 1_000][seed % 4], maximumRate: 4_000)
    let flow = try FlowRate(
      delivering: settings.step.volume(ofSteps: 30 + random.next() % 30),
      over: TimeSpan(seconds: 60))
    var engine = Engine(
      settings: settings, prescription: Fixture.prescription(.continuous(flow)), grant: .unlimited)
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    var turns = 0
    var now = Instant.epoch
    while engine.deadline <= .epoch + TimeSpan(seconds: 60), turns < 10_000 {
      // Every fifth wake-up is late by up to 3 s.
      let late = random.next() % 5 == 0 ? random.next() % 3_000_000_000 : 0
      now = max(now, engine.deadline + TimeSpan(nanoseconds: late))
      while engine.deadline <= now, turns < 10_000 {
        _ = engine.turn(at: now)
        turns += 1
      }
    }
    #expect(turns < 10_000)
  }

  @Test("A late hour over many changes of rate is missed as well, not repaid from corner to corner")
  func lateHourOfFlex() throws {
    let settings = try Fixture.settings(backlog: 10)
    let flows = try [1, 2].map {
      try FlowRate(delivering: settings.step.volume(ofSteps: $0), over: TimeSpan(seconds: 1))
    }
    let pattern = try FlexPattern(
      period: TimeSpan(minutes: 2),
      segments: [
        .init(start: .zero, flow: flows[0]), .init(start: TimeSpan(minutes: 1), flow: flows[1]),
      ], boluses: [])
    let fault = ScheduledFault(
      .at(Instant(nanoseconds: 100_500_000_000)), .lateWake(TimeSpan(seconds: 3_600)))
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.flex(pattern)), grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(faults: [fault]), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: Instant(nanoseconds: 3_720_000_000_000))
    let ledger = loop.engine.ledger
    // 31 periods of 180 steps; by 100.5 s 60 + 81 are made, and the wake-up comes at 3,701 s.
    #expect(ledger.planned == 31 * 180)
    #expect(ledger.missed > 5_300)
    let rises = loop.hardware.trace.times(.step, true)
    let gaps = zip(rises.dropFirst(), rises).map { $0 - $1 }
    #expect((gaps.min() ?? 0) >= 490_000_000)
  }

  @Test("A bolus interrupted at full speed begins anew from the motor's rest, and is whole")
  func rampedBolusRestarts() throws {
    let settings = try Fixture.settings(backlog: 1_000)
    let fault = ScheduledFault(
      .at(Instant(nanoseconds: 3_000_000_000)), .lateWake(TimeSpan(milliseconds: 200)))
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.stopped), grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(faults: [fault]), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    let bolus = try Bolus(
      volume: settings.step.volume(ofSteps: 15_000), duration: TimeSpan(seconds: 5))
    try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: .epoch)
    loop.run(until: Instant(nanoseconds: 20_000_000_000))
    let delivered = loop.engine.ledger.delivered
    #expect((14_998...15_000).contains(delivered))
    // After the gap the rate rises again from the start rate: no interval shorter than the ramp's.
    let rises = loop.hardware.trace.times(.step, true)
    let gaps = zip(rises.dropFirst(), rises).map { $0 - $1 }
    let pause = try #require(gaps.indices.first { gaps[$0] > 50_000_000 })
    let firstAfter = gaps[(pause + 1)...].prefix(5)
    #expect(firstAfter.allSatisfy { $0 >= 900_000 }, "\(Array(firstAfter))")
  }

  @Test("The drive tells what it owes")
  func owed() throws {
    let settings = try Fixture.settings()
    let flow = try settings.step.flow(ofStepsPerSecond: 10)
    var engine = Engine(
      settings: settings, prescription: Fixture.prescription(.continuous(flow)), grant: .unlimited)
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    while engine.deadline <= .epoch + TimeSpan(milliseconds: 2_050) {
      _ = engine.turn(at: engine.deadline)
    }
    let before = engine.report(beat: 1, at: .epoch + TimeSpan(seconds: 2))
    #expect(before.owed == 0)
    let late = Instant.epoch + TimeSpan(milliseconds: 2_950)
    while engine.ledger.owed == 0, engine.deadline <= late { _ = engine.turn(at: late) }
    let owed = engine.ledger.owed
    #expect(owed >= 7, "\(owed)")
    let told = engine.report(beat: 2, at: late).owed
    #expect(told == owed)
  }
}
