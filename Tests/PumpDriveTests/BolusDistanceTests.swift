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

@Suite("Between two boluses lies the library's least distance, in each channel and over a restart")
struct BolusDistanceTests {
  private let distance = TimeSpan(minutes: 60)
  /// Nobody else keeps it while a bench and a store tell it what they do.
  private let witness = Witness()

  private func settings(_ distance: TimeSpan) throws -> EngineSettings {
    let free = Fixture.limits()
    let limit = DoseLimits.Limit(soft: Mass(micrograms: 100), hard: Mass(micrograms: 100))
    return try Fixture.settings(
      limits: DoseLimits(
        perHour: free.perHour, perDay: free.perDay,
        bolus: .init(dose: limit, shortest: TimeSpan(seconds: 1), distance: distance)))
  }

  private func bolus() throws -> Bolus {
    try Bolus(volume: Volume(microlitres: 2), duration: TimeSpan(minutes: 5))
  }

  private func at(_ minutes: UInt64) -> Instant { .epoch + TimeSpan(minutes: minutes) }

  /// A basal with a bolus two hours after the start of each day, and one eight hours after it.
  private func pattern() throws -> Therapy {
    .flex(
      try FlexPattern(
        period: .day,
        segments: [.init(start: .zero, flow: Fixture.step().flow(ofStepsPerSecond: 1))],
        boluses: [
          .init(start: TimeSpan(minutes: 120), bolus: bolus()),
          .init(start: TimeSpan(minutes: 480), bolus: bolus()),
        ]))
  }

  /// What each channel alone says of a command at a time; neither hears of the other's word.
  private func verdicts(
    _ command: Command, at minute: UInt64, after first: UInt64?, distance: TimeSpan,
    patient: PatientBolusRule? = nil
  ) throws -> (drive: Refusal?, supervisor: Refusal?) {
    let settings = try settings(distance)
    let prescription = Fixture.prescription(try pattern(), patient: patient)
    var engine = Engine(settings: settings, prescription: prescription, grant: .unlimited)
    var guarding = Fixture.guarding(settings)
    guarding.selfTestInterval = TimeSpan(days: 30)
    var supervisor = Supervisor(settings: guarding, prescription: prescription, start: .epoch)
    while supervisor.isTesting {
      guard let action = supervisor.turn(at: .epoch, DriveReport(), pulses: 0) else { break }
      if case .test(let part) = action { supervisor.tested(part, .passed, at: .epoch) }
    }
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    supervisor.began(at: .epoch)
    func run(to minute: UInt64) {
      while engine.deadline <= at(minute) { _ = engine.turn(at: engine.deadline) }
    }
    if let first {
      run(to: first)
      try engine.perform(.bolus(bolus(), isConfirmed: true), at: at(first))
      _ = supervisor.permit(.bolus(try bolus(), isConfirmed: true), at: at(first))
    }
    run(to: minute)
    let word = supervisor.refusal(of: command, at: at(minute))
    do throws(Refusal) { try engine.perform(command, at: at(minute)) } catch {
      return (error, word)
    }
    return (nil, word)
  }

  @Test(
    "A commanded bolus waits for the last one's distance, to the nanosecond, whoever asked for that"
  )
  func commanded() throws {
    let command = Command.bolus(try bolus(), isConfirmed: true)
    let rule = try PatientBolusRule(
      bolus: bolus(), lockout: TimeSpan(minutes: 10), maximumPerDay: 24)
    let rows: [(first: UInt64?, minute: UInt64, until: UInt64?)] = [
      (10, 20, 70), (10, 69, 70), (10, 70, nil),
      // After the pattern's own at two hours.
      (nil, 130, 180), (nil, 179, 180), (nil, 180, nil),
    ]
    for (first, minute, until) in rows {
      for command in [command, .patientBolus] {
        let expected = until.map { Refusal.bolusTooSoon(until: at($0)) }
        let verdict = try verdicts(
          command, at: minute, after: first, distance: distance, patient: rule)
        // Nothing keeps a bolus of the pattern waiting: what comes too near before it is refused.
        let isBefore = minute == 70 && until == nil
        let word = isBefore ? .overlapsScheduledBolus(at: at(120)) : expected
        #expect(verdict.drive == word, "\(command) at \(minute)")
        #expect(verdict.supervisor == word, "\(command) at \(minute)")
      }
    }
    // Without a distance only what runs keeps another from beginning.
    let free = try verdicts(command, at: 20, after: 10, distance: .zero)
    #expect(free.drive == nil && free.supervisor == nil)
    // Tubing is filled whenever it has to be.
    let prime = try verdicts(
      .prime(try bolus(), isConfirmed: true), at: 20, after: 10, distance: distance)
    #expect(prime.drive == nil && prime.supervisor == nil)
  }

