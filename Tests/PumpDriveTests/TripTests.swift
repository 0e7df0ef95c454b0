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

@Suite("A tripped pump gives nothing until what stopped it is gone and acknowledged, all of it")
struct TripTests {
  private typealias Loop = ControlLoop<SimulatedBench<EdgeRecorder>>

  private func loop(_ therapy: Therapy, faults: [ScheduledFault] = []) throws -> Loop {
    var loop = Loop(
      engine: Engine(
        settings: try Fixture.settings(), prescription: Fixture.prescription(therapy),
        grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(faults: faults), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    return loop
  }

  private func pattern() throws -> Therapy {
    .flex(
      try FlexPattern(
        period: .day, segments: [.init(start: .zero, flow: FlowRate(microlitresPerDay: 240))],
        boluses: [
          .init(
            start: .hour,
            bolus: Bolus(volume: Volume(microlitres: 20), duration: TimeSpan(minutes: 5)))
        ]))
  }

  @Test("The pattern's next bolus is not given by a tripped pump, nor made up for when it goes on")
  func keepsNoBolus() throws {
    let fault = ScheduledFault(
      .at(.epoch + TimeSpan(minutes: 30)), .driverFault(TimeSpan(minutes: 5)))
    var loop = try loop(pattern(), faults: [fault])
    loop.run(until: .epoch + TimeSpan(minutes: 31))
    let state = loop.engine.state
    #expect(state == .tripped(.driverFault))
    let before = loop.engine.ledger.delivered
    loop.run(until: .epoch + TimeSpan(minutes: 90))
    let after = loop.engine.ledger.delivered
    #expect(after == before)
    try loop.engine.perform(.acknowledge(.driverFault), at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(minutes: 100))
    let acknowledged = loop.engine.ledger.delivered
    #expect(acknowledged == before, "acknowledged is not resumed")
    try loop.engine.perform(.resume, at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(minutes: 160))
    // 10 µL in the hour since, and no bolus.
    let more = try Fixture.step().volume(ofSteps: loop.engine.ledger.delivered - before)
    #expect(more <= Volume(microlitres: 10) && more > Volume(femtolitres: 9_990_000_000))
  }

  @Test(
    "Of two alarms that stop delivery each must be acknowledged, in any order",
    arguments: [true, false])
  func twoAlarms(isFirstFirst: Bool) throws {
    var loop = try loop(.continuous(FlowRate(microlitresPerDay: 2_400)))
    loop.run(until: .epoch + TimeSpan(minutes: 10))
    let now = loop.hardware.now
    loop.engine.stop(because: .overDelivery, at: now)
    loop.engine.stop(because: .unexpectedMotion, at: now)
    let order: [Alarm] =
      isFirstFirst ? [.overDelivery, .unexpectedMotion] : [.unexpectedMotion, .overDelivery]
    let made = loop.engine.ledger.delivered
    for (place, alarm) in order.enumerated() {
      #expect(throws: Refusal.self, "\(place)") { try loop.engine.perform(.resume, at: now) }
      try loop.engine.perform(.acknowledge(alarm), at: now)
    }
    let state = loop.engine.state
    #expect(state == .suspended)
    loop.run(until: .epoch + TimeSpan(minutes: 20))
    let after = loop.engine.ledger.delivered
    #expect(after == made)
    try loop.engine.perform(.resume, at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(minutes: 30))
    let resumed = loop.engine.ledger.delivered
    #expect(resumed > made)
  }

  @Test("An alarm that returns trips again, and its first acknowledgement does not cover it")
  func returns() throws {
    let faults = [30, 60].map {
      ScheduledFault(.at(.epoch + TimeSpan(minutes: $0)), .driverFault(TimeSpan(minutes: 1)))
    }
    var loop = try loop(.continuous(FlowRate(microlitresPerDay: 2_400)), faults: faults)
    for minute in [UInt64(40), 70] {
      loop.run(until: .epoch + TimeSpan(minutes: minute))
      let state = loop.engine.state
      #expect(state == .tripped(.driverFault), "minute \(minute)")
      let isEnergised = loop.hardware.trace.edges.last { $0.line == .enable }?.isAsserted
      #expect(isEnergised == false)
      #expect(throws: Refusal.notPossible(in: .tripped(.driverFault))) {
        try loop.engine.perform(.resume, at: loop.hardware.now)
      }
      try loop.engine.perform(.acknowledge(.driverFault), at: loop.hardware.now)
      try loop.engine.perform(.resume, at: loop.hardware.now)
    }
  }

  @Test("An acknowledgement while the cause holds gives nothing back until the cause has gone")
  func whileItHolds() throws {
    let fault = ScheduledFault(
      .at(.epoch + TimeSpan(minutes: 30)), .driverFault(TimeSpan(minutes: 20)))
    var loop = try loop(.continuous(FlowRate(microlitresPerDay: 2_400)), faults: [fault])
    loop.run(until: .epoch + TimeSpan(minutes: 40))
    try loop.engine.perform(.acknowledge(.driverFault), at: loop.hardware.now)
    let during = loop.engine.state
    #expect(during == .tripped(.driverFault))
    loop.run(until: .epoch + TimeSpan(minutes: 60))
    let afterwards = loop.engine.state
    #expect(afterwards == .suspended)
    let waiting = loop.engine.alarm(.underDelivery)
    #expect(waiting.isStanding && waiting.isCausePresent, "a stop that nobody ended is not silent")
  }

  @Test("A pump that trips before it began is idle again, and one that rested rests")
  func returnsToItsState() throws {
    var idle = Loop(
      engine: Engine(
        settings: try Fixture.settings(),
        prescription: Fixture.prescription(.continuous(FlowRate(microlitresPerDay: 240))),
        grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(), trace: EdgeRecorder()))
    idle.engine.stop(because: .overDelivery, at: .epoch)
    try idle.engine.perform(.acknowledge(.overDelivery), at: .epoch)
    let before = idle.engine.state
    #expect(before == .idle)
    var resting = try loop(.continuous(FlowRate(microlitresPerDay: 240)))
    try resting.engine.perform(.suspend, at: .epoch)
    resting.engine.stop(because: .overDelivery, at: .epoch)
    try resting.engine.perform(.acknowledge(.overDelivery), at: .epoch)
    let after = resting.engine.state
    #expect(after == .suspended)
    let isWaiting = resting.engine.alarm(.underDelivery).isStanding
    #expect(!isWaiting, "nobody misses what rested by command")
  }
}
