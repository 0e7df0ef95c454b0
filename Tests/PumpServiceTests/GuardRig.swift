import PumpHAL
import PumpJournal
@testable import PumpLinux
import PumpMessages
import PumpSafety
@testable import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

/// A drive's process that ends when the test says so, or when it is killed.
final class FakeChild: DriveChild, @unchecked Sendable {
  var kills = 0
  var ending: ChildProcess.End?

  func kill() {
    kills += 1
    ending = .killed(signal: 9)
  }

  func end() -> ChildProcess.End? { ending }
}

/// The supervisor's task with all that it speaks to: a journal that writes at once, a drive that tells what the
/// test says, and time as the test wants it.
struct GuardRig: ~Copyable {
  /// How a run was opened.
  struct Opening {
    var therapy = Therapy.stopped
    var bolus: Bolus?
    var fallsBack = false
    var isResumed = false
    var isHeld = false
    var isClockKept = true
    var isSynchronised = false
    /// What stopped delivery before, and nobody has acknowledged.
    var trip: Alarm?
    var messageSlots: UInt32 = 1 << 10
  }

  let lines = BenchLines()
  let child = FakeChild()
  let channel: Channel
  let rings: GuardTask<LineBench>.Rings
  let fromJournal: SlotRing<JournalAnswer>
  let commands: SlotRing<NumberedCommand>
  let answers: SlotRing<DriveAnswer>
  let task: GuardTask<LineBench>
  var session: GuardTask<LineBench>.Session

  /// What the journal was given, and what came on the other rings.
  private(set) var entries: [JournalEntry] = []
  private(set) var isClosed = false
  private(set) var news: [GuardNews] = []
  private(set) var messages: [RunMessage] = []
  private(set) var told: [Answered] = []
  private(set) var statuses: [SessionStatus] = []
  /// What the drive tells; `nil` where it tells nothing.
  var report: DriveReport?
  /// Whether the messages are fetched.
  var fetchesMessages = true
  private(set) var milliseconds: UInt64 = 0
  private var beat: UInt64 = 0
  private var grants: UInt64 = 0

  /// What can't be had without asking, asked for before the rig is put together: Debian 13's compiler crashes on an
  /// initialiser of a noncopyable value that throws.
  private struct Parts {
    let channel: Channel
    let fromJournal: SlotRing<JournalAnswer>
    let commands: SlotRing<NumberedCommand>
    let answers: SlotRing<DriveAnswer>
    let parts: SlotRing<PrescriptionPart>
    let rings: GuardTask<LineBench>.Rings
    let settings: SupervisorSettings

    init(_ opening: Opening) throws {
      channel = try #require(Channel())
      fromJournal = try #require(SlotRing<JournalAnswer>(slots: 64))
      commands = try #require(SlotRing<NumberedCommand>(slots: 8))
      answers = try #require(SlotRing<DriveAnswer>(slots: 8))
      parts = try #require(SlotRing<PrescriptionPart>(slots: 8))
      rings = .init(
        orders: try #require(SlotRing<GuardOrder>(slots: 16)),
        news: try #require(SlotRing<GuardNews>(slots: 64)),
        messages: try #require(RunRing(slots: opening.messageSlots)),
        toJournal: try #require(SlotRing<JournalOrder>(slots: 256)),
        requests: try #require(SlotRing<ClientRequest>(slots: 8)),
        prescriptions: PrescriptionTable(), toClients: try #require(ClientRings()))
      let most = DoseLimits.Limit(soft: Mass(micrograms: 10_000), hard: Mass(micrograms: 10_000))
      settings = SupervisorSettings(
        step: try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1),
        limits: DoseLimits(perHour: most, perDay: most),
        reservoir: try Reservoir(
          capacity: Volume(microlitres: 20_000), filled: Volume(microlitres: 18_000),
          lowAlarm: Volume(microlitres: 2_000), reserve: Volume(microlitres: 1_000)),
        backlogLimit: 64, maximumRate: 4_000, braking: TimeSpan(seconds: 2), stepsPerIndex: nil)
    }
  }

