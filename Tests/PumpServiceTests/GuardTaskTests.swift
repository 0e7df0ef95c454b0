import PumpDrive
import PumpHAL
import PumpJournal
import PumpLinux
import PumpMessages
import PumpPlan
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

@Suite("The supervisor's thread, turn by turn: orders, clients, news, the drive's end")
struct GuardTaskTests {
  private static func flow(_ microlitresPerDay: UInt64) throws -> FlowRate {
    try FlowRate(delivering: Volume(microlitres: microlitresPerDay), over: .day)
  }

  @Test("A start reaches the drive and the journal, with all that the run was opened with")
  func starts() throws {
    let bolus = try Bolus(volume: Volume(microlitres: 2), duration: TimeSpan(minutes: 2))
    var plain = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240))))
    let before = plain.channel.startOrder() == nil
    plain.begin(place: .hour)
    let order = plain.channel.startOrder()
    #expect(before && order?.place == .hour && !plain.channel.startsHeld)
    #expect(plain.commanded == [.begin])

    var resumed = try GuardRig.make(
      .init(therapy: .continuous(try Self.flow(240)), bolus: bolus, isResumed: true))
    resumed.begin()
    #expect(resumed.commanded == [.resume, .begin, .bolus])

    var held = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240)), isHeld: true))
    held.begin()
    #expect(held.channel.startsHeld && held.commanded == [.begin, .suspend])

    var fallen = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240)), fallsBack: true))
    fallen.begin()
    let orders = fallen.channel.orders()
    let lowest = fallen.session.supervisor.fallBackFlow
    let prescribed = try Self.flow(240)
    #expect(orders?.fallBack == lowest && lowest < prescribed)
    let none = plain.channel.orders()?.fallBack
    #expect(none == nil)
  }

  @Test("A second order to stop changes nothing, and the journal has one")
  func stopsOnce() throws {
    var rig = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240))))
    rig.begin()
    rig.rings.orders.writer.put(.stop)
    rig.rings.orders.writer.put(.stop)
    rig.turn()
    rig.rings.orders.writer.put(.stop)
    rig.run(until: 4_000)
    let stops = rig.channel.orders()?.stops
    #expect(stops == true && rig.commanded.filter { $0 == .stop }.count == 1)
  }

  @Test("A drive that does not end is killed 12 s after it was told to, and not before")
  func killsLate() throws {
    var rig = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240))))
    rig.begin()
    rig.rings.orders.writer.put(.stop)
    let told = rig.milliseconds
    rig.run(until: told + 12_000)
    #expect(rig.child.kills == 0)
    rig.run(until: told + 12_100)
    #expect(rig.child.kills > 0)
    var running = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240))))
    running.begin()
    running.run(until: 60_000)
    #expect(running.child.kills == 0, "nobody told it to stop")
  }

  @Test(
    "A drive that rests because it was told to, or tripped, is granted nothing more; one that pauses is",
    arguments: 0..<3)
  func rests(why: Int) throws {
    var rig = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240))))
    rig.begin()
    let before = rig.session.supervisor.isDelivering
    if why == 0 { rig.rings.orders.writer.put(.stop) }
    rig.report?.isDelivering = false
    rig.report?.isTripped = why == 1
    rig.run(until: 5_000)
    let after = rig.session.supervisor.isDelivering
    #expect(before && after == (why == 2))
  }

  @Test("An alarm that the operator acknowledges stands no longer")
  func acknowledges() throws {
    var rig = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240))))
    rig.session.supervisor.raise(.reservoirMismatch, at: .epoch)
    rig.session.supervisor.causeGone(.reservoirMismatch, at: .epoch)
    rig.begin()
    let stood = rig.session.supervisor.alarm(.reservoirMismatch).isStanding
    rig.rings.orders.writer.put(.acknowledge(.reservoirMismatch))
    rig.turn()
    // The drive has not heard of it, and says so.
    if let asked = rig.commands.take() {
      rig.answers.writer.put(DriveAnswer(number: asked.number, refusal: .noSuchAlarm))
    }
    rig.run(until: 4_000)
    let stands = rig.session.supervisor.alarm(.reservoirMismatch).isStanding
    #expect(stood && !stands && rig.commanded.contains(.acknowledge))
  }

  @Test("What a client asks for is answered under its ticket, once, and the status follows at once")
  func clients() throws {
    var rig = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240))))
    rig.begin()
    let clinician = Operator(user: 1_000, role: .clinician)
    rig.rings.requests.writer.put(
      ClientRequest(ticket: 7, by: clinician, basis: nil, words: CommandWords(.suspend)))
    rig.turn()
    let asked = try #require(rig.commands.take())
    #expect(asked.words.kind == .suspend && rig.told.isEmpty)
    rig.answers.writer.put(DriveAnswer(number: asked.number, refusal: nil))
    let statuses = rig.statuses.count
    rig.turn()
    #expect(rig.told.map(\.ticket) == [7] && rig.told.first?.result == .accepted)
    #expect(rig.statuses.count == statuses + 1, "the status comes with the answer")
    #expect(rig.entries.contains(.asked(ticket: 7, .suspend, 0, clinician)))
    // The same again is answered, and the drive is asked nothing.
    rig.rings.requests.writer.put(
      ClientRequest(ticket: 7, by: clinician, basis: nil, words: CommandWords(.suspend)))
    rig.turn()
    let second = rig.commands.take()
    #expect(second == nil && rig.told.map(\.isRepeated) == [false, true])
    // What the program asks for itself is no client's business.
    rig.rings.orders.writer.put(.stop)
    rig.turn()
    #expect(rig.told.count == 2)
  }

  @Test("Without news the status is told ten times a second")
  func statuses() throws {
    var rig = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240))))
    rig.begin()
    let before = rig.statuses.count
    rig.run(until: rig.milliseconds + 10_000)
    #expect(rig.statuses.count - before == 100)
  }

  @Test("Each part of the self-test and each event is told, though nobody listened for a while")
  func tellsEvents() throws {
    var rig = try GuardRig.make(.init(messageSlots: 4))
    rig.fetchesMessages = false
    rig.run(until: 2_000)
    #expect(rig.messages.isEmpty)
    rig.fetchesMessages = true
    rig.run(until: 4_000)
    var events: [PumpEvent] = []
    for case .event(let timed) in rig.messages { events.append(timed.event) }
    let parts = SelfTestPart.allCases.map { PumpEvent.tested($0, passed: true) }
    #expect(parts.allSatisfy { events.contains($0) }, "\(events)")
    #expect(events.count == rig.session.supervisor.eventCount, "each once")
    var tested: [SelfTestPart] = []
    for case .tested(let part, passed: true) in rig.news { tested.append(part) }
    #expect(tested == Array(SelfTestPart.allCases))
  }

  @Test("What watches the supervisor is kicked once a second; that it can't be is an alarm")
  func kicksSystem() throws {
    var rig = try GuardRig.make()
    rig.run(until: 10_000)
    let isProven = !rig.session.supervisor.alarm(.watchdogUnproven).isStanding
    #expect(rig.lines.systemKicks == 10 && isProven)
    rig.lines.failsToKickSystem = true
    rig.run(until: 11_000)
    let isUnproven = rig.session.supervisor.alarm(.watchdogUnproven).isStanding
    #expect(isUnproven)
  }

  @Test("That a time service keeps the clock is journaled once, and where it was known not again")
  func clockKept() throws {
    for (isKnown, isSynchronised) in [(true, true), (false, true), (false, false)] {
      var rig = try GuardRig.make(.init(isClockKept: isKnown, isSynchronised: isSynchronised))
      rig.run(until: 5_000)
      let told = rig.entries.filter { $0 == .event(.wallClockKept) }.count
      #expect(told == (!isKnown && isSynchronised ? 1 : 0), "\(isKnown), \(isSynchronised)")
    }
  }

  /// What was said of the pump's being ready.
  private func readiness(_ rig: borrowing GuardRig) -> [String] {
    rig.news.compactMap {
      switch $0 {
      case .ready(let alarm): "ready \(alarm.map { "\($0)" } ?? "")"
      case .waits(let alarm): "waits \(alarm)"
      default: nil
      }
    }
  }

  @Test(
    "A pump is ready when its self-test is over, says so once, and says where it waits for somebody"
  )
  func ready() throws {
    var plain = try GuardRig.make()
    plain.run(until: 3_000)
    #expect(readiness(plain) == ["ready "])

    var waiting = try GuardRig.make(.init(trip: .overDelivery))
    waiting.run(until: 3_000)
    #expect(readiness(waiting) == ["waits overDelivery"])
    waiting.rings.orders.writer.put(.acknowledge(.overDelivery))
    waiting.run(until: 4_000)
    #expect(readiness(waiting) == ["waits overDelivery", "ready "])

    var cut = try GuardRig.make()
    cut.session.supervisor.lost(at: .epoch)
    cut.run(until: 3_000)
    #expect(readiness(cut) == ["ready deviceLost"])
  }

  @Test(
    "The end: the books as the lines counted them, the session's end, and ENABLE taken or said not to be",
    arguments: [false, true])
  func ends(failsToHold: Bool) throws {
    var rig = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240))))
    rig.begin()
    for _ in 0..<5 {
      rig.channel.count(.begun)
      rig.channel.count(.made)
    }
    rig.channel.count(.begun)
    rig.report?.missed = 3
    rig.turn()
    rig.rings.orders.writer.put(.stop)
    rig.turn()
    rig.channel.leave(
      DriveEnding(
        outcome: try Self.outcome(), processorTime: .zero, elapsed: .zero, lostMessages: 0,
        isRecordWhole: true))
    rig.child.ending = .exited(0)
    rig.turn()
    rig.lines.failsToHold = failsToHold
    rig.finish()
    guard case .driveEnded(.exited(0), let isReleased, let certain, let uncertain)? = rig.news.last
    else {
      Issue.record("\(rig.news)")
      return
    }
    #expect(isReleased == !failsToHold && certain == 5 && uncertain == 1)
    let books = StepCounts(certain: 5, uncertain: 1, missed: 3)
    let grant = rig.entries.last {
      if case .grant = $0 { true } else { false }
    }
    guard case .grant(books, upTo: 6, _)? = grant else {
      Issue.record("\(String(describing: grant))")
      return
    }
    #expect(rig.entries.last == .event(.ended) && rig.isClosed)
    let isLost = rig.session.supervisor.alarm(.deviceLost).isStanding
    #expect(isLost == failsToHold)
  }

  @Test("What the drive refused at its beginning is in the journal: the therapy, or its bolus")
  func tellsRefusal() throws {
    for (refusedBolus, kind) in [(false, CommandKind.begin), (true, .bolus)] {
      var rig = try GuardRig.make(.init(therapy: .continuous(try Self.flow(240))))
      rig.begin()
      var outcome = try Self.outcome()
      outcome.refusal = .beyondMotor
      outcome.refusedBolus = refusedBolus
      rig.channel.leave(
        DriveEnding(
          outcome: outcome, processorTime: .zero, elapsed: .zero, lostMessages: 0,
          isRecordWhole: true))
      rig.child.ending = .exited(0)
      rig.turn()
      rig.finish()
      #expect(rig.entries.contains(.command(kind, 0, isAccepted: false)))
    }
  }

  private static func outcome() throws -> RunOutcome {
    let step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1)
    let status = PumpStatus(
      ofDeadDrive: DeliveryLedger(), because: .driveSilent, step: step, reservoir: .zero)
    return RunOutcome(
      status: status, held: .epoch, end: .epoch, refusal: nil, isAtRest: true)
  }
}
