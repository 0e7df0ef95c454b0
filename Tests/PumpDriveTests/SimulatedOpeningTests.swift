import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlant
import PumpSafety
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpDrive

@Suite(
  "A simulated pump that opens a journal tells both channels what it remembers, and writes what it begins with"
)
struct SimulatedOpeningTests {
  private let witness = Witness()
  private let step: StepVolume

  init() throws { step = try Fixture.step() }

  private func at(_ minutes: UInt64) -> Instant { .epoch + TimeSpan(minutes: minutes) }

  private func bolus(_ steps: UInt64) throws -> Bolus {
    try Bolus(volume: step.volume(ofSteps: steps), duration: TimeSpan(minutes: 2))
  }

  /// An hour may hold 10,000 steps: a step is 156.25 pL at 500 µg/mL, 78.125 pg.
  private func settings() throws -> EngineSettings {
    let hour = Mass(femtograms: 10_000 * 78_125)
    let day = Mass(micrograms: 1_000_000)
    return try Fixture.settings(
      limits: DoseLimits(
        perHour: .init(soft: hour, hard: hour), perDay: .init(soft: day, hard: day)))
  }

  private func prescription() throws -> Prescription {
    Fixture.prescription(
      .continuous(try step.flow(ofStepsPerSecond: 1)),
      patient: try PatientBolusRule(
        bolus: bolus(5_000), lockout: TimeSpan(hours: 4), maximumPerDay: 4))
  }

  /// Half an hour with a bolus of the patient's at ten minutes, and 15 mL filled at twenty.
  private func firstLife(_ store: inout WitnessStore) throws -> SimulatedBench<WitnessTrace> {
    var loop = Fixture.channels(
      try settings(), try prescription(), on: Fixture.watchedBench(witness),
      journal: Journal(blank: store), wire: DirectWire())
    loop.open()
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: at(10))
    try loop.perform(.patientBolus, at: at(10))
    loop.run(until: at(20))
    try loop.perform(.refill(Volume(microlitres: 15_000)), at: at(20))
    loop.run(until: at(30))
    loop.close()
    store = loop.session.records.journal.store
    return loop.dismantle()
  }

  /// The pump of a second life, a minute after it began.
  private func secondLife() throws -> TestLoop<DirectWire> {
    var store = WitnessStore(MemoryStore(slots: 4_096), witness)
    let bench = try firstLife(&store)
    let journal = try Journal(opening: store)
    var loop = Fixture.channels(
      try settings(), try prescription(), on: bench, journal: journal, wire: DirectWire())
    let opened = loop.open()
    let plan = try #require(opened)
    try loop.begin(plan, place: .zero, at: at(30))
    loop.run(until: at(31))
    return loop
  }

  /// What the drive itself says, whatever the supervisor would.
  private func word(of command: Command, _ loop: inout TestLoop<DirectWire>) -> Refusal? {
    do throws(Refusal) {
      try loop.session.pump.loop.engine.perform(command, at: at(31))
      return nil
    } catch {
      return error
    }
  }

  @Test("The drive counts the earlier session's doses against its own limit")
  func doses() throws {
    var loop = try secondLife()
    // Half an hour of basal and 5,000 steps are given: 3,500 more are too much, and were not without them.
    let refused = word(of: .bolus(try bolus(3_500), isConfirmed: true), &loop)
    let isOfTheDose = if case .doseLimit? = refused { true } else { false }
    #expect(isOfTheDose, "\(String(describing: refused))")
    let less = word(of: .bolus(try bolus(500), isConfirmed: true), &loop)
    #expect(less == nil)
  }

  @Test("The drive counts the lock-out from the patient's bolus of the earlier session")
  func lockout() throws {
    var loop = try secondLife()
    let refused = word(of: .patientBolus, &loop)
    #expect(refused == .lockedOut(until: at(250)))
  }

  @Test("The drive counts the reservoir down from the latest filling, not from the pump's file")
  func filling() throws {
    let loop = try secondLife()
    let left = loop.session.pump.loop.engine.detail(at: at(31)).reservoir
    // Eleven minutes of a step a second since 15 mL were filled.
    let steps = try step.steps(in: Volume(microlitres: 15_000).lessening(by: left))
    #expect((659...662).contains(steps), "\(steps) steps")
  }

  @Test("A first session is written down in order, and it closes with what it begins with")
  func records() throws {
    var loop = Fixture.channels(
      try settings(), try prescription(), on: Fixture.watchedBench(witness),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: 64), witness)), wire: DirectWire())
    let opened = loop.open(boot: 7, clock: TimeSpan(seconds: 9))
    let plan = try #require(opened)
    let records = (UInt64(0)...2).map { loop.session.records.journal.record($0)?.entry }
    let binding = JournalBinding(
      step: step, concentration: Concentration(microgramsPerMillilitre: 500))
    #expect(
      records == [
        .opened(
          boot: 7, clock: TimeSpan(seconds: 9), servedSince: .epoch, binding,
          isClockSynchronised: true),
        .event(.refilled(Volume(microlitres: 20_000))),
        .grant(StepCounts(), upTo: 0, until: .epoch),
      ])
    #expect(plan.opened == .epoch)
  }

  @Test("A later session is written down without a filling, with the counts of the one before")
  func laterRecords() throws {
    var loop = try secondLife()
    var entries: [JournalEntry] = []
    for sequence in loop.session.records.journal.first..<loop.session.records.journal.next {
      if let entry = loop.session.records.journal.record(sequence)?.entry { entries.append(entry) }
    }
    let openings = entries.indices.filter {
      if case .opened = entries[$0] { true } else { false }
    }
    let last = try #require(openings.last)
    #expect(openings.count == 2)
    // Until then a step a second and the patient's 5,000; nothing is granted yet, and all is certain.
    guard case .grant(let counts, let upTo, let until) = entries[last + 1] else {
      Issue.record("\(entries[last + 1])")
      return
    }
    #expect((6_798...6_801).contains(counts.certain) && counts.uncertain == 0)
    #expect(upTo == counts.certain && until == at(30))
  }
}
