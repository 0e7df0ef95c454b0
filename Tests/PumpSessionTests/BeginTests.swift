import PumpHAL
import PumpJournal
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSession

@Suite("What a session begins with is permitted, journaled and told, each exactly once")
struct BeginTests {
  private let scene = Scene()

  private var suspensions: Int {
    scene.entries.count { $0 == .command(.suspend, 0, isAccepted: true) }
  }

  /// The steps that a session grants in its first two minutes.
  private func granted(_ beginning: Beginning, _ scene: Scene) throws -> UInt64 {
    var session = try Pump.session(scene)
    var now = beginning.at
    session.begin(beginning, at: now)
    for _ in 0..<240 {
      session.turn(at: now)
      now = now + TimeSpan(milliseconds: 500)
    }
    return scene.orders.reduce(0) { most, order in
      if case .grant(let grant) = order { max(most, grant.upTo) } else { most }
    }
  }

  @Test("A bolus that begins with the therapy is permitted by this channel, and without one is not")
  func bolus() throws {
    let other = Scene()
    let basal = try granted(Beginning(at: .epoch, place: .zero), other)
    let both = try granted(Beginning(at: .epoch, place: .zero, bolus: try Pump.bolus()), scene)
    // 2 uL over 5 min are 12,800 steps, 42.67 a second; the last renewal reaches past two minutes.
    #expect(both > basal + 5_000, "\(both) and \(basal)")
    #expect(both < basal + 12_800, "\(both) and \(basal)")
  }

  @Test("What begins held is told, journaled as a suspension, and grants nothing but its own slack")
  func held() throws {
    var beginning = Beginning(at: .epoch, place: .zero)
    let basal = try granted(beginning, Scene())
    beginning.isHeld = true
    let held = try granted(beginning, scene)
    #expect(held < basal)
    #expect(suspensions == 1 && scene.beginnings.map(\.isHeld) == [true])
    let alarm = scene.entries.contains(.event(.alarmRaised(.stoppedLong)))
    #expect(alarm)
    let other = Scene()
    _ = try granted(Beginning(at: .epoch, place: .zero), other)
    let told = other.entries.contains(.command(.suspend, 0, isAccepted: true))
    #expect(!told && other.beginnings.map(\.isHeld) == [false])
  }

  /// A journal that ended with a kill, or with a trip, an hour ago.
  private func plan(_ entries: [JournalEntry], wish: SessionWish, wait: TimeSpan = .hour) throws
    -> SessionPlan
  {
    var state = JournalState()
    let binding = JournalBinding(step: wish.step, concentration: wish.concentration)
    var all: [JournalEntry] = [
      .opened(boot: 7, clock: .zero, servedSince: .epoch, binding), .event(.refilled(wish.filled)),
      .command(.begin, 0, isAccepted: true),
    ]
    all += entries
    for (sequence, entry) in all.enumerated() {
      let session: UInt32 = state.session + (sequence == 0 ? 1 : 0)
      state.take(
        JournalRecord(
          sequence: UInt64(sequence), session: session, at: .epoch, wallSeconds: 1_800_000_000,
          entry: entry))
    }
    let clocks = SystemClocks(
      boot: 7, elapsed: wait, wallSeconds: 1_800_003_600, isSynchronised: true)
    return try SessionPlan(state, binding: binding, wish, clocks)
  }

  private func wish() throws -> SessionWish {
    let settings = try Pump.settings()
    return SessionWish(
      step: settings.step, concentration: Concentration(microgramsPerMillilitre: 500),
      filled: settings.reservoir.filled)
  }

  @Test("A start after a kill says for how long nothing ran, and what is uncertain stands")
  func afterKill() throws {
    var session = try Pump.session(scene)
    let plan = try plan(
      [.grant(StepCounts(certain: 100), upTo: 150, until: .epoch + .hour)], wish: try wish())
    session.open(plan, SessionMemory())
    session.turn(at: plan.opened)
    let told = scene.entries.contains { entry in
      if case .event(.restarted(let span, let uncertain)) = entry {
        span == .hour && uncertain == 50
      } else {
        false
      }
    }
    #expect(told)
    do {
      let isSo = session.supervisor.alarm(.deliveryUncertain).isStanding
      #expect(isSo)
    }
  }

