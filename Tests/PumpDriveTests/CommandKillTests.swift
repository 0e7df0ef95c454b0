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

@Suite(
  "Killed at any write while people ask for something: done once, answered the same, nothing lost")
struct CommandKillTests {
  /// What is asked for, when, under which ticket.
  private struct Asked {
    var minute: UInt64
    var ticket: UInt64
    var command: Command
  }

  private static let by = Operator(user: 1_000, role: .clinician)

  private let settings: EngineSettings
  private let prescription: Prescription
  private let script: [Asked]

  init() throws {
    settings = try Fixture.settings()
    let step = settings.step
    func flow(_ perSecond: UInt64) throws -> FlowRate {
      try step.flow(ofStepsPerSecond: perSecond)
    }
    let bolus = try Bolus(
      volume: step.volume(ofSteps: 3_000), duration: TimeSpan(minutes: 5))
    prescription = Fixture.prescription(.continuous(try flow(1)))
    script = [
      Asked(minute: 2, ticket: 11, command: .bolus(bolus, isConfirmed: true)),
      Asked(minute: 3, ticket: 12, command: .bolus(bolus, isConfirmed: true)),
      Asked(minute: 9, ticket: 13, command: .acknowledge(.shortDelivery)),
      Asked(minute: 10, ticket: 14, command: .suspend),
      Asked(minute: 12, ticket: 15, command: .resume),
      Asked(
        minute: 14, ticket: 16,
        command: .adopt(
          Fixture.prescription(.continuous(try flow(2))), place: .zero, isConfirmed: true)),
      Asked(minute: 16, ticket: 17, command: .refill(Volume(microlitres: 30_000))),
      Asked(minute: 18, ticket: 18, command: .bolus(bolus, isConfirmed: true)),
      Asked(minute: 20, ticket: 19, command: .cancelBolus),
    ]
  }

  /// What a life told those who asked.
  private struct Told {
    var answers: [UInt64: Answered.Result] = [:]
    var asked: Set<UInt64> = []
    /// Whether the alarm was raised before the process died.
    var hasRaised = false
  }

  private func ask(_ asked: Asked, _ loop: inout TestLoop<DirectWire>) -> Answered.Result? {
    let now = loop.session.pump.loop.hardware.now
    loop.session.ask(Ordered(asked.command, ticket: asked.ticket, by: Self.by), at: now)
    let answer = loop.session.nextAnswer()
    loop.session.turn(at: now)
    return answer?.result
  }

  /// A life of twenty-five minutes, or until its store dies.
  private func live(
    _ store: consuming WitnessStore, _ witness: Witness
  ) throws -> (store: WitnessStore, told: Told) {
    var told = Told()
    var loop = Fixture.channels(
      settings, prescription, on: Fixture.watchedBench(witness),
      journal: try Journal(opening: store), wire: DirectWire())
    let opened = loop.open()
    let plan = try #require(opened)
    try? loop.begin(plan, place: .zero, at: .epoch)
    var next = 0
    for second in UInt64(1)...1_500 where !loop.session.records.journal.store.isDead {
      loop.run(until: .epoch + TimeSpan(seconds: second))
      if second == 8 * 60 {
        let now = loop.session.pump.loop.hardware.now
        loop.session.supervisor.raise(.shortDelivery, at: now)
        loop.session.supervisor.causeGone(.shortDelivery, at: now)
        loop.session.turn(at: now)
        told.hasRaised = true
      }
      while next < script.count, script[next].minute * 60 == second,
        !loop.session.records.journal.store.isDead
      {
        told.asked.insert(script[next].ticket)
        let result = ask(script[next], &loop)
        // What a process says after its death nobody hears.
        if !loop.session.records.journal.store.isDead { told.answers[script[next].ticket] = result }
        next += 1
      }
    }
    return (loop.session.records.journal.store, told)
  }

  private func entries(_ store: WitnessStore) throws -> [JournalEntry] {
    var journal = try Journal(opening: store.revived())
    return (journal.first..<journal.next).compactMap { journal.record($0)?.entry }
  }

  @Test("At every write, before it and after half of it")
  func everyWrite() throws {
    let whole = try live(WitnessStore(MemoryStore(slots: 1 << 10), Witness()), Witness())
    #expect(whole.told.answers.count == script.count)
    #expect(whole.told.answers[11] == .accepted && whole.told.answers[16] == .accepted)
    #expect(whole.told.answers[12] == .refused(.bolusInProgress))
    let writes = whole.store.writes.count
    #expect((60...200).contains(writes), "\(writes) writes")
    for write in 1...writes {
      for bytes in [0, JournalBlock.size / 2] { try kill(at: write, bytes) }
    }
  }

  private func kill(at write: Int, _ bytes: Int) throws {
    let place = "write \(write), \(bytes) bytes"
    let witness = Witness()
    var first = WitnessStore(MemoryStore(slots: 1 << 10), witness)
    first.diesAt = (write, bytes)
    let (dead, told) = try live(first, witness)
    guard dead.isDead else { return }
    let before = try entries(dead)
    let state = try Journal(opening: dead.revived()).state
    let made = UInt64(witness.rises.count)
    #expect(state.carried.certain <= made && made <= state.carried.highest, "\(place)")

    // The next life: everybody asks again under the same ticket.
    let second = Witness()
    var loop = Fixture.channels(
      settings, prescription, on: Fixture.watchedBench(second),
      journal: try Journal(opening: dead.revived()), wire: DirectWire())
    let opened = loop.open()
    let plan = try #require(opened)
    let stands = loop.session.supervisor.alarm(.shortDelivery).isStanding
    let isAcknowledged = before.contains(.event(.acknowledged(.shortDelivery)))
    let isRaised = before.contains(.event(.alarmRaised(.shortDelivery)))
    #expect(stands == (isRaised && !isAcknowledged), "\(place): the alarm")
    loop.run(until: .epoch + TimeSpan(seconds: 1))
    let now = loop.session.pump.loop.hardware.now
    try? loop.begin(plan, place: now.elapsed(since: .epoch), at: now)
    for asked in script where told.asked.contains(asked.ticket) {
      let wasWritten = before.contains { entry in
        if case .asked(asked.ticket, _, _, _) = entry { true } else { false }
      }
      let again = ask(asked, &loop)
      if let answer = told.answers[asked.ticket] {
        #expect(again == answer, "\(place): ticket \(asked.ticket)")
      } else if wasWritten {
        // Done or not: nobody heard, so it is not done again.
        let known = before.compactMap { entry -> Answered.Result? in
          if case .answered(asked.ticket, _, _, let result) = entry { result } else { nil }
        }.last
        #expect(again == known ?? .unknown, "\(place): ticket \(asked.ticket)")
      }
    }
    let after = try entries(loop.session.records.journal.store)
    for asked in script {
      let times = after.filter { entry in
        if case .asked(asked.ticket, _, _, _) = entry { true } else { false }
      }.count
      #expect(times <= 1, "\(place): ticket \(asked.ticket) was asked of the drive \(times) times")
    }
  }
}
