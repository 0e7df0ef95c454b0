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

@Suite("Both channels hear every command, and what is granted afterwards is the command's")
struct ChannelCommandTests {
  /// A wire that tells half of what was made from an instant on.
  private struct HalvingWire: ChannelWire {
    var from = Instant.never

    func carry(_ report: DriveReport) -> DriveReport {
      var told = report
      if report.at >= from { told.delivered = report.delivered / 2 }
      return told
    }

    func carry(_ grant: Grant) -> Grant { grant }
  }

  private typealias Loop = TestLoop<HalvingWire>

  /// Both channels, begun, on a bench that a witness watches.
  private func loop(
    _ prescription: Prescription, witness: Witness = Witness(), liesFrom: Instant = .never,
    guarding: (inout SupervisorSettings) -> Void = { _ in }
  ) throws -> Loop {
    let settings = try Fixture.settings()
    var guardSettings = Fixture.guarding(settings)
    guarding(&guardSettings)
    var loop = Fixture.channels(
      settings, prescription, on: Fixture.watchedBench(witness),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: 512), witness)),
      wire: HalvingWire(from: liesFrom), guarding: guardSettings)
    loop.open()
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    return loop
  }

  private func flow(_ stepsPerSecond: UInt64) throws -> FlowRate {
    try Fixture.step().flow(ofStepsPerSecond: stepsPerSecond)
  }

  private func bolus(_ steps: UInt64, over seconds: UInt64) throws -> Bolus {
    try Bolus(
      volume: Fixture.step().volume(ofSteps: steps), duration: TimeSpan(seconds: seconds))
  }

  private func seconds(_ seconds: UInt64) -> Instant { .epoch + TimeSpan(seconds: seconds) }

  @Test("A cancelled bolus is granted for the braking only; its rest is never permitted")
  func cancel() throws {
    var loop = try loop(Fixture.prescription(.stopped))
    try loop.perform(.bolus(bolus(1_000, over: 100), isConfirmed: true), at: .epoch)
    loop.run(until: seconds(10))
    try loop.perform(.cancelBolus, at: seconds(10))
    loop.run(until: seconds(15))
    let granted = loop.session.records.journal.state.granted
    // 10 steps/s for ten seconds, and two more to slow down.
    #expect(granted <= 121)
    loop.run(until: seconds(200))
    let (made, after) = (
      loop.session.pump.loop.engine.ledger.delivered, loop.session.records.journal.state.granted
    )
    #expect(made <= 121 && made >= 100)
    #expect(after <= 121)
  }

  @Test("A therapy that rests is permitted nothing, and goes on where it is when it resumes")
  func suspend() throws {
    var loop = try loop(Fixture.prescription(.continuous(flow(20))))
    loop.run(until: seconds(30))
    try loop.perform(.suspend, at: seconds(30))
    let isDelivering = loop.session.supervisor.isDelivering
    #expect(!isDelivering)
    loop.run(until: seconds(90))
    let (made, granted) = (
      loop.session.pump.loop.engine.ledger.delivered, loop.session.records.journal.state.granted
    )
    #expect(made == 600 && granted == 600)
    try loop.perform(.resume, at: seconds(90))
    let goesOn = loop.session.supervisor.isDelivering
    #expect(goesOn)
    loop.run(until: seconds(150))
    let (more, cutBy) = (
      loop.session.pump.loop.engine.ledger.delivered, loop.session.supervisor.cutBy
    )
    #expect((1_799...1_800).contains(more) && cutBy == nil)
  }

  @Test("After an adopted change the grants are the new therapy's, up or down")
  func adopt() throws {
    for (rate, most) in [(UInt64(5), UInt64(600 + 350)), (80, 600 + 5_600)] {
      var loop = try loop(Fixture.prescription(.continuous(flow(20))))
      loop.run(until: seconds(30))
      try loop.perform(
        .adopt(Fixture.prescription(.continuous(flow(rate))), place: .zero, isConfirmed: true),
        at: seconds(30))
      let granted = loop.session.records.journal.state.granted
      #expect(granted == most, "\(rate) steps/s for 70 s")
      loop.run(until: seconds(90))
      let (made, cutBy) = (
        loop.session.pump.loop.engine.ledger.delivered, loop.session.supervisor.cutBy
      )
      #expect((600 + 60 * rate - 1...600 + 60 * rate).contains(made) && cutBy == nil)
    }
  }

  @Test("A pattern that is anchored elsewhere runs there in both channels")
  func anchor() throws {
    let pattern = try FlexPattern(
      period: .day,
      segments: [
        .init(start: .zero, flow: flow(20)), .init(start: TimeSpan(hours: 12), flow: flow(4)),
      ], boluses: [])
    var loop = try loop(Fixture.prescription(.flex(pattern)))
    loop.run(until: seconds(30))
    try loop.perform(.anchor(place: TimeSpan(hours: 13)), at: seconds(30))
    let granted = loop.session.records.journal.state.granted
    #expect(granted == 600 + 280)
    loop.run(until: seconds(90))
    let (made, cutBy) = (
      loop.session.pump.loop.engine.ledger.delivered, loop.session.supervisor.cutBy
    )
    #expect((839...840).contains(made) && cutBy == nil)
  }

  @Test("A refill is journaled with the count that it was made at, in both channels' books")
  func refill() throws {
    var loop = try loop(Fixture.prescription(.continuous(flow(20))))
    loop.run(until: seconds(30))
    try loop.perform(.refill(Volume(microlitres: 15_000)), at: seconds(30))
    loop.run(until: seconds(31))
    let counts = loop.session.records.journal.state.counts
    #expect(counts.atFill == 600)
    let used = try Fixture.step().volume(
      ofSteps: loop.session.pump.loop.engine.ledger.delivered - 600)
    let left = loop.session.pump.loop.engine.reservoirLeft
    #expect(left == Volume(microlitres: 15_000) - used)
  }

  @Test(
    "The second channel refuses a bolus by its own limit, the patient's too, though the drive's allow it"
  )
  func ownLimit() throws {
    let limit = try Fixture.step().volume(ofSteps: 2_000)
    let hard = try Concentration(microgramsPerMillilitre: 500).mass(in: limit)
    let rule = try PatientBolusRule(
      bolus: bolus(2_001, over: 60), lockout: .hour, maximumPerDay: 4)
    var loop = try loop(Fixture.prescription(.stopped, patient: rule)) { settings in
      settings.limits = DoseLimits(
        perHour: .init(soft: hard, hard: hard), perDay: settings.limits.perDay)
    }
    let commands: [Command] = [
      .bolus(rule.bolus, isConfirmed: true), .prime(rule.bolus, isConfirmed: true), .patientBolus,
    ]
    for command in commands {
      #expect(throws: Refusal.doseLimit(.hour), "\(command.kind)") {
        try loop.perform(command, at: .epoch)
      }
    }
    loop.run(until: seconds(120))
    let made = loop.session.pump.loop.engine.ledger.delivered
    #expect(made == 0)
    try loop.perform(.bolus(bolus(2_000, over: 60), isConfirmed: true), at: seconds(120))
    loop.run(until: seconds(240))
    let given = loop.session.pump.loop.engine.ledger.delivered
    #expect(given == 2_000)
  }

  @Test("After a lie no command delivers, acknowledged or not, and nothing is given back")
  func liar() throws {
    let witness = Witness()
    let rule = try PatientBolusRule(bolus: bolus(10, over: 60), lockout: .hour, maximumPerDay: 4)
    let prescription = Fixture.prescription(.continuous(try flow(20)), patient: rule)
    var loop = try loop(prescription, witness: witness, liesFrom: seconds(10))
    loop.run(until: seconds(20))
    let cutBy = loop.session.supervisor.cutBy
    #expect(cutBy == .driveDisagrees)
    let rises = witness.rises.count
    for round in UInt64(0)..<2 {
      let now = seconds(20 + 20 * round)
      let commands: [Command] = [
        .begin(isConfirmed: true), .resume, .bolus(rule.bolus, isConfirmed: true),
        .prime(rule.bolus, isConfirmed: true), .patientBolus,
        .adopt(prescription, place: .zero, isConfirmed: true),
      ]
      for command in commands {
        #expect(throws: Refusal.alarm(.driveDisagrees), "\(command.kind)") {
          try loop.perform(command, at: now)
        }
      }
      if round == 0 { try loop.perform(.acknowledge(.driveDisagrees), at: now) }
      loop.run(until: now + TimeSpan(seconds: 20))
      #expect(witness.rises.count == rises && !witness.isEnergised)
    }
  }

  @Test("Every command is journaled with its answer, in its order")
  func journaled() throws {
    var loop = try loop(Fixture.prescription(.continuous(flow(20))))
    loop.run(until: seconds(1))
    let commands: [(Command, Bool)] = [
      (.resume, false), (.suspend, true), (.suspend, false), (.resume, true),
      (.cancelBolus, false), (.bolus(try bolus(100, over: 10), isConfirmed: true), true),
      (.cancelBolus, true), (.refill(Volume(microlitres: 90_000)), false),
      (.refill(Volume(microlitres: 20_000)), true), (.acknowledge(.overheated), false),
    ]
    let first = loop.session.records.journal.next
    for (command, isAccepted) in commands {
      do throws(Refusal) {
        try loop.perform(command, at: seconds(1))
        #expect(isAccepted, "\(command.kind)")
      } catch {
        #expect(!isAccepted, "\(command.kind): \(error)")
      }
    }
    var written: [(CommandKind, Bool)] = []
    for sequence in first..<loop.session.records.journal.next {
      guard
        case .command(let kind, _, let isAccepted) = loop.session.records.journal.record(sequence)?
          .entry
      else { continue }
      written.append((kind, isAccepted))
    }
    #expect(written.map(\.0) == commands.map(\.0.kind))
    #expect(written.map(\.1) == commands.map(\.1))
  }
}