  @Test("An alarm that stands from before keeps the cause that this session has found already")
  func causeFound() throws {
    for isFound in [true, false] {
      let scene = Scene()
      var session = try Pump.session(scene)
      let plan = try plan(
        [
          .event(.alarmRaised(.journalFailed)), .event(.alarmCauseGone(.journalFailed)),
          .grant(StepCounts(certain: 100), upTo: 100, until: .epoch), .event(.ended),
        ], wish: try wish())
      if isFound { session.supervisor.raise(.journalFailed, at: plan.opened) }
      session.open(plan, SessionMemory())
      let alarm = session.supervisor.alarm(.journalFailed)
      #expect(alarm.isStanding && alarm.isCausePresent == isFound)
    }
  }

  @Test("A trip stands in the way though the journal has lost that its alarm was raised")
  func tripWithoutAlarm() throws {
    var session = try Pump.session(scene)
    let plan = try plan(
      [
        .event(.tripped(.motorStalled)), .grant(StepCounts(certain: 100), upTo: 100, until: .epoch),
      ],
      wish: try wish())
    session.open(plan, SessionMemory())
    session.turn(at: plan.opened)
    let obstacle = session.obstacle
    #expect(obstacle == .motorStalled)
  }

  @Test(
    "What an earlier session gave in the last hour counts in this one's sum, and older doses do not"
  )
  func earlierDoses() throws {
    let wish = try wish()
    let binding = JournalBinding(step: wish.step, concentration: wish.concentration)
    // 4 µL in steps of 0.15625 nL; the therapy gives 6 µL an hour, the bolus 2 µL, and 5 µg are 10 µL.
    for (minutes, expected) in [
      (UInt64(10), Answered.Result.refused(.doseLimit(.hour))), (90, .accepted),
    ] {
      var journal = Journal(blank: MemoryStore(slots: 16))
      let entries: [JournalEntry] = [
        .opened(boot: 7, clock: .zero, servedSince: .epoch, binding),
        .event(.refilled(wish.filled)), .command(.begin, 0, isAccepted: true),
        .grant(StepCounts(), upTo: 30_000, until: .epoch),
        .grant(StepCounts(certain: 25_600), upTo: 25_600, until: .epoch), .event(.ended),
      ]
      for entry in entries { journal.append(entry, at: .epoch, wallSeconds: 1_800_000_000) }
      let clocks = SystemClocks(
        boot: 7, elapsed: TimeSpan(minutes: minutes),
        wallSeconds: 1_800_000_000 + Int64(minutes) * 60, isSynchronised: true)
      let plan = try SessionPlan(journal.state, binding: binding, wish, clocks)
      let scene = Scene()
      var session = try Pump.session(scene, perHour: Mass(femtograms: 5_000_000_000))
      session.open(plan, SessionMemory(&journal, by: plan.opened, as: binding))
      var now = plan.opened
      while session.supervisor.isTesting {
        session.turn(at: now)
        now = now + TimeSpan(milliseconds: 50)
      }
      session.begin(Beginning(at: now, place: .zero), at: now)
      session.ask(
        Ordered(
          .bolus(try Pump.bolus(), isConfirmed: true), ticket: 5,
          by: Operator(user: 1, role: .clinician)), at: now)
      for _ in 0..<4 {
        now = now + TimeSpan(milliseconds: 50)
        session.turn(at: now)
      }
      let answer = session.nextAnswer()
      #expect(answer?.result == expected, "\(minutes) min later")
    }
  }

  @Test("Somebody who suspends while a trip keeps the therapy waiting lets it begin held")
  func suspendedWhileWaiting() throws {
    var session = try Pump.session(scene)
    let plan = try plan(
      [
        .event(.alarmRaised(.motorStalled)), .event(.tripped(.motorStalled)),
        .grant(StepCounts(certain: 100), upTo: 100, until: .epoch), .event(.ended),
      ], wish: try wish())
    session.open(plan, SessionMemory())
    var now = plan.opened
    session.turn(at: now)
    let obstacle = session.obstacle
    #expect(obstacle == .motorStalled)
    session.ask(Ordered(.suspend, ticket: 5, by: Operator(user: 1, role: .clinician)), at: now)
    let answer = session.nextAnswer()
    #expect(answer?.result == .accepted && scene.asked.isEmpty)
    now = now + TimeSpan(seconds: 1)
    session.begin(Beginning(at: now, place: .zero), at: now)
    #expect(scene.beginnings.map(\.isHeld) == [true])
  }
}
