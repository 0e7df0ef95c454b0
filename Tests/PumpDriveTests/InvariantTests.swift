import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpPlant
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpDrive
@testable import PumpSafety

@Suite(
  "What must be true of both channels and the journal is true after every turn and every command")
struct InvariantTests {
  /// Any command, sensible or not.
  static func command(_ random: inout SplitMix64, _ step: StepVolume) throws -> Command {
    let seconds = 1 + random.next() % 8
    let bolus = try Bolus(
      volume: step.volume(ofSteps: 1 + random.next() % (2_000 * seconds)),
      duration: TimeSpan(seconds: seconds))
    switch random.next() % 13 {
    case 0, 1: return .bolus(bolus, isConfirmed: true)
    case 2: return .patientBolus
    case 3: return .cancelBolus
    case 4: return .suspend
    case 5, 6: return .resume
    case 7:
      return .adopt(
        Fixture.prescription(OracleRun.therapy(&random, step: step)),
        place: TimeSpan(nanoseconds: random.next() % TimeSpan.day.nanoseconds), isConfirmed: true)
    case 8: return .refill(Volume(microlitres: 3_000 + random.next() % 17_000))
    case 9: return .prime(bolus, isConfirmed: true)
    case 10: return .anchor(place: TimeSpan(nanoseconds: random.next() % TimeSpan.day.nanoseconds))
    default:
      let alarms = Alarm.allCases
      return .acknowledge(alarms[Int(random.next() % UInt64(alarms.count))])
    }
  }

  @Test(
    "Random programmes with faults of every kind, at steady and at bolus rates", arguments: 1...60)
  func randomProgrammes(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let settings = try Fixture.settings()
    let faults = FaultSchedule.random(
      seed: seed, count: Int(random.next() % 6), over: TimeSpan(minutes: 3))
    let witness = Witness()
    let rule = try PatientBolusRule(
      bolus: Bolus(volume: settings.step.volume(ofSteps: 500), duration: TimeSpan(seconds: 5)),
      lockout: TimeSpan(seconds: 20), maximumPerDay: 4)
    var loop = Fixture.channels(
      settings,
      Fixture.prescription(OracleRun.therapy(&random, step: settings.step), patient: rule),
      on: Fixture.watchedBench(witness, faults: faults, seed: seed),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: 64), witness)), wire: DirectWire())
    var broken: [String] = []
    func check(_ loop: borrowing TestLoop<DirectWire>, _ when: String) {
      let now = loop.session.pump.loop.hardware.now.nanoseconds
      loop.checkInvariants { broken.append("\($0), after \(when) at \(now) ns") }
    }
    loop.open()
    check(loop, "the opening")
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    var (accepted, looks) = (0, 0)
    for _ in 0..<60 where broken.isEmpty {
      for _ in 0..<12 {
        loop.run(
          until: loop.session.pump.loop.hardware.now
            + TimeSpan(milliseconds: 1 + random.next() % 500))
        check(loop, "a turn")
        looks += 1
      }
      let command = try Self.command(&random, settings.step)
      if (try? loop.perform(command, at: loop.session.pump.loop.hardware.now)) != nil {
        accepted += 1
      }
      check(loop, "\(command)")
    }
    loop.close()
    check(loop, "the close")
    #expect(broken.isEmpty, "seed \(seed), faults \(faults): \(broken.prefix(3))")
    #expect(accepted > 3 && looks > 300, "seed \(seed): \(accepted) commands, \(looks) looks")
  }

  /// What is told of an engine that delivers, once it was changed behind its own back.
  private func told(_ change: (inout Engine) throws -> Void) throws -> [String] {
    let settings = try Fixture.settings()
    var engine = Engine(
      settings: settings,
      prescription: Fixture.prescription(.continuous(try settings.step.flow(ofStepsPerSecond: 20))),
      grant: .unlimited)
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    while engine.deadline <= .epoch + TimeSpan(milliseconds: 3_010) {
      _ = engine.turn(at: engine.deadline)
    }
    var told: [String] = []
    engine.checkInvariants { told.append("\($0)") }
    #expect(told.isEmpty)
    try change(&engine)
    engine.checkInvariants { told.append("\($0)") }
    return told
  }

  @Test("Each sentence about the engine is told where it is not so")
  func engineBroken() throws {
    #expect(
      try told { $0.books.owe(3) } == [
        "every step that was due is delivered, uncertain, missed or owed"
      ])
    #expect(
      try told { $0.state = .suspended } == [
        "the therapy runs while the pump delivers, and only then"
      ])
    #expect(try told { $0.isHeld = true } == ["a held pump plans no step"])
    #expect(
      try told { $0.guarded = 1_000_000 } == [
        "the dose guard has counted no step that was not made"
      ])
    #expect(
      try told { $0.stepsBeforeFill = 1_000_000 } == [
        "the reservoir was filled before the last step"
      ])
    #expect(
      try told {
        let bolus = try Bolus(volume: Volume(microlitres: 1), duration: TimeSpan(seconds: 5))
        $0.nextScheduled = (bolus, .epoch + .hour, .epoch)
      } == ["a bolus of the pattern begins no earlier than the pattern has it"])
    #expect(
      try told { $0.state = .tripped(.overDelivery) }.contains(
        "a pump is tripped as long as its alarm stands, and no longer"))
    #expect(
      try told { $0.state = .tripped(.overDelivery) }.contains("a tripped pump plans no step"))
  }

  @Test("Each sentence about the supervisor is told where it is not so")
  func supervisorBroken() throws {
    func told(_ change: (inout Supervisor) -> Void) throws -> [String] {
      let settings = try Fixture.settings()
      let prescription = Fixture.prescription(
        .continuous(try settings.step.flow(ofStepsPerSecond: 20)))
      var supervisor = Supervisor(
        settings: Fixture.guarding(settings), prescription: prescription, start: .epoch)
      supervisor.began(at: .epoch)
      var told: [String] = []
      supervisor.checkInvariants { told.append("\($0)") }
      #expect(told.isEmpty)
      change(&supervisor)
      supervisor.checkInvariants { told.append("\($0)") }
      return told
    }
    #expect(
      try told { $0.guarded = 1 } == ["the dose guard has counted no step that nobody told of"])
    #expect(
      try told { $0.report.delivered = 1 } == ["a step beyond the grant takes the motor's power"])
    #expect(
      try told { $0.cutBy = .overDelivery } == [
        "the power is kept away as long as its alarm stands, and no longer"
      ])
    #expect(
      try told { $0.pendingCut = .overDelivery } == ["the power goes for the reason that is told"])
    #expect(
      try told { $0.renewal = .epoch + .day } == ["the grant in force is renewed before it ends"])
    #expect(
      try told {
        $0.isStalling = true
        $0.stalledFrom = 5
      } == ["a stall began no later than the last step"])
    #expect(try told { $0.isBegun = false } == ["a therapy that rests demands nothing"])
  }

  @Test("A journal whose records contradict each other is told")
  func contradiction() throws {
    var state = JournalState()
    var told = 0
    state.checkInvariants { _ in told += 1 }
    #expect(told == 0)
    let record = JournalRecord(
      sequence: 0, session: 1, at: .epoch, wallSeconds: 0,
      entry: .grant(StepCounts(certain: 10), upTo: 4, until: .epoch))
    state.take(record)
    state.checkInvariants { _ in told += 1 }
    #expect(told > 0, "more made than was granted")
  }
}