  @Test(
    "A bolus that the pattern would have again too soon, because it was moved, is dropped and alarmed"
  )
  func moved() throws {
    for (distance, given) in [(distance, 1), (.zero, 2)] {
      var loop = Fixture.channels(
        try settings(distance), Fixture.prescription(try pattern()),
        on: Fixture.watchedBench(witness),
        journal: Journal(blank: WitnessStore(MemoryStore(slots: 4_096), witness)),
        wire: DirectWire())
      loop.open()
      try loop.perform(.begin(isConfirmed: true), at: .epoch)
      loop.run(until: at(130))
      try loop.perform(.anchor(place: TimeSpan(minutes: 110)), at: at(130))
      loop.run(until: at(180))
      let events = (0..<loop.session.pump.loop.engine.eventCount).compactMap {
        loop.session.pump.loop.engine.event($0)?.event
      }
      let begun = events.filter { if case .bolusBegan = $0 { true } else { false } }.count
      #expect(begun == given)
      let isDropped = events.contains(.bolusDropped(Volume(microlitres: 2)))
      let stands = loop.session.supervisor.alarm(.underDelivery).isStanding
      #expect(isDropped == (given == 1) && stands == isDropped)
    }
  }

  @Test(
    "A bolus of the pattern that was not given, for the therapy was held back, keeps none waiting")
  func heldBack() throws {
    let settings = try settings(distance)
    var guarding = Fixture.guarding(settings)
    guarding.selfTestInterval = TimeSpan(days: 30)
    var supervisor = Supervisor(
      settings: guarding, prescription: Fixture.prescription(try pattern()), start: .epoch)
    while supervisor.isTesting {
      guard let action = supervisor.turn(at: .epoch, DriveReport(), pulses: 0) else { break }
      if case .test(let part) = action { supervisor.tested(part, .passed, at: .epoch) }
    }
    let command = Command.bolus(try bolus(), isConfirmed: true)
    supervisor.began(at: .epoch)
    supervisor.rested(at: at(100))
    supervisor.began(at: at(130))
    let free = supervisor.refusal(of: command, at: at(140))
    #expect(free == nil)
    // One that was given before the hold counts on.
    supervisor.rested(at: at(490))
    supervisor.began(at: at(500))
    let after = supervisor.refusal(of: command, at: at(510))
    #expect(after == .bolusTooSoon(until: at(540)))
    // One that a pattern gave which was changed since counts on, and a place where the new one would have had
    // another does not.
    supervisor.adopted(
      Fixture.prescription(try pattern()), place: TimeSpan(minutes: 490), at: at(520))
    let changed = supervisor.refusal(of: command, at: at(530))
    #expect(changed == .bolusTooSoon(until: at(540)))
    let later = supervisor.refusal(of: command, at: at(540))
    #expect(later == nil)
    // What the drive refuses keeps none waiting, and be something ended meanwhile.
    let before = supervisor.permit(command, at: at(600))
    supervisor.cancelled(at: at(600))
    supervisor.takeBack(before, at: at(600))
    let again = supervisor.refusal(of: command, at: at(610))
    #expect(again == nil)
  }

  @Test(
    "What a pattern gave that was changed since counts on, and what the new one would have had does not"
  )
  func changedPattern() throws {
    for place in [UInt64(200), 485] {
      var supervisor = Supervisor(
        settings: Fixture.guarding(try settings(distance)),
        prescription: Fixture.prescription(try pattern()), start: .epoch)
      supervisor.began(at: .epoch)
      // Two hours in it gave one; the second place is just past one that nobody was given.
      supervisor.adopted(
        Fixture.prescription(try pattern()), place: TimeSpan(minutes: place), at: at(130))
      let command = Command.bolus(try bolus(), isConfirmed: true)
      let early = supervisor.refusal(of: command, at: at(140))
      #expect(early == .bolusTooSoon(until: at(180)), "\(place)")
      // Only its self-test is in the way then.
      let later = supervisor.refusal(of: command, at: at(180))
      #expect(later == .selfTestRuns, "\(place)")
    }
  }

