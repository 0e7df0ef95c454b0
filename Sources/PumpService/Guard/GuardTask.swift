import PumpDrive
package import PumpHAL
import PumpJournal
package import PumpLinux
package import PumpMessages
import PumpSafety
package import PumpSession
package import PumpTherapy
package import PumpUnits

/// What the rest of the program wants of the supervisor's thread.
package enum GuardOrder: BitwiseCopyable, Sendable {
  /// Let the drive begin.
  case start(at: Instant, place: TimeSpan)
  /// Hold the therapy and end the session.
  case stop
  /// An alarm was noticed.
  case acknowledge(Alarm)
}

/// A request of a client on its way to the supervisor's thread.
package struct ClientRequest: BitwiseCopyable, Sendable {
  package var ticket: UInt64
  package var by: Operator
  /// What the client had looked at; `nil` where that does not matter.
  package var basis: UInt64?
  package var words: CommandWords
}

/// How the supervisor's session stands, for the rest of the program.
package enum GuardNews: BitwiseCopyable, Sendable {
  case tested(SelfTestPart, passed: Bool)
  /// The journal's file was taken from its name.
  case journalMisplaced(JournalPlace)
  /// Nothing begins before somebody has acknowledged this.
  case waits(Alarm)
  /// The self-test is over; with why the pump may not begin, if it may not.
  case ready(Alarm?)
  /// The drive's process is gone; ENABLE reads back as released, or does not.
  /// With its session's steps as they are booked.
  case driveEnded(ChildProcess.End, isReleased: Bool, certain: UInt64, uncertain: UInt64)
}

/// The drive's process, as its supervisor needs it.
package protocol DriveChild: Sendable {
  /// Ends it at once.
  func kill()

  /// How it ended; `nil` while it lives.
  func end() -> ChildProcess.End?
}

extension ChildProcess: DriveChild {}

