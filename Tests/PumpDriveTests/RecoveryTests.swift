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

/// A bench that has news from one instant on.
private struct NewsyBench: PumpHardware, ~Copyable {
  var base: SimulatedBench<EdgeRecorder>
  var news = false

  mutating func set(_ line: DriverLine, _ level: LineLevel) throws(PlantFailure) {
    try base.set(line, level)
  }
  mutating func readBack(_ line: DriverLine) throws(PlantFailure) -> LineLevel {
    base.readBack(line)
  }
  mutating func readClock() -> Instant { base.readClock() }
  mutating func wait(until deadline: Instant) -> Instant { base.wait(until: deadline) }
  mutating func hasNews() -> Bool { news }
  mutating func readWallClock() -> Int64 { base.readWallClock() }
  mutating func readSensors() throws(PlantFailure) -> SensorReadings { try base.readSensors() }
  mutating func sound(_ tone: AlarmTone) throws(PlantFailure) { base.sound(tone) }
  mutating func kickWatchdog() throws(PlantFailure) { base.kickWatchdog() }
}

@Suite("What ends by itself ends, and what outlives a session outlives it")
struct RecoveryTests {
  @Test(
    "A pump that its limit stopped may go on once the window has passed and somebody has acknowledged it"
  )
  func afterTheLimit() throws {
    let step = try Fixture.step()
    var loop = ControlLoop(
      engine: Engine(
        settings: try Fixture.settings(limits: Fixture.limits(hour: 3, day: 21)),
        prescription: Fixture.prescription(.continuous(try step.flow(ofStepsPerSecond: 3))),
        grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(), trace: EdgeRecorder()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    // Past every check of a command: the flow itself is changed behind the engine's back.
    loop.engine.program.adopt(
      .continuous(try step.flow(ofStepsPerSecond: 30)), place: .zero, at: loop.hardware.now)
    loop.engine.replan(at: loop.hardware.now, searches: true)
    loop.run(until: .epoch + TimeSpan(minutes: 40))
    let tripped = loop.engine.state
    #expect(tripped == .tripped(.overInfusion))
    let made = loop.engine.ledger.delivered
    try loop.engine.perform(.acknowledge(.overInfusion), at: loop.hardware.now)
    let still = loop.engine.state
    #expect(still == .tripped(.overInfusion), "the window is still full")
    loop.run(until: .epoch + TimeSpan(minutes: 90))
    let (later, ledger) = (loop.engine.state, loop.engine.ledger.delivered)
    #expect(later == .suspended && ledger == made, "released, and not resumed by itself")
    let isPresent = loop.engine.alarm(.overInfusion).isCausePresent
    #expect(!isPresent)
  }

  @Test("The reservoir's low alarm comes from the ledger alone, where no switch is read")
  func lowByLedger() throws {
    var engine = Engine(
      settings: try Fixture.settings(filled: 2_001),
      prescription: Fixture.prescription(.continuous(FlowRate(microlitresPerDay: 2_400))),
      grant: .unlimited)
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    let before = engine.alarm(.reservoirLow).isStanding
    #expect(!before)
    while engine.deadline <= .epoch + TimeSpan(minutes: 3) { _ = engine.turn(at: engine.deadline) }
    let after = engine.alarm(.reservoirLow).isCausePresent
    #expect(after, "5 µL are gone")
  }

  @Test("How long a pump has served counts from its first session, over every later one")
  func servedSince() throws {
    let settings = try Fixture.settings()
    let prescription = Fixture.prescription(
      .continuous(try settings.step.flow(ofStepsPerSecond: 1)))
    let witness = Witness()
    var store = WitnessStore(MemoryStore(slots: 32), witness)
    for life in 0..<3 {
      var bench = Fixture.watchedBench(witness)
      _ = bench.wait(until: .epoch + TimeSpan(minutes: UInt64(life) * 10 + 5))
      var loop = Fixture.channels(
        settings, prescription, on: bench,
        journal: life == 0 ? Journal(blank: store) : try Journal(opening: store), wire: DirectWire()
      )
      loop.open()
      let since = loop.session.records.journal.state.servedSince
      #expect(since == .epoch + TimeSpan(minutes: 5), "life \(life)")
      loop.run(until: loop.session.pump.loop.hardware.now + TimeSpan(seconds: 10))
      loop.close()
      store = loop.session.records.journal.store.revived()
    }
  }

  @Test("News for whoever runs the loop ends it before the edge that it waited for")
  func news() throws {
    let settings = try Fixture.settings()
    var loop = ControlLoop(
      engine: Engine(
        settings: settings,
        prescription: Fixture.prescription(
          .continuous(try settings.step.flow(ofStepsPerSecond: 1))),
        grant: .unlimited),
      hardware: NewsyBench(base: SimulatedBench(settings: Fixture.plant(), trace: EdgeRecorder())))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    let isWhole = loop.run(until: .epoch + TimeSpan(seconds: 3))
    #expect(isWhole)
    let made = loop.engine.ledger.delivered
    loop.hardware.news = true
    let isWholeWithNews = loop.run(until: .epoch + TimeSpan(seconds: 30))
    let after = loop.engine.ledger.delivered
    #expect(!isWholeWithNews && after == made, "no edge before the news is heard")
  }

  private func channels(_ store: WitnessStore, _ witness: Witness) throws -> TestLoop<DirectWire> {
    let settings = try Fixture.settings()
    return Fixture.channels(
      settings, Fixture.prescription(.continuous(try settings.step.flow(ofStepsPerSecond: 2))),
      on: Fixture.watchedBench(witness), journal: Journal(blank: store), wire: DirectWire())
  }

  @Test(
    "A journal that takes no record is alarmed at once, whether a grant, a command or an event meets it first"
  )
  func journalFails() throws {
    for command in [true, false] {
      let witness = Witness()
      var loop = try channels(WitnessStore(MemoryStore(slots: 64), witness), witness)
      loop.open()
      try loop.perform(.begin(isConfirmed: true), at: .epoch)
      loop.run(until: .epoch + TimeSpan(minutes: 3))
      let before = loop.session.supervisor.alarm(.journalFailed).isStanding
      #expect(!before)
      loop.session.records.journal.store.diesAt = (
        loop.session.records.journal.store.writes.count + 1, 0
      )
      if command {
        _ = try? loop.perform(.suspend, at: loop.session.pump.loop.hardware.now)
      } else {
        // The next grant.
        loop.run(until: loop.session.pump.loop.hardware.now + TimeSpan(minutes: 2))
      }
      let after = loop.session.supervisor.alarm(.journalFailed)
      let isJournaling = loop.isJournaling
      #expect(after.isStanding && after.isCausePresent && !isJournaling, "by a command: \(command)")
      // What was granted is made, and not one step more.
      let granted = loop.session.records.journal.state.granted
      loop.run(until: loop.session.pump.loop.hardware.now + TimeSpan(minutes: 10))
      let made = UInt64(witness.rises.count)
      #expect(made <= granted, "by a command: \(command)")
    }
  }

  @Test("A profile of which one copy is damaged fails the self-test", arguments: [0, 1])
  func damagedCopy(copy: Int) throws {
    let witness = Witness()
    let text = Array(repeating: UInt8(ascii: "x"), count: 300)
    var loop = try channels(WitnessStore(MemoryStore(slots: 4_096), witness), witness)
    loop.open(profile: text)
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(minutes: 2))
    let passed = events(loop).contains(.tested(.profile, passed: true))
    let copies = loop.session.records.journal.profileCopies
    #expect(passed && copies == .whole)
    // The copies are the records right after the session's opening.
    let first = try #require(loop.session.records.journal.state.profile?.first)
    let parts = (text.count + JournalText.size - 1) / JournalText.size
    let slot = Int(loop.session.records.journal.store.slot(of: first + UInt64(copy * parts)))
    loop.session.records.journal.store.base.blocks[slot].withMutableBytes { $0[40] ^= 1 }
    let damaged = loop.session.records.journal.profileCopies
    #expect(damaged == .damaged)
    loop.run(until: loop.session.pump.loop.hardware.now + TimeSpan(hours: 25))
    #expect(events(loop).contains(.tested(.profile, passed: false)))
  }

  @Test(
    "Events that the recorder could not keep hold the journal up no more than others",
    arguments: [1, 2, 3])
  func fullRecorders(capacity: Int) throws {
    let witness = Witness()
    var settings = try Fixture.settings()
    settings.recorderCapacity = capacity
    var guarding = Fixture.guarding(settings)
    guarding.recorderCapacity = capacity
    var loop = Fixture.channels(
      settings, Fixture.prescription(.continuous(try settings.step.flow(ofStepsPerSecond: 2))),
      on: Fixture.watchedBench(
        witness,
        faults: [
          ScheduledFault(.at(.epoch + TimeSpan(minutes: 2)), .driverFault(TimeSpan(minutes: 1)))
        ]),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: 256), witness)), wire: DirectWire(),
      guarding: guarding)
    loop.open()
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(minutes: 10))
    let (drive, supervisor) = (
      loop.session.pump.loop.engine.eventCount, loop.session.supervisor.eventCount
    )
    #expect(drive > capacity && supervisor > capacity)
    let (reads, isJournaling) = (loop.session.records.journal.readsBack(), loop.isJournaling)
    #expect(reads && isJournaling)
    let state = loop.session.pump.loop.engine.state
    #expect(state == .tripped(.driverFault))
  }

  private func events(_ loop: borrowing TestLoop<DirectWire>) -> [PumpEvent] {
    (0..<loop.session.supervisor.eventCount).compactMap { loop.session.supervisor.event($0)?.event }
  }

  @Test("A therapy beyond the hard limits is refused when it is to begin, and nothing moves")
  func refusedAtItsBeginning() throws {
    let settings = try Fixture.settings(limits: Fixture.limits(hour: 3, day: 21))
    let witness = Witness()
    var loop = Fixture.channels(
      settings,
      Fixture.prescription(.continuous(try settings.step.flow(ofStepsPerSecond: 20))),
      on: Fixture.watchedBench(witness),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: 64), witness)), wire: DirectWire())
    let opened = loop.open()
    let plan = try #require(opened)
    var refusal: Refusal?
    do throws(Refusal) { try loop.begin(plan, place: .zero, at: .epoch) } catch { refusal = error }
    let isOfTheDose = if case .doseLimit? = refusal { true } else { false }
    #expect(isOfTheDose, "\(String(describing: refusal))")
    loop.run(until: .epoch + TimeSpan(minutes: 1))
    let state = loop.session.pump.loop.engine.state
    #expect(state == .idle && witness.rises.isEmpty)
  }
}