  @Test(
    "What the pattern gave stays known where a hold comes while a bolus is asked for that the drive refuses"
  )
  func refusedWhileHeld() throws {
    var supervisor = Supervisor(
      settings: Fixture.guarding(try settings(distance)),
      prescription: Fixture.prescription(try pattern()), start: .epoch)
    supervisor.began(at: .epoch)
    // The pattern's came at 120 minutes.
    let command = Command.bolus(try bolus(), isConfirmed: true)
    let before = supervisor.permit(command, at: at(130))
    supervisor.took(.suspend, at: at(131))
    supervisor.takeBack(before, at: at(132))
    let early = supervisor.refusal(of: command, at: at(140))
    #expect(early == .bolusTooSoon(until: at(180)))
  }

  @Test(
    "A pattern just as far apart as the library asks for goes on after a restart at a whole second")
  func restartedPattern() throws {
    let settings = try settings(TimeSpan(minutes: 2))
    let bolus = try Bolus(volume: Volume(microlitres: 1), duration: TimeSpan(seconds: 30))
    let therapy = Therapy.flex(
      try FlexPattern(
        period: TimeSpan(minutes: 4),
        segments: [.init(start: .zero, flow: Fixture.step().flow(ofStepsPerSecond: 1))],
        boluses: [
          .init(start: .zero, bolus: bolus), .init(start: TimeSpan(minutes: 2), bolus: bolus),
        ]))
    for lost in stride(from: UInt64(0), through: 1_999, by: 333) {
      var engine = Engine(
        settings: settings, prescription: Fixture.prescription(therapy),
        place: TimeSpan(milliseconds: 60_000), start: at(1), grant: .unlimited)
      // The last one began a minute ago, and the place was cut off by so much less than two seconds.
      engine.recallBolus(at: at(0) + TimeSpan(milliseconds: lost))
      try engine.perform(.begin(isConfirmed: true), at: at(1))
      while engine.deadline <= at(3) { _ = engine.turn(at: engine.deadline) }
      let events = (0..<engine.eventCount).compactMap { engine.event($0)?.event }
      #expect(events.contains(.bolusBegan(.scheduled, bolus.volume)), "\(lost) ms")
      #expect(!events.contains(.bolusDropped(bolus.volume)), "\(lost) ms")
    }
  }

  /// Half an hour with tubing that is filled and a bolus at twenty minutes.
  private func firstLife(
    _ settings: EngineSettings, _ prescription: Prescription, _ store: inout WitnessStore
  ) throws -> SimulatedBench<WitnessTrace> {
    var loop = Fixture.channels(
      settings, prescription, on: Fixture.watchedBench(witness), journal: Journal(blank: store),
      wire: DirectWire())
    loop.open()
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: at(20))
    try loop.perform(.bolus(bolus(), isConfirmed: true), at: at(20))
    loop.run(until: at(28))
    try loop.perform(.prime(bolus(), isConfirmed: true), at: at(28))
    loop.run(until: at(38))
    loop.close()
    store = loop.session.records.journal.store
    return loop.dismantle()
  }

  @Test("Over a restart the distance counts from the journal's last bolus, in both channels")
  func restart() throws {
    let settings = try settings(distance)
    let basal = Fixture.prescription(
      .continuous(try Fixture.step().flow(ofStepsPerSecond: 1)))
    var store = WitnessStore(MemoryStore(slots: 4_096), witness)
    let bench = try firstLife(settings, basal, &store)
    let journal = try Journal(opening: store)
    var second = Fixture.channels(
      settings, basal, on: bench, journal: journal, wire: DirectWire())
    second.open()
    let asked = try bolus()
    try second.perform(.begin(isConfirmed: true), at: at(38))
    second.run(until: at(40))
    let early = second.session.supervisor.refusal(
      of: .bolus(try bolus(), isConfirmed: true), at: at(40))
    #expect(early == .bolusTooSoon(until: at(80)))
    var word: Refusal?
    do throws(Refusal) {
      let command = Command.bolus(asked, isConfirmed: true)
      try second.session.pump.loop.engine.perform(command, at: at(40))
    } catch { word = error }
    #expect(word == .bolusTooSoon(until: at(80)))
    second.run(until: at(85))
    try second.perform(.bolus(bolus(), isConfirmed: true), at: at(85))
  }
}
