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

@Suite("Whenever the process dies, the true count lies between certain and certain + uncertain")
struct KillSweepTests {
  /// A day of two basals with four boluses.
  private func therapy(_ step: StepVolume) throws -> Therapy {
    .flex(
      try FlexPattern(
        period: .day,
        segments: [
          .init(start: .zero, flow: step.flow(ofStepsPerSecond: 1)),
          .init(start: TimeSpan(hours: 9), flow: step.flow(ofStepsPerSecond: 2)),
        ],
        boluses: try [2, 8, 14, 20].map {
          .init(
            start: TimeSpan(hours: $0),
            bolus: try Bolus(
              volume: step.volume(ofSteps: 6_000), duration: TimeSpan(minutes: 10)))
        }))
  }

  /// What the next session would find, held against the truth.
  private func problem(_ memory: MemoryStore, made: Int, grant: UInt64) -> String? {
    guard let journal = try? Journal(opening: memory) else { return "the journal won't open" }
    let carried = journal.state.carried
    let truth = UInt64(made)
    if truth < carried.certain { return "\(carried.certain) certain, \(truth) made" }
    if truth > carried.highest { return "\(carried.highest) at most, \(truth) made" }
    if carried.uncertain > grant { return "\(carried.uncertain) uncertain, \(grant) granted" }
    return nil
  }

  @Test("At every write of a day with boluses, between every two, and inside one at every byte")
  func everyWrite() throws {
    let settings = try Fixture.settings()
    let witness = Witness()
    let ring = 8
    var loop = Fixture.channels(
      settings, Fixture.prescription(try therapy(settings.step)),
      on: Fixture.watchedBench(witness),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: ring), witness)), wire: DirectWire())
    let opened = loop.open()
    let plan = try #require(opened)
    try loop.begin(plan, place: .zero, at: .epoch)
    loop.run(until: .epoch + .day)
    let writes = loop.session.records.journal.store.writes
    let made = witness.rises.count
    #expect(made == 164_400 || made == 164_399)
    // A write a minute, and the boluses' shorter grants: what an SD card must bear.
    #expect((1_440...2_000).contains(writes.count), "\(writes.count) writes")

    var memory = MemoryStore(slots: ring)
    var grant: UInt64 = 0
    for (number, write) in writes.enumerated() {
      let after = number + 1 < writes.count ? writes[number + 1].rises : made
      let old = memory.blocks[Int(write.slot)]
      let isFull = number < 24 || number % 16 == 0
      let before = grant
      memory.write(write.block, to: write.slot)
      let state = try Journal(opening: memory).state
      grant = state.granted - state.counts.highest
      let most = max(before, grant)
      #expect(problem(memory, made: after, grant: most) == nil, "after write \(number + 1)")
      for bytes in 0...JournalBlock.size where isFull || bytes % 61 == 0 {
        memory.blocks[Int(write.slot)] = torn(old, write.block, after: bytes)
        let problem = problem(memory, made: write.rises, grant: most)
        #expect(problem == nil, "write \(number + 1), \(bytes) bytes: \(problem ?? "")")
      }
      memory.write(write.block, to: write.slot)
    }
  }

  @Test("Killed and started anew all day: no limit passed, no step repeated or lost track of")
  func manyLives() throws {
    for seed in UInt64(1)...2 {
      let limits = Fixture.limits(hour: 2, day: 16)
      let settings = try Fixture.settings(limits: limits)
      let witness = Witness()
      var lives = Lives(
        seed: seed, settings: settings,
        prescription: Fixture.prescription(try therapy(settings.step)),
        asked: try Bolus(
          volume: settings.step.volume(ofSteps: 6_000), duration: TimeSpan(minutes: 5)))
      try lives.fillDay(witness)
      #expect(lives.sessions > 20, "seed \(seed)")
      #expect(
        lives.boluses > 3 && lives.boluses < lives.sessions,
        "seed \(seed): \(lives.boluses) of \(lives.sessions)")
      // A window may hold its limit, a step, and what the therapy put into the oldest bucket: a minute
      // of the hour, five of the day, of 10 steps/s in a bolus over 2.
      let perStep: UInt64 = 78_125
      let most = windowMost(witness.rises, .hour)
      let perHour = limits.perHour.hard.femtograms / perStep
      #expect(most <= perHour + 1 + 720, "seed \(seed): \(most) in an hour")
      let total = UInt64(witness.rises.count)
      let perDay = limits.perDay.hard.femtograms / perStep
      #expect(total <= perDay + 1 + 3_600, "seed \(seed): \(total) in the day")
    }
  }

  /// Lives of one process after another on one bench and one journal.
  private struct Lives {
    let seed: UInt64
    let settings: EngineSettings
    let prescription: Prescription
    let asked: Bolus
    var random: SplitMix64
    var sessions = 0
    var boluses = 0

    init(seed: UInt64, settings: EngineSettings, prescription: Prescription, asked: Bolus) {
      self.seed = seed
      self.settings = settings
      self.prescription = prescription
      self.asked = asked
      random = SplitMix64(seed: seed)
    }

    mutating func fillDay(_ witness: Witness) throws {
      var bench = Fixture.watchedBench(witness, seed: seed)
      var store = WitnessStore(MemoryStore(slots: 4_096), witness)
      while bench.now < .epoch + .day {
        store = store.revived()
        store.diesAt = (
          1 + Int(random.next() % 60), Int(random.next() % UInt64(JournalBlock.size + 1))
        )
        let carried = try Journal(opening: store).state.carried
        #expect(carried.certain <= UInt64(witness.rises.count), "seed \(seed)")
        #expect(carried.highest >= UInt64(witness.rises.count), "seed \(seed)")
        bench = try live(on: bench, &store)
        sessions += 1
        // Off for up to a quarter of an hour.
        _ = bench.wait(until: bench.now + TimeSpan(seconds: random.next() % 900))
      }
    }

    /// One life, which ends with the write that kills it.
    ///
    /// Somebody asks for a bolus after every restart, and what was given before must count.
    private mutating func live(
      on bench: consuming SimulatedBench<WitnessTrace>, _ store: inout WitnessStore
    ) throws -> SimulatedBench<WitnessTrace> {
      let start = bench.now
      let journal = try Journal(opening: store)
      var loop = Fixture.channels(
        settings, prescription, place: TimeSpan(nanoseconds: start.nanoseconds), on: bench,
        journal: journal, wire: DirectWire())
      let opened = loop.open()
      let plan = try #require(opened)
      try? loop.begin(plan, place: TimeSpan(nanoseconds: start.nanoseconds), at: start)
      if (try? loop.perform(.bolus(asked, isConfirmed: true), at: start)) != nil { boluses += 1 }
      let latest = min(.epoch + .day, start + TimeSpan(hours: 2))
      while !loop.session.records.journal.store.isDead, loop.session.pump.loop.hardware.now < latest
      {
        loop.run(until: loop.session.pump.loop.hardware.now + TimeSpan(milliseconds: 20))
      }
      store = loop.session.records.journal.store
      return loop.dismantle()
    }
  }

  /// The most rises in any window, by brute force.
  private func windowMost(_ rises: [Instant], _ window: TimeSpan) -> UInt64 {
    var first = 0
    var most = 0
    for (last, at) in rises.enumerated() {
      while at.elapsed(since: rises[first]) >= window { first += 1 }
      most = max(most, last - first + 1)
    }
    return UInt64(most)
  }
}