/// The supervisor's thread: owns ENABLE, alarms and watchdogs, and permits steps.
///
/// It performs no file I/O: records go to the journal's thread, and a grant reaches the drive only when
/// that has written it.
package final class GuardTask<Bench: GuardBench & ~Copyable>: RealTimeTask, @unchecked Sendable {
  package struct Rings: Sendable {
    package let orders: SlotRing<GuardOrder>
    package let news: SlotRing<GuardNews>
    package let messages: RunRing
    package let toJournal: SlotRing<JournalOrder>
    package let requests: SlotRing<ClientRequest>
    package let prescriptions: PrescriptionTable
    package let toClients: ClientRings
  }

  typealias Session = PumpSession<ChannelDrive<Bench>, ChannelRecords>

  private let channel: Channel
  private let rings: Rings
  private let clock: PacedClock
  private let child: any DriveChild
  private let bolus: Bolus?
  private let fallsBack: Bool
  private let isResumed: Bool
  /// Whether the therapy was held back when the last session broke off.
  private let isHeld: Bool
  /// Whether the journal knows that a time service keeps the wall clock.
  private var isClockKept: Bool
  /// Whether a time service keeps it by now.
  private let isSynchronised: () -> Bool
  private var session: PumpSession<ChannelDrive<Bench>, ChannelRecords>?

  // The thread's own.
  private var isReady = false
  private var isWaiting = false
  private var stopBy = Instant.never
  private var end: ChildProcess.End?
  private var shown = 0
  private var nextSystemKick = Instant.epoch
  private var nextStatus = Instant.epoch

  package init(
    session: consuming PumpSession<ChannelDrive<Bench>, ChannelRecords>, channel: Channel,
    rings: Rings, clock: borrowing PacedClock, child: any DriveChild, bolus: Bolus?,
    fallsBack: Bool, isResumed: Bool, isHeld: Bool, isClockKept: Bool,
    isSynchronised: @escaping () -> Bool = { SystemStart.isWallClockSynchronised }
  ) {
    self.session = consume session
    self.channel = channel
    self.rings = rings
    self.clock = clock.copy
    self.child = child
    self.bolus = bolus
    self.fallsBack = fallsBack
    self.isResumed = isResumed
    self.isHeld = isHeld
    self.isClockKept = isClockKept
    self.isSynchronised = isSynchronised
  }

  package func carryOut(without denials: [RealTimeThread.Denial]) {
    guard var session = session.take() else { return }
    for denial in denials { rings.messages.writer.put(.denied(denial)) }
    channel.superviseWhile {
      while end == nil {
        let heard = channel.bell
        session.pump.look()
        let now = clock.read()
        turn(&session, at: now)
        let next = min(session.deadline, now + session.supervisor.settings.poll)
        channel.waitForBell(after: heard, until: clock.monotonic(at: max(next, now)))
      }
    }
    finish(&session)
  }

  func turn(_ session: inout Session, at now: Instant) {
    channel.supervise()
    takeOrders(&session, at: now)
    session.turn(at: now)
    serveClients(&session, at: now)
    show(session.supervisor)
    watchSystem(&session, at: now)
    watchTest(session)
    watchChild(&session, at: now)
  }

  private func takeOrders(_ session: inout Session, at now: Instant) {
    while let order = rings.orders.take() {
      switch order {
      case .start(let first, let place):
        var beginning = Beginning(
          at: first, place: place, bolus: bolus,
          fallBack: fallsBack ? session.supervisor.fallBackFlow : nil)
        beginning.isHeld = isHeld
        session.begin(beginning, isResumed: isResumed, at: now)
      case .stop:
        guard !session.isStopping else { continue }
        session.ask(Ordered(.stop), at: now)
      case .acknowledge(let alarm): session.ask(Ordered(.acknowledge(alarm)), at: now)
      }
    }
  }

  /// Passes on what clients ask for, and tells them what became of it and how the pump is.
  private func serveClients(_ session: inout Session, at now: Instant) {
    var isNews = false
    while let request = rings.requests.take() {
      let adopted = rings.prescriptions.take(request.ticket)
      guard let command = request.words.command(adopting: adopted) else { continue }
      session.ask(
        Ordered(command, ticket: request.ticket, by: request.by, basis: request.basis), at: now)
      isNews = tellAnswers(&session) || isNews
    }
    isNews = tellAnswers(&session) || isNews
    guard isNews || now >= nextStatus else { return }
    // The drive's own word of what it has just done comes a moment later.
    nextStatus = now + TimeSpan(milliseconds: isNews ? 30 : 100)
    rings.toClients.tell(session.status(at: now))
  }

  /// Passes on what became of requests.
  ///
  /// - Returns: Whether there was anything.
  private func tellAnswers(_ session: inout Session) -> Bool {
    var isNews = false
    while let answered = session.nextAnswer() {
      isNews = true
      guard answered.ticket != 0 else { continue }
      rings.toClients.answers.writer.put(answered)
    }
    return isNews
  }

  /// A drive that has not ended so long after it was told to is ended.
  private static var longestStop: TimeSpan { TimeSpan(seconds: 12) }

  /// Passes the supervisor's events to the display, each as there is room.
  private func show(_ supervisor: borrowing Supervisor) {
    while shown < supervisor.eventCount {
      if let event = supervisor.event(shown) {
        guard rings.messages.writer.put(.event(event)) else { break }
        if case .tested(let part, let passed) = event.event {
          rings.news.writer.put(.tested(part, passed: passed))
        }
      }
      shown += 1
    }
  }

  /// Kicks what watches the supervisor itself, and looks whether the wall clock can be believed by now.
  private func watchSystem(_ session: inout Session, at now: Instant) {
    guard now >= nextSystemKick else { return }
    nextSystemKick = now + TimeSpan(seconds: 1)
    ServiceManager.tell("WATCHDOG=1")
    if (try? session.pump.bench.kickSystem()) == nil {
      session.supervisor.raise(.watchdogUnproven, at: now)
    }
    guard !isClockKept, isSynchronised() else { return }
    isClockKept = true
    session.supervisor.log(.wallClockKept, at: now)
  }

  private func watchTest(_ session: borrowing Session) {
    let cutBy = session.supervisor.cutBy
    guard !isReady, !session.supervisor.isTesting || cutBy != nil else { return }
    if cutBy == nil, let alarm = session.obstacle {
      if !isWaiting { rings.news.writer.put(.waits(alarm)) }
      isWaiting = true
      return
    }
    isReady = true
    rings.news.writer.put(.ready(cutBy))
  }

  private func watchChild(_ session: inout Session, at now: Instant) {
    let report = session.pump.latest
    // The order to rest is the drive's word that it does.
    if session.beganAt != nil, channel.report() != nil, !report.isDelivering,
      session.supervisor.isDelivering, session.isStopping || report.isTripped
    {
      session.supervisor.rested(at: now)
    }
    if session.isStopping, stopBy == .never { stopBy = now + Self.longestStop }
    if now >= stopBy { child.kill() }
    end = child.end()
  }

  /// De-energises, and books what the drive's lines saw: it may have died between two reports.
  func finish(_ session: inout Session) {
    let now = clock.read()
    // What the drive had not yet booked as uncertain when it ended.
    let most = min(session.pump.mostCertain, session.supervisor.stalledCount ?? .max)
    let isReleased = (try? session.pump.holdEnable(true)) != nil
    if !isReleased { session.supervisor.raise(.deviceLost, at: now) }
    let counts = channel.finalCounts(notBeyond: most)
    let carried = session.supervisor.carried
    let hasBegun = session.beganAt != nil
    let isDead = hasBegun && end != .exited(0)
    if isDead {
      session.supervisor.raise(.driveSilent, at: now)
      try? session.pump.sound(.double)
    }
    let missed = channel.report()?.missed ?? 0
    let total = StepCounts(
      certain: carried.certain + counts.certain, uncertain: carried.uncertain + counts.uncertain,
      missed: carried.missed + missed, atFill: carried.atFill)
    session.abandonRequests(at: now)
    session.journalEvents(at: now)
    serveClients(&session, at: now)
    show(session.supervisor)
    if hasBegun, end == .exited(0) { tellRefusal(&session, at: now) }
    session.write(.grant(total, upTo: total.highest, until: now), at: now)
    if !isDead { session.write(.event(.ended), at: now) }
    session.records.close()
    if isDead { soundOut(&session) }
    guard let end else { return }
    rings.news.writer.put(
      .driveEnded(
        end, isReleased: isReleased, certain: counts.certain, uncertain: counts.uncertain))
  }

  /// Journals what the drive refused though the supervisor allowed it.
  private func tellRefusal(_ session: inout Session, at now: Instant) {
    let outcome = channel.left(as: DriveEnding.self).outcome
    guard outcome.refusal != nil else { return }
    session.write(
      .command(outcome.refusedBolus ? .bolus : .begin, 0, isAccepted: false), at: now)
  }

  /// Stays until the tone has been heard: the buzzer falls silent with the program.
  private func soundOut(_ session: inout Session) {
    let end = clock.read() + AlarmTone.double.length
    while clock.read() < end {
      session.pump.bench.tend(at: clock.read())
      channel.waitForBell(after: channel.bell, until: clock.monotonic(at: end))
    }
  }
}
