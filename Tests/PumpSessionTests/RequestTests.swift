import PumpJournal
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSession

@Suite("A request of somebody: in the journal first, done once, answered always")
struct RequestTests {
  private let scene = Scene()

  private func ordered(_ command: Command, ticket: UInt64 = 9, basis: UInt64? = nil) -> Ordered {
    Ordered(
      command, ticket: ticket, by: Operator(user: 1_000, role: .clinician), basis: basis)
  }

  private func later(_ now: Instant, _ milliseconds: UInt64) -> Instant {
    now + TimeSpan(milliseconds: milliseconds)
  }

  private var askedEntries: [JournalEntry] {
    scene.entries.filter { if case .asked = $0 { true } else { false } }
  }

  private var results: [Answered.Result] {
    scene.entries.compactMap {
      if case .answered(_, _, _, let result) = $0 { result } else { nil }
    }
  }

  @Test("The drive hears of it only when the journal has it, with who asked")
  func writtenAhead() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.answersJournal = false
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    for step in 1...20 { session.turn(at: later(now, UInt64(step) * 50)) }
    now = later(now, 1_000)
    #expect(scene.asked.isEmpty)
    #expect(
      askedEntries == [
        .asked(
          ticket: 9, .bolus, Volume(microlitres: 2).femtolitres,
          Operator(user: 1_000, role: .clinician))
      ])
    scene.recordAnswers.append(.kept(number: session.lastNumber, true))
    scene.answersJournal = true
    session.turn(at: now)
    #expect(scene.asked.count == 1)
    do {
      let isSo =
        session.nextAnswer()
        == Answered(
          ticket: 9, kind: .bolus, value: Volume(microlitres: 2).femtolitres, result: .accepted)
      #expect(isSo)
    }
    #expect(results == [.accepted])
  }

  @Test("What became of a request is told when the journal has it; to who asks again, too")
  func toldWhenWritten() throws {
    var session = try Pump.running(scene)
    let now = scene.now
    scene.answersDrive = false
    let bolus = ordered(.bolus(try Pump.bolus(), isConfirmed: true))
    session.ask(bolus, at: now)
    scene.answersJournal = false
    scene.driveAnswers.append(DriveAnswer(number: session.lastNumber, refusal: nil))
    session.turn(at: later(now, 50))
    #expect(results == [.accepted])
    let record = session.lastNumber
    session.ask(bolus, at: later(now, 60))
    var told = session.nextAnswer()
    #expect(told == nil, "a crash now would leave it unknown")
    // What delivers less is told before it is written, and before what waits.
    session.ask(ordered(.suspend, ticket: 10), at: later(now, 70))
    scene.driveAnswers.append(DriveAnswer(number: session.lastNumber, refusal: nil))
    session.turn(at: later(now, 80))
    told = session.nextAnswer()
    #expect(told?.kind == .suspend && told?.result == .accepted)
    told = session.nextAnswer()
    #expect(told == nil)
    scene.recordAnswers.append(.kept(number: record, true))
    session.turn(at: later(now, 90))
    for isRepeated in [false, true] {
      told = session.nextAnswer()
      #expect(told?.kind == .bolus && told?.result == .accepted)
      #expect(told?.isRepeated == isRepeated)
    }
    told = session.nextAnswer()
    #expect(told == nil)
  }

  @Test(
    "Where the journal says nothing for 5 s, can't keep it, or has no room, what was done is told all the same",
    arguments: ["silent", "failed", "no room"])
  func toldWithoutJournal(_ how: String) throws {
    var session = try Pump.running(scene)
    let now = scene.now
    scene.answersDrive = false
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    scene.answersJournal = how == "failed"
    scene.takes = how == "silent"
    scene.keeps = how != "no room"
    scene.driveAnswers.append(DriveAnswer(number: session.lastNumber, refusal: nil))
    session.turn(at: later(now, 50))
    if how == "silent" {
      session.turn(at: later(now, 5_049))
      let early = session.nextAnswer()
      #expect(early == nil)
      session.turn(at: later(now, 5_050))
    }
    let told = session.nextAnswer()
    #expect(told?.result == .accepted)
  }

  @Test("What the journal does not take is refused, and the drive never hears of it")
  func notWritten() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.takes = false
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    #expect(scene.asked.isEmpty)
    do {
      let isSo = session.nextAnswer()?.result == .refused(.journalFailed)
      #expect(isSo)
    }
    // And the next one finds the way free.
    scene.takes = true
    now = later(now, 50)
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true), ticket: 10), at: now)
    do {
      let isSo = session.nextAnswer()?.result == .accepted
      #expect(isSo)
    }
  }

  @Test("What finds no room on its way to the journal is refused, and keeps no other waiting")
  func noRoom() throws {
    var session = try Pump.running(scene)
    scene.keeps = false
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: scene.now)
    let refused = session.nextAnswer()
    #expect(refused?.result == .refused(.journalFailed) && scene.asked.isEmpty)
    scene.keeps = true
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true), ticket: 10), at: scene.now)
    let taken = session.nextAnswer()
    #expect(taken?.result == .accepted && scene.asked.count == 1)
  }

  @Test(
    "Less drug waits for no journal, no earlier request and no position",
    arguments: [Command.suspend, .cancelBolus, .stop])
  func less(command: Command) throws {
    var session = try Pump.running(scene)
    let now = scene.now
    scene.answersJournal = false
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true), ticket: 8), at: now)
    session.ask(ordered(command, basis: 3), at: now)
    do {
      let isSo =
        session.nextAnswer() == Answered(ticket: 9, kind: command.kind, value: 0, result: .accepted)
      #expect(isSo)
    }
    if command.kind == .stop {
      do {
        let isSo = scene.orders.contains(.stop) && session.isStopping
        #expect(isSo)
      }
    } else {
      #expect(scene.asked.map(\.command.kind) == [command.kind])
    }
  }

  @Test("The same ticket again is answered the same, and nothing is done twice")
  func again() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    for _ in 0..<3 {
      session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
      do {
        let isSo = session.nextAnswer()?.result == .accepted
        #expect(isSo)
      }
      now = later(now, 50)
    }
    #expect(scene.asked.count == 1 && askedEntries.count == 1)
    // A refusal is an answer as well.
    scene.refusal = .bolusInProgress
    for _ in 0..<2 {
      session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true), ticket: 10), at: now)
      do {
        let isSo = session.nextAnswer()?.result == .refused(.bolusInProgress)
        #expect(isSo)
      }
    }
    #expect(scene.asked.count == 2)
  }

  @Test(
    "A drive that does not answer leaves it unknown: told, alarmed, permitted, and not repeated")
  func unknown() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.answersDrive = false
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    session.turn(at: later(now, 1_999))
    do {
      let isSo = session.nextAnswer() == nil
      #expect(isSo)
    }
    session.turn(at: later(now, 2_000))
    do {
      let isSo = session.nextAnswer()?.result == .unknown
      #expect(isSo)
    }
    #expect(results == [.unknown])
    do {
      let isSo = session.supervisor.alarm(.deliveryUncertain).isStanding
      #expect(isSo)
    }
    now = later(now, 2_050)
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    do {
      let isSo = session.nextAnswer()?.result == .unknown
      #expect(isSo)
    }
    #expect(scene.asked.count == 1)
    // The way is free for others.
    scene.answersDrive = true
    session.ask(ordered(.cancelBolus, ticket: 11), at: now)
    do {
      let isSo = session.nextAnswer()?.result == .accepted
      #expect(isSo)
    }
  }

  @Test("A late answer waits for its own record, and the next request for its own")
  func lateAnswerBesideRequest() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.answersDrive = false
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    let first = session.lastNumber
    now = later(now, 2_000)
    session.turn(at: now)
    let unknown = session.nextAnswer()?.result
    #expect(unknown == .unknown)
    // Another request waits for the journal while the drive's answer to the first comes.
    scene.answersJournal = false
    session.ask(ordered(.acknowledge(.deliveryUncertain), ticket: 12), at: now)
    let second = session.lastNumber
    scene.driveAnswers.append(DriveAnswer(number: first, refusal: nil))
    now = later(now, 50)
    session.turn(at: now)
    let early = session.nextAnswer()
    #expect(early == nil, "its record is not written")
    scene.answersDrive = true
    scene.recordAnswers.append(.kept(number: second, true))
    session.turn(at: now)
    #expect(scene.asked.count == 2, "the drive hears of the second")
    let stillEarly = session.nextAnswer()
    #expect(stillEarly == nil)
    scene.recordAnswers.append(.kept(number: second + 1, true))
    session.turn(at: now)
    let told = session.nextAnswer()
    #expect(told?.ticket == 9 && told?.result == .accepted)
  }

  @Test("A request that is based on an older picture is refused; one that names none is not")
  func stale() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    let position = session.position
    #expect(position >= 7 << 32)
    session.supervisor.raise(.reservoirLow, at: now)
    session.turn(at: later(now, 50))
    now = later(now, 100)
    do {
      let isSo = session.position > position
      #expect(isSo)
    }
    session.ask(
      ordered(.bolus(try Pump.bolus(), isConfirmed: true), basis: position), at: now)
    do {
      let isSo = session.nextAnswer()?.result == .refused(.hasChanged)
      #expect(isSo)
    }
    #expect(scene.asked.isEmpty)
    session.ask(
      ordered(
        .bolus(try Pump.bolus(), isConfirmed: true), ticket: 10, basis: session.position),
      at: now)
    do {
      let isSo = session.nextAnswer()?.result == .accepted
      #expect(isSo)
    }
    // What was accepted is news by itself.
    session.ask(ordered(.resume, ticket: 11, basis: session.position - 1), at: now)
    do {
      let isSo = session.nextAnswer()?.result == .refused(.hasChanged)
      #expect(isSo)
    }
  }

  @Test("One request at a time; the second is told to come again")
  func one() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.answersDrive = false
    session.ask(ordered(.resume, ticket: 8), at: now)
    session.ask(ordered(.resume, ticket: 9), at: now)
    do {
      let isSo =
        session.nextAnswer()
        == Answered(ticket: 9, kind: .resume, value: 0, result: .refused(.commandInProgress))
      #expect(isSo)
    }
    scene.driveAnswers.append(
      DriveAnswer(number: session.lastNumber, refusal: .notPossible(in: .delivering)))
    now = later(now, 50)
    session.turn(at: now)
    do {
      let isSo = session.nextAnswer()?.result == .refused(.notPossible(in: .delivering))
      #expect(isSo)
    }
    // The one that was told to come again was not done, and is not remembered as if it had been.
    scene.answersDrive = true
    session.ask(ordered(.resume, ticket: 9), at: now)
    do {
      let isSo = session.nextAnswer()?.result == .accepted
      #expect(isSo)
    }
  }

  @Test("A command that the channel has no room for was never asked")
  func full() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.hasRoom = false
    let before = grant(&session, at: now)
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    do {
      let isSo = session.nextAnswer()?.result == .refused(.commandInProgress)
      #expect(isSo)
    }
    now = later(now, 0)
    do {
      let isSo = grant(&session, at: now) == before
      #expect(isSo)
    }
  }

  /// How many steps the session grants next.
  private func grant(_ session: inout SceneSession, at now: Instant) -> UInt64? {
    var latest: UInt64?
    for step in 0..<80 {
      session.turn(at: later(now, UInt64(step) * 1_000))
      for case .grant(let grant) in scene.orders { latest = grant.upTo }
    }
    return latest
  }

  @Test("What the drive refuses is not permitted, to the step")
  func takenBack() throws {
    let other = Scene()
    var session = try Pump.running(scene)
    var now = scene.now
    var control = try Pump.running(other)
    scene.refusal = .reservoirTooLow(.zero)
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    do {
      let isSo = session.nextAnswer()?.result == .refused(.reservoirTooLow(.zero))
      #expect(isSo)
    }
    for step in 1...200 {
      session.turn(at: later(now, UInt64(step) * 500))
      control.turn(at: later(now, UInt64(step) * 500))
    }
    now = later(now, 100_000)
    #expect(scene.orders == other.orders && !scene.orders.isEmpty)
  }

  @Test("A drive that is gone leaves what it was asked unknown, and refuses what it never heard of")
  func abandoned() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.answersDrive = false
    session.ask(ordered(.resume, ticket: 8), at: now)
    session.ask(ordered(.suspend, ticket: 9), at: now)
    now = later(now, 50)
    session.abandonRequests(at: now)
    do {
      let isSo =
        session.nextAnswer() == Answered(ticket: 9, kind: .suspend, value: 0, result: .unknown)
      #expect(isSo)
    }
    do {
      let isSo =
        session.nextAnswer() == Answered(ticket: 8, kind: .resume, value: 0, result: .unknown)
      #expect(isSo)
    }
    // What it had answered before it went was done.
    session.ask(ordered(.resume, ticket: 11), at: now)
    let number = scene.asked.last?.number ?? 0
    scene.driveAnswers.append(DriveAnswer(number: number, refusal: nil))
    session.abandonRequests(at: now)
    let answered = session.nextAnswer()
    #expect(answered?.ticket == 11 && answered?.result == .accepted)
    scene.answersJournal = false
    session.ask(ordered(.resume, ticket: 10), at: now)
    session.abandonRequests(at: now)
    do {
      let isSo = session.nextAnswer()?.result == .refused(.commandInProgress)
      #expect(isSo)
    }
  }

  @Test("An alarm that this channel knows is acknowledged though the drive knows none")
  func acknowledged() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    session.supervisor.raise(.shortDelivery, at: now)
    session.supervisor.causeGone(.shortDelivery, at: now)
    scene.refusal = .noSuchAlarm
    session.ask(ordered(.acknowledge(.shortDelivery)), at: now)
    do {
      let isSo = session.nextAnswer()?.result == .accepted
      #expect(isSo)
    }
    do {
      let isSo = !session.supervisor.alarm(.shortDelivery).isStanding
      #expect(isSo)
    }
    now = later(now, 50)
    session.ask(ordered(.acknowledge(.shortDelivery), ticket: 10), at: now)
    do {
      let isSo = session.nextAnswer()?.result == .refused(.noSuchAlarm)
      #expect(isSo)
    }
  }

  @Test("What was done is remembered however much is refused; of each sort the latest are known")
  func book() {
    var book = TicketBook()
    book.note(Answered(ticket: 1_000, kind: .bolus, value: 3, result: .accepted))
    book.note(Answered(ticket: 1_001, kind: .bolus, value: 3, result: .unknown))
    let many = UInt64(SessionRoom().otherTickets) + 5
    for ticket in 1...many {
      book.note(Answered(ticket: ticket, kind: .bolus, value: 3, result: .refused(.overfilled)))
    }
    #expect(book[5] == nil && book[6]?.ticket == 6 && book[many]?.ticket == many)
    #expect(book[1_000]?.result == .accepted && book[1_001]?.result == .unknown)
    book.note(Answered(ticket: 1_001, kind: .bolus, value: 3, result: .accepted))
    for ticket in 2_000..<UInt64(2_000 + SessionRoom().tickets - 2) {
      book.note(Answered(ticket: ticket, kind: .resume, value: 0, result: .accepted))
    }
    #expect(book[1_001]?.result == .accepted && book[1_000] != nil, "a second word takes no place")
    book.note(Answered(ticket: 9_000, kind: .resume, value: 0, result: .accepted))
    #expect(book[1_000] == nil)
  }

  @Test("A ticket names one request: another one under it is refused, and nothing is done")
  func bound() throws {
    var session = try Pump.running(scene)
    let now = scene.now
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    let first = session.nextAnswer()
    #expect(first?.result == .accepted && first?.isRepeated == false)
    let other = try Bolus(volume: Volume(microlitres: 3), duration: TimeSpan(minutes: 5))
    for command in [Command.suspend, .stop, .bolus(other, isConfirmed: true)] {
      session.ask(ordered(command), at: now)
      let answer = session.nextAnswer()
      #expect(answer?.result == .refused(.ticketUsed) && answer?.kind == command.kind)
    }
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    let again = session.nextAnswer()
    #expect(again?.result == .accepted && again?.isRepeated == true)
    let stops = session.isStopping
    #expect(scene.asked.count == 1 && !stops)
  }

  @Test("A hold is asked for though a cancel is under way, and an end whatever is")
  func urgency() throws {
    var session = try Pump.running(scene)
    let now = scene.now
    scene.answersDrive = false
    session.ask(ordered(.cancelBolus, ticket: 1), at: now)
    session.ask(ordered(.cancelBolus, ticket: 2), at: now)
    let second = session.nextAnswer()
    #expect(second?.result == .refused(.commandInProgress))
    session.ask(ordered(.suspend, ticket: 3), at: now)
    session.ask(ordered(.suspend, ticket: 4), at: now)
    let fourth = session.nextAnswer()
    #expect(fourth?.ticket == 4 && fourth?.result == .refused(.commandInProgress))
    session.ask(ordered(.stop, ticket: 5), at: now)
    let fifth = session.nextAnswer()
    #expect(fifth?.result == .accepted)
    #expect(scene.asked.map(\.command.kind) == [.cancelBolus, .suspend])
  }

  @Test("A refused cancel takes back nothing that was permitted meanwhile")
  func interleaved() throws {
    let other = Scene()
    var session = try Pump.running(scene)
    var control = try Pump.running(other)
    let now = scene.now
    scene.answersDrive = false
    session.ask(ordered(.cancelBolus, ticket: 1), at: now)
    let cancel = session.lastNumber
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true), ticket: 2), at: now)
    control.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true), ticket: 2), at: now)
    scene.driveAnswers = [
      DriveAnswer(number: cancel, refusal: .noBolusInProgress),
      DriveAnswer(number: session.lastNumber, refusal: nil),
    ]
    for step in 1...600 {
      session.turn(at: later(now, UInt64(step) * 500))
      control.turn(at: later(now, UInt64(step) * 500))
    }
    func most(_ scene: Scene) -> UInt64 {
      scene.orders.reduce(0) { most, order in
        if case .grant(let grant) = order { max(most, grant.upTo) } else { most }
      }
    }
    #expect(most(scene) == most(other) && most(scene) > 12_000)
  }

  @Test("A refused bolus leaves a hold that came meanwhile a hold: nothing is permitted any more")
  func heldMeanwhile() throws {
    var session = try Pump.running(scene)
    let now = scene.now
    scene.answersDrive = false
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true), ticket: 1), at: now)
    let bolus = session.lastNumber
    session.ask(ordered(.suspend, ticket: 2), at: now)
    scene.driveAnswers = [
      DriveAnswer(number: session.lastNumber, refusal: nil),
      DriveAnswer(number: bolus, refusal: .notPossible(in: .suspended)),
    ]
    session.turn(at: now)
    scene.orders = []
    for step in 1...600 { session.turn(at: later(now, UInt64(step) * 1_000)) }
    let delivers = session.supervisor.isDelivering
    #expect(!delivers)
    for case .grant(let grant) in scene.orders { #expect(grant.upTo <= 120, "\(grant)") }
  }

  @Test("What the journal has not taken in five seconds is refused, and is not done when it has")
  func hungJournal() throws {
    var session = try Pump.running(scene)
    let now = scene.now
    scene.answersJournal = false
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    let number = session.lastNumber
    session.turn(at: later(now, 4_999))
    let early = session.nextAnswer()
    #expect(early == nil)
    session.turn(at: later(now, 5_000))
    let answer = session.nextAnswer()
    #expect(answer?.result == .refused(.journalFailed))
    scene.recordAnswers.append(.kept(number: number, true))
    session.turn(at: later(now, 5_050))
    #expect(scene.asked.isEmpty)
  }

  @Test("An answer that comes late is heard, and is the ticket's from then on")
  func late() throws {
    var session = try Pump.running(scene)
    let now = scene.now
    scene.answersDrive = false
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: now)
    session.turn(at: later(now, 2_000))
    let unknown = session.nextAnswer()
    #expect(unknown?.result == .unknown)
    scene.driveAnswers.append(DriveAnswer(number: session.lastNumber, refusal: nil))
    session.turn(at: later(now, 9_000))
    let known = session.nextAnswer()
    #expect(known?.result == .accepted && known?.isRepeated == false)
    #expect(results == [.unknown, .accepted])
    session.ask(ordered(.bolus(try Pump.bolus(), isConfirmed: true)), at: later(now, 9_050))
    let again = session.nextAnswer()
    #expect(again?.result == .accepted && scene.asked.count == 1)
  }

  @Test(
    "A therapy that delivers nothing by itself is changed to one that does, and that is granted")
  func fromNothing() throws {
    var session = SceneSession(
      pump: SceneDrive(scene: scene),
      supervisor: Supervisor(
        settings: try Pump.settings(),
        prescription: Prescription(
          therapy: .stopped, concentration: Concentration(microgramsPerMillilitre: 500)),
        start: .epoch),
      records: SceneRecords(scene: scene))
    var now = Instant.epoch
    for _ in 0..<40 {
      session.turn(at: now)
      now = later(now, 50)
    }
    session.begin(Beginning(at: now, place: .zero), at: now)
    session.turn(at: now)
    session.ask(
      ordered(.adopt(try Pump.prescription(), place: .zero, isConfirmed: true)), at: now)
    let answer = session.nextAnswer()
    #expect(answer?.result == .accepted)
    for step in 1...20 { session.turn(at: later(now, UInt64(step) * 1_000)) }
    let granted = scene.orders.contains { order in
      if case .grant(let grant) = order { grant.upTo > 0 } else { false }
    }
    #expect(granted)
  }
}