  static func make(_ opening: Opening = Opening()) throws -> GuardRig {
    GuardRig(try Parts(opening), opening)
  }

  private init(_ parts: Parts, _ opening: Opening) {
    channel = parts.channel
    fromJournal = parts.fromJournal
    commands = parts.commands
    answers = parts.answers
    rings = parts.rings
    var clock = PacedClock(pace: .asleep)
    clock.start(at: .epoch + .day, onMonotonic: monotonicNanoseconds())
    // The task has a session of its own, which no turn of a test touches.
    task = GuardTask(
      session: Self.session(parts, lines, opening, clock), channel: parts.channel,
      rings: parts.rings, clock: clock, child: child, bolus: opening.bolus,
      fallsBack: opening.fallsBack, isResumed: opening.isResumed, isHeld: opening.isHeld,
      isClockKept: opening.isClockKept, isSynchronised: { opening.isSynchronised })
    session = Self.session(parts, lines, opening, clock)
  }

  private static func session(
    _ parts: Parts, _ lines: BenchLines, _ opening: Opening, _ clock: borrowing PacedClock
  ) -> GuardTask<LineBench>.Session {
    var session = GuardTask<LineBench>.Session(
      pump: ChannelDrive(
        LineBench(lines: lines), channel: parts.channel, commands: parts.commands,
        answers: parts.answers, parts: parts.parts, messages: parts.rings.messages, clock: clock),
      supervisor: Supervisor(
        settings: parts.settings,
        prescription: Prescription(
          therapy: opening.therapy, concentration: Concentration(microgramsPerMillilitre: 500)),
        start: .epoch),
      records: ChannelRecords(
        orders: parts.rings.toJournal, answers: parts.fromJournal, news: parts.rings.news,
        withholdsGrants: false))
    if let trip = opening.trip {
      session.supervisor.raise(trip, at: .epoch)
      session.supervisor.causeGone(trip, at: .epoch)
      session.waitsFor = trip
    }
    return session
  }

  var now: Instant { .epoch + TimeSpan(milliseconds: milliseconds) }

  /// Takes turns, 50 ms apart, until so long after the start.
  mutating func run(until milliseconds: UInt64) {
    while self.milliseconds < milliseconds {
      self.milliseconds += 50
      turn()
    }
  }

  mutating func turn() {
    if var report {
      beat += 1
      report.beat = beat
      report.at = now
      channel.tell(report)
    }
    session.pump.look()
    task.turn(&session, at: now)
    take()
  }

  mutating func finish() {
    task.finish(&session)
    take()
  }

  /// Does the journal's work, and fetches what is told.
  private mutating func take() {
    while let order = rings.toJournal.take() {
      switch order {
      case .entry(let entry, _): entries.append(entry)
      case .keep(let entry, let number, _):
        entries.append(entry)
        fromJournal.writer.put(.kept(number: number, true))
      case .grant(let counts, let upTo, let until, _):
        entries.append(.grant(counts, upTo: upTo, until: until))
        grants += 1
        fromJournal.writer.put(.granted(Grant(number: grants, upTo: upTo, until: until)))
      case .prove(let part): fromJournal.writer.put(.proved(part, true))
      case .close: isClosed = true
      }
    }
    while let each = rings.news.take() { news.append(each) }
    while fetchesMessages, let message = rings.messages.take() { messages.append(message) }
    while let answered = rings.toClients.answers.take() { told.append(answered) }
    if let status = rings.toClients.takeLatest() { statuses.append(status) }
  }

  /// Lets the therapy begin, with a drive that says that it delivers.
  mutating func begin(place: TimeSpan = .zero) {
    run(until: 2_000)
    rings.orders.writer.put(.start(at: now, place: place))
    turn()
    report = DriveReport()
    report?.isDelivering = true
    run(until: 3_000)
  }

  /// The verbs that the journal has of the program's own commands.
  var commanded: [CommandKind] {
    entries.compactMap {
      if case .command(let kind, _, isAccepted: true) = $0 { kind } else { nil }
    }
  }
}
