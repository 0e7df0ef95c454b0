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

@Suite("Commands do what they say, or are refused with the reason and change nothing")
struct CommandTests {
  private typealias Loop = ControlLoop<SimulatedBench<EdgeRecorder>>

  private func loop(
    _ therapy: Therapy, limits: DoseLimits = Fixture.limits(), filled: UInt64 = 20_000,
    patient: PatientBolusRule? = nil, faults: [ScheduledFault] = [], begins: Bool = true
  ) throws -> Loop {
    let settings = try Fixture.settings(limits: limits, filled: filled)
    var loop = Loop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(therapy, patient: patient),
        grant: .unlimited),
      hardware: SimulatedBench(
        settings: Fixture.plant(filled: filled, faults: faults), trace: EdgeRecorder()))
    if begins { try loop.engine.perform(.begin(isConfirmed: true), at: .epoch) }
    return loop
  }

  private func bolus(_ microlitres: UInt64, over seconds: UInt64) throws -> Bolus {
    try Bolus(volume: Volume(microlitres: microlitres), duration: TimeSpan(seconds: seconds))
  }

  private func events(_ loop: borrowing Loop) -> [PumpEvent] {
    (0..<loop.engine.eventCount).compactMap { loop.engine.event($0)?.event }
  }

  @Test("A bolus returns to the therapy that ran before, with the exact volume given")
  func returnsToTherapy() throws {
    var loop = try loop(.continuous(FlowRate(microlitresPerDay: 240)))
    loop.run(until: Instant.epoch + .hour)
    try loop.engine.perform(.bolus(bolus(50, over: 600), isConfirmed: true), at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(hours: 3))
    let status = loop.engine.status(at: loop.hardware.now)
    #expect(status.state == .delivering)
    // 10 µL/h for three hours, and 50 µL.
    #expect(status.planned == Volume(microlitres: 80))
    #expect(
      events(loop).contains(.bolusEnded(.single, Volume(microlitres: 50), isWhole: true)))
  }

  @Test("A bolus cancelled midway reports exactly what was given of it")
  func cancelled() throws {
    var loop = try loop(.continuous(FlowRate(microlitresPerDay: 240)))
    try loop.engine.perform(.bolus(bolus(10, over: 600), isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(seconds: 150))
    try loop.engine.perform(.cancelBolus, at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(seconds: 600))
    let quarter = Volume(femtolitres: 2_500_000_000)
    let ended = PumpEvent.bolusEnded(.single, quarter, isWhole: false)
    let isReported = events(loop).contains(ended)
    #expect(isReported)
    let planned = loop.engine.status(at: loop.hardware.now).planned
    let basal = try FlowRate(microlitresPerDay: 240).volume(in: TimeSpan(seconds: 600))
    #expect(planned.femtolitres.distance(to: (quarter + basal).femtolitres).magnitude <= 1)
  }

  @Test("A ramped bolus that is cancelled slows down first, and reports all that was given")
  func cancelledRamp() throws {
    var loop = try loop(.stopped)
    let given = try bolus(3, over: 5)
    try loop.engine.perform(.bolus(given, isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(seconds: 2))
    try loop.engine.perform(.cancelBolus, at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(seconds: 10))
    let reported = events(loop).compactMap { event -> Volume? in
      if case .bolusEnded(_, let volume, isWhole: false) = event { volume } else { nil }
    }
    let volume = try #require(reported.first)
    let made = try Fixture.step().volume(ofSteps: loop.engine.ledger.delivered)
    #expect(volume >= made && volume - made < Volume(femtolitres: 156_250))
    let rises = loop.hardware.trace.times(.step, true)
    let last = rises.suffix(2).map { $0 }
    #expect(last[1] - last[0] > 900_000, "it ends at the start rate, 1,000 steps/s")
  }

  @Test("A bolus that a later, higher basal would carry past a limit is refused")
  func laterBasal() throws {
    let pattern = try FlexPattern(
      period: .day,
      segments: [
        .init(start: .zero, flow: FlowRate(microlitresPerDay: 1)),
        .init(start: TimeSpan(hours: 2), flow: FlowRate(microlitresPerDay: 3_840)),
      ], boluses: [])
    var loop = try loop(.flex(pattern), limits: Fixture.limits(hour: 100, day: 100_000))
    loop.run(until: .epoch + .hour)
    // 80 µg/h from 02:00; 90 µg over four hours from 01:00.
    let long = try bolus(180, over: 4 * 3_600)
    #expect(throws: Refusal.doseLimit(.hour)) {
      try loop.engine.perform(.bolus(long, isConfirmed: true), at: loop.hardware.now)
    }
  }

  @Test("What a prime delivered counts when the therapy resumes")
  func primeThenResume() throws {
    var loop = try loop(
      .continuous(FlowRate(microlitresPerDay: 2_400)),
      limits: Fixture.limits(hour: 100, day: 100_000))
    try loop.engine.perform(.suspend, at: .epoch)
    try loop.engine.perform(.prime(bolus(180, over: 600), isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(minutes: 15))
    #expect(throws: Refusal.doseLimit(.hour)) {
      try loop.engine.perform(.resume, at: loop.hardware.now)
    }
    loop.run(until: .epoch + TimeSpan(minutes: 75))
    try loop.engine.perform(.resume, at: loop.hardware.now)
  }

  @Test(
    "A scheduled bolus that is cancelled at once stays cancelled; a second cancel changes nothing")
  func cancelScheduled() throws {
    let pattern = try FlexPattern(
      period: .day, segments: [.init(start: .zero, flow: FlowRate(microlitresPerDay: 240))],
      boluses: [.init(start: .hour, bolus: bolus(5, over: 300))])
    var loop = try loop(.flex(pattern))
    loop.run(until: .epoch + .hour)
    try loop.engine.perform(.cancelBolus, at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(hours: 2))
    let planned = loop.engine.status(at: loop.hardware.now).planned
    #expect(planned == Volume(microlitres: 20))
    var fast = try self.loop(.stopped)
    try fast.engine.perform(.bolus(bolus(3, over: 5), isConfirmed: true), at: .epoch)
    for seconds in [UInt64(2_000), 2_100] {
      fast.run(until: .epoch + TimeSpan(milliseconds: seconds))
      try fast.engine.perform(.cancelBolus, at: fast.hardware.now)
    }
    fast.run(until: .epoch + TimeSpan(seconds: 9))
    let cut = events(fast).contains {
      if case .bolusEnded(_, _, isWhole: false) = $0 { true } else { false }
    }
    #expect(cut)
  }

  @Test("An always energised driver sleeps while the pump is suspended, even from a high STEP")
  func suspendedSleeps() throws {
    var loop = try loop(.continuous(FlowRate(femtolitresPerDay: 156_250 * 86_400)))
    loop.run(until: .epoch + TimeSpan(seconds: 10))
    try loop.engine.perform(.suspend, at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(seconds: 20))
    let enable = loop.hardware.trace.edges.last { $0.line == .enable }
    #expect(enable?.isAsserted == false)
  }

  @Test("A therapy above the soft limit begins only when confirmed")
  func softLimit() throws {
    let settings = try Fixture.settings(limits: Fixture.limits(hour: 60, day: 300, softDay: 100))
    var engine = Engine(
      settings: settings,
      prescription: Fixture.prescription(.continuous(FlowRate(microlitresPerDay: 240))),
      grant: .unlimited)
    #expect(throws: Refusal.needsConfirmation(.day)) {
      try engine.perform(.begin(isConfirmed: false), at: .epoch)
    }
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
  }

  @Test("A steep ramp is no reason to refuse a bolus")
  func steepRamp() throws {
    let settings = try Fixture.settings(maximumRate: 20_000, acceleration: 900_000)
    var engine = Engine(
      settings: settings, prescription: Fixture.prescription(.stopped), grant: .unlimited)
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    let bolus = try Bolus(volume: Volume(microlitres: 3), duration: TimeSpan(seconds: 1))
    try engine.perform(.bolus(bolus, isConfirmed: true), at: .epoch)
  }

  @Test("Refusals by state")
  func states() throws {
    var idle = try loop(.continuous(FlowRate(microlitresPerDay: 240)), begins: false)
    let given = try bolus(1, over: 60)
    #expect(throws: Refusal.notPossible(in: .idle)) {
      try idle.engine.perform(.bolus(given, isConfirmed: true), at: .epoch)
    }
    #expect(throws: Refusal.noBolusInProgress) {
      try idle.engine.perform(.cancelBolus, at: .epoch)
    }
    #expect(throws: Refusal.notPossible(in: .idle)) {
      try idle.engine.perform(.resume, at: .epoch)
    }
    try idle.engine.perform(.begin(isConfirmed: true), at: .epoch)
    #expect(throws: Refusal.notPossible(in: .delivering)) {
      try idle.engine.perform(.begin(isConfirmed: true), at: .epoch)
    }
    try idle.engine.perform(.bolus(given, isConfirmed: true), at: .epoch)
    #expect(throws: Refusal.bolusInProgress) {
      try idle.engine.perform(.bolus(given, isConfirmed: true), at: .epoch)
    }
    #expect(throws: Refusal.bolusInProgress) {
      try idle.engine.perform(.anchor(place: .zero), at: .epoch)
    }
  }

  @Test("A bolus too fast for the motor, too large for the reservoir or over a limit is refused")
  func bounds() throws {
    var loop = try loop(
      .continuous(FlowRate(microlitresPerDay: 240)),
      limits: Fixture.limits(hour: 60, day: 300, softDay: 200), filled: 1_040)
    let fast = try bolus(3, over: 1)
    #expect(throws: Refusal.beyondMotor) {
      try loop.engine.perform(.bolus(fast, isConfirmed: true), at: .epoch)
    }
    let large = try bolus(50, over: 600)
    #expect(throws: Refusal.reservoirTooLow(Volume(microlitres: 40))) {
      try loop.engine.perform(.bolus(large, isConfirmed: true), at: .epoch)
    }
    var full = try self.loop(
      .continuous(FlowRate(microlitresPerDay: 240)),
      limits: Fixture.limits(hour: 60, day: 300, softDay: 150))
    // 120 µg a day of basal; 5 µg an hour.
    let hourly = try bolus(112, over: 600)
    #expect(throws: Refusal.doseLimit(.hour)) {
      try full.engine.perform(.bolus(hourly, isConfirmed: true), at: .epoch)
    }
    let soft = try bolus(80, over: 600)
    #expect(throws: Refusal.needsConfirmation(.day)) {
      try full.engine.perform(.bolus(soft, isConfirmed: false), at: .epoch)
    }
    try full.engine.perform(.bolus(soft, isConfirmed: true), at: .epoch)
  }

  @Test("A commanded bolus that would meet a scheduled one is refused")
  func overlap() throws {
    let pattern = try FlexPattern(
      period: .day, segments: [.init(start: .zero, flow: FlowRate(microlitresPerDay: 240))],
      boluses: [.init(start: .hour, bolus: bolus(5, over: 300))])
    var loop = try loop(.flex(pattern))
    let long = try bolus(5, over: 3_700)
    #expect(throws: Refusal.overlapsScheduledBolus(at: .epoch + .hour)) {
      try loop.engine.perform(.bolus(long, isConfirmed: true), at: .epoch)
    }
    loop.run(until: .epoch + TimeSpan(hours: 26))
    let begun = events(loop).filter { if case .bolusBegan = $0 { true } else { false } }
    let scheduled = PumpEvent.bolusBegan(.scheduled, Volume(microlitres: 5))
    #expect(begun == [scheduled, scheduled])
  }

  @Test("Patient boluses: lock-out, daily maximum, none while the reservoir is low")
  func patient() throws {
    let rule = try PatientBolusRule(
      bolus: bolus(2, over: 60), lockout: TimeSpan(hours: 2), maximumPerDay: 3)
    var loop = try loop(.continuous(FlowRate(microlitresPerDay: 240)), patient: rule)
    try loop.engine.perform(.patientBolus, at: .epoch)
    loop.run(until: .epoch + .hour)
    #expect(throws: Refusal.lockedOut(until: .epoch + TimeSpan(hours: 2))) {
      try loop.engine.perform(.patientBolus, at: loop.hardware.now)
    }
    for hours in [UInt64(2), 4] {
      loop.run(until: .epoch + TimeSpan(hours: hours))
      try loop.engine.perform(.patientBolus, at: loop.hardware.now)
    }
    loop.run(until: .epoch + TimeSpan(hours: 23))
    #expect(throws: Refusal.dailyMaximum(until: .epoch + .day)) {
      try loop.engine.perform(.patientBolus, at: loop.hardware.now)
    }
    loop.run(until: .epoch + .day)
    try loop.engine.perform(.patientBolus, at: loop.hardware.now)

    var low = try self.loop(
      .continuous(FlowRate(microlitresPerDay: 240)), filled: 1_500, patient: rule)
    low.run(until: .epoch + TimeSpan(minutes: 1))
    #expect(throws: Refusal.alarm(.reservoirLow)) {
      try low.engine.perform(.patientBolus, at: low.hardware.now)
    }
    var none = try self.loop(.continuous(FlowRate(microlitresPerDay: 240)))
    #expect(throws: Refusal.patientBolusNotPrescribed) {
      try none.engine.perform(.patientBolus, at: .epoch)
    }
  }

  @Test("Nobody confirms a patient's bolus: one that would pass a soft limit is refused")
  func patientBeyondSoftLimit() throws {
    let rule = try PatientBolusRule(bolus: bolus(10, over: 60), lockout: .hour, maximumPerDay: 3)
    // 120 µg a day of basal, and 5 µg in the bolus.
    for (soft, refusal) in [(UInt64(124), Refusal.needsConfirmation(.day)), (125, nil)] {
      var loop = try loop(
        .continuous(FlowRate(microlitresPerDay: 240)), limits: Fixture.limits(softDay: soft),
        patient: rule)
      var refused: Refusal?
      do throws(Refusal) { try loop.engine.perform(.patientBolus, at: .epoch) } catch {
        refused = error
      }
      #expect(refused == refusal, "\(soft) µg/day")
    }
  }

  @Test("A prime runs while the therapy is stopped, and only the prime")
  func prime() throws {
    var loop = try loop(.continuous(FlowRate(microlitresPerDay: 240)), begins: false)
    try loop.engine.perform(.prime(bolus(140, over: 600), isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(minutes: 5))
    #expect(throws: Refusal.bolusInProgress) {
      try loop.engine.perform(.begin(isConfirmed: true), at: loop.hardware.now)
    }
    loop.run(until: .epoch + .hour)
    let status = loop.engine.status(at: loop.hardware.now)
    #expect(status.state == .idle)
    #expect((Volume(microlitres: 140) - status.planned).femtolitres <= 4)
  }

  @Test("Suspend and resume: nothing in between, nothing made up, and the pattern goes on in time")
  func suspendResume() throws {
    let pattern = try FlexPattern(
      period: .day,
      segments: [
        .init(start: .zero, flow: FlowRate(microlitresPerDay: 240)),
        .init(start: TimeSpan(hours: 6), flow: FlowRate(microlitresPerDay: 480)),
      ], boluses: [])
    var loop = try loop(.flex(pattern))
    loop.run(until: .epoch + TimeSpan(hours: 1))
    try loop.engine.perform(.suspend, at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(hours: 7))
    let paused = loop.engine.status(at: loop.hardware.now)
    #expect(paused.planned == Volume(microlitres: 10))
    try loop.engine.perform(.resume, at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(hours: 8))
    let resumed = loop.engine.status(at: loop.hardware.now)
    #expect(resumed.planned == Volume(microlitres: 30))
  }

  @Test("A moved wall clock raises its alarm and moves no step")
  func wallClock() throws {
    let jumps = [3_600, 7_200].map {
      ScheduledFault(.at(.epoch + TimeSpan(seconds: $0)), .wallClock($0 == 3_600 ? 3_600 : -90_000))
    }
    var moved = try loop(.continuous(FlowRate(microlitresPerDay: 240)), faults: jumps)
    var still = try loop(.continuous(FlowRate(microlitresPerDay: 240)))
    moved.run(until: .epoch + TimeSpan(hours: 3))
    still.run(until: .epoch + TimeSpan(hours: 3))
    let standing = moved.engine.standingAlarm(0)
    #expect(standing == .wallClockMoved)
    let (first, second) = (
      moved.hardware.trace.times(.step, true), still.hardware.trace.times(.step, true)
    )
    #expect(first == second)
    #expect(events(moved).contains(.wallClockMoved(seconds: -90_000)))
  }

  @Test("Delivery stops at the reserve, before dry, and a refill and an acknowledgement end it")
  func reserve() throws {
    var loop = try loop(.continuous(FlowRate(microlitresPerDay: 2_400)), filled: 1_100)
    loop.run(until: .epoch + TimeSpan(hours: 3))
    let status = loop.engine.status(at: loop.hardware.now)
    #expect(status.state == .tripped(.reservoirEmpty))
    #expect(status.reservoir == Volume(microlitres: 1_000))
    let isDry = loop.hardware.isDry
    #expect(!isDry)
    let lastEnable = loop.hardware.trace.edges.last { $0.line == .enable }
    #expect(lastEnable?.isAsserted == false)
    #expect(throws: Refusal.notPossible(in: .tripped(.reservoirEmpty))) {
      try loop.engine.perform(.resume, at: loop.hardware.now)
    }
    try loop.engine.perform(.acknowledge(.reservoirEmpty), at: loop.hardware.now)
    #expect(throws: Refusal.notPossible(in: .tripped(.reservoirEmpty))) {
      try loop.engine.perform(.resume, at: loop.hardware.now)
    }
    try loop.engine.perform(.refill(Volume(microlitres: 18_000)), at: loop.hardware.now)
    try loop.engine.perform(.resume, at: loop.hardware.now)
    loop.run(until: .epoch + TimeSpan(hours: 4))
    let after = loop.engine.status(at: loop.hardware.now)
    #expect(after.state == .delivering)
    #expect(after.delivered > status.delivered)
  }

  @Test("A driver fault de-energises at once, and delivery needs an acknowledgement to go on")
  func driverFault() throws {
    let fault = ScheduledFault(.at(.epoch + .hour), .driverFault(TimeSpan(minutes: 5)))
    var loop = try loop(.continuous(FlowRate(microlitresPerDay: 2_400)), faults: [fault])
    loop.run(until: .epoch + TimeSpan(hours: 2))
    let state = loop.engine.state
    #expect(state == .tripped(.driverFault))
    let off = loop.hardware.trace.edges.last { $0.line == .enable }
    #expect(off?.isAsserted == false)
    #expect((off?.at ?? 0) <= 3_610_000_000_000, "within a round of sensors")
    try loop.engine.perform(.acknowledge(.driverFault), at: loop.hardware.now)
    // Acknowledged and not resumed: the stop is not silent.
    let waiting = loop.engine.alarm(.underDelivery)
    #expect(waiting.isStanding && waiting.isCausePresent && waiting.priority == .critical)
    try loop.engine.perform(.resume, at: loop.hardware.now)
    let resumed = loop.engine.alarm(.underDelivery)
    #expect(!resumed.isCausePresent)
  }

  @Test("An uncertain step counts for the limits and not as delivered")
  func uncertain() throws {
    let fault = ScheduledFault(.edge(1_001), .lineFailure(.deliveryUncertain))
    var loop = try loop(.continuous(FlowRate(microlitresPerDay: 2_400)), faults: [fault])
    loop.run(until: .epoch + TimeSpan(minutes: 10))
    let ledger = loop.engine.ledger
    #expect(ledger.uncertain == 1)
    #expect(ledger.planned == ledger.delivered + 1 + ledger.owed)
    let left = loop.engine.status(at: loop.hardware.now).reservoir
    let step = try Fixture.step()
    let used = try step.volume(ofSteps: ledger.delivered + 1)
    #expect(left == Volume(microlitres: 20_000) - used)
    let standing = loop.engine.standingAlarm(0)
    #expect(standing == .deliveryUncertain)
  }

  @Test("After a change of therapy the new pattern's boluses are given, and none of the old one's")
  func adoptedPattern() throws {
    let settings = try Fixture.settings()
    let flow = try settings.step.flow(ofStepsPerSecond: 1)
    let bolus = try Bolus(
      volume: settings.step.volume(ofSteps: 60), duration: TimeSpan(minutes: 5))
    func pattern(_ minutes: UInt64...) throws -> Prescription {
      Fixture.prescription(
        .flex(
          try FlexPattern(
            period: .day, segments: [.init(start: .zero, flow: flow)],
            boluses: minutes.map { .init(start: TimeSpan(minutes: $0), bolus: bolus) })))
    }
    let changes: [(Prescription, [UInt64])] = [
      (try pattern(180), [180]), (try pattern(90, 200), [90, 200]),
    ]
    for (adopted, begun) in changes {
      var loop = ControlLoop(
        engine: Engine(settings: settings, prescription: try pattern(120), grant: .unlimited),
        hardware: SimulatedBench(settings: Fixture.plant(), trace: EdgeRecorder()))
      try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
      loop.run(until: .epoch + .hour)
      try loop.engine.perform(
        .adopt(adopted, place: .hour, isConfirmed: true), at: .epoch + .hour)
      loop.run(until: .epoch + TimeSpan(minutes: 300))
      let instants = (0..<loop.engine.eventCount).compactMap { number -> UInt64? in
        guard let event = loop.engine.event(number), case .bolusBegan = event.event else {
          return nil
        }
        return event.at.nanoseconds / 60_000_000_000
      }
      #expect(instants == begun)
    }
  }
}
