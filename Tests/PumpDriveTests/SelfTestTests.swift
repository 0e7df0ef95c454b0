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

@testable import PumpDrive

@Suite(
  "The self-test names the part that fails, and does with delivery what the table of hazards says")
struct SelfTestTests {
  private typealias Loop = TestLoop<DirectWire>

  private func loop(
    _ faults: [ScheduledFault] = [], drive: Prescription? = nil, boluses: Bool = false
  ) throws -> Loop {
    let settings = try Fixture.settings()
    let flow = try settings.step.flow(ofStepsPerSecond: 2)
    let bolus = try Bolus(
      volume: settings.step.volume(ofSteps: 6_000), duration: TimeSpan(minutes: 10))
    let therapy: Therapy =
      boluses
      ? .flex(
        try FlexPattern(
          period: .day, segments: [.init(start: .zero, flow: flow)],
          boluses: [.init(start: .hour, bolus: bolus)])) : .continuous(flow)
    let witness = Witness()
    return Fixture.channels(
      settings, Fixture.prescription(therapy), on: Fixture.watchedBench(witness, faults: faults),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: 4_096), witness)),
      wire: DirectWire(), drive: drive)
  }

  private func tests(_ loop: borrowing Loop, passed: Bool) -> [(SelfTestPart, Instant)] {
    (0..<loop.session.supervisor.eventCount).compactMap { number in
      guard let event = loop.session.supervisor.event(number),
        case .tested(let part, passed) = event.event
      else { return nil }
      return (part, event.at)
    }
  }

  @Test("At the start every part is tried, and nothing may begin before")
  func start() throws {
    var loop = try loop()
    do {
      try loop.perform(.begin(isConfirmed: true), at: .epoch)
      Issue.record("it began before the self-test")
    } catch {
      #expect(error == .selfTestRuns)
    }
    loop.open()
    let parts = tests(loop, passed: true).map(\.0)
    #expect(parts == SelfTestPart.allCases)
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
  }

  @Test("A part that fails in the hourly round is named, and alarmed within the hour")
  func named() throws {
    for part in [SelfTestPart.watchdog, .index, .alarm] {
      let at = Instant.epoch + TimeSpan(minutes: 10)
      var loop = try loop([ScheduledFault(.at(at), .testFails(part, TimeSpan(hours: 2)))])
      loop.open()
      try loop.perform(.begin(isConfirmed: true), at: .epoch)
      loop.run(until: .epoch + TimeSpan(minutes: 65))
      let failed = tests(loop, passed: false)
      #expect(failed.map(\.0) == [part])
      let alarm = part == .watchdog ? Alarm.watchdogUnproven : .selfTestFailed
      let (entry, cut) = (loop.session.supervisor.alarm(alarm), loop.session.supervisor.cutBy)
      #expect(entry.isCausePresent)
      #expect(cut == nil, "the therapy goes on")
      // Once the part works again, the next round ends the cause.
      loop.run(until: .epoch + TimeSpan(minutes: 185))
      let later = loop.session.supervisor.alarm(alarm)
      #expect(later.isStanding && !later.isCausePresent, "\(part)")
    }
  }

  @Test("An ENABLE that can't be read, or a clock that can't be trusted, stops delivery")
  func stops() throws {
    for part in [SelfTestPart.enable, .clock] {
      let at = Instant.epoch + TimeSpan(minutes: 10)
      var loop = try loop([ScheduledFault(.at(at), .testFails(part, TimeSpan(hours: 2)))])
      loop.open()
      try loop.perform(.begin(isConfirmed: true), at: .epoch)
      loop.run(until: .epoch + TimeSpan(minutes: 65))
      let (cut, isEnergised) = (
        loop.session.supervisor.cutBy, loop.session.pump.loop.hardware.trace.witness.isEnergised
      )
      #expect(cut == .selfTestFailed)
      #expect(!isEnergised)
    }
  }

  @Test("A round waits for a bolus: none begins or runs while a part is tried")
  func waitsForBolus() throws {
    var loop = try loop(boluses: true)
    loop.open()
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(hours: 2))
    // The round that was due when the bolus began, at one hour, comes when its time and as much again
    // have passed.
    let rounds = tests(loop, passed: true).map(\.1).filter { $0 > .epoch }
    let first = try #require(rounds.first)
    #expect(first >= .epoch + .hour + TimeSpan(minutes: 20))
    #expect(first <= .epoch + .hour + TimeSpan(minutes: 25))
  }

  @Test("Channels whose prescriptions differ fall back to the minimum rate, with a critical alarm")
  func damagedPrescription() throws {
    let settings = try Fixture.settings()
    let other = Fixture.prescription(
      .continuous(try settings.step.flow(ofStepsPerSecond: 4)))
    var loop = try loop(drive: other)
    loop.open(profile: Array("the profile as it was written".utf8))
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + .day)
    let (entry, cut) = (
      loop.session.supervisor.alarm(.profileDamaged), loop.session.supervisor.cutBy
    )
    #expect(entry.isStanding && entry.priority == .critical)
    #expect(cut == nil)
    // 6 µL a day are 38,400 steps of 156,250 fL.
    let made = loop.session.pump.loop.hardware.trace.witness.rises.count
    #expect((38_390...38_400).contains(made), "\(made) steps")
    let therapy = loop.session.supervisor.prescription.therapy
    #expect(therapy == .minimumRate(FlowRate(microlitresPerDay: 6)))
    // The journal remembers, so that no later session takes the prescription up by itself.
    let isWaiting = loop.session.records.journal.state.waitsForClinician
    #expect(isWaiting)
  }

  @Test("Every bit of a prescription changes its checksum")
  func checksum() throws {
    let step = try Fixture.step()
    let bolus = try Bolus(volume: step.volume(ofSteps: 600), duration: TimeSpan(minutes: 5))
    func pattern(_ first: UInt64, _ at: UInt64, _ start: UInt64) throws -> Prescription {
      Fixture.prescription(
        .flex(
          try FlexPattern(
            period: .day,
            segments: [
              .init(start: .zero, flow: FlowRate(microlitresPerDay: first)),
              .init(start: TimeSpan(seconds: at), flow: FlowRate(microlitresPerDay: 200)),
            ], boluses: [.init(start: TimeSpan(seconds: start), bolus: bolus)])))
    }
    let rule = try PatientBolusRule(bolus: bolus, lockout: .hour, maximumPerDay: 4)
    let all = [
      try pattern(100, 3_600, 7_200), try pattern(101, 3_600, 7_200),
      try pattern(100, 3_601, 7_200), try pattern(100, 3_600, 7_201),
      Fixture.prescription(.stopped), Fixture.prescription(.stopped, microgramsPerMillilitre: 501),
      Fixture.prescription(.stopped, patient: rule),
      Fixture.prescription(.continuous(FlowRate(microlitresPerDay: 100))),
      Fixture.prescription(.minimumRate(FlowRate(microlitresPerDay: 100))),
    ]
    #expect(Set(all.map(\.checksum)).count == all.count)
  }
}
