public import PumpHAL
import PumpJournal
public import PumpMessages
public import PumpSafety
import PumpTherapy
public import PumpUnits

/// A running pump, from its first look at the drive to its last record: the supervisor between the drive, the
/// bench that the supervisor alone touches, the journal, and whoever asks for something.
///
/// It reads no clock and waits for nothing. Whoever runs it calls `turn` at `deadline`, and no later than a
/// poll after the drive made a step. The simulator, the two processes on Linux and the firmware's main loop all
/// run this one; they differ in their links.
public struct PumpSession<
  Pump: DriveLink & GuardHardware & ~Copyable, Records: RecordLink & ~Copyable
>: ~Copyable {
  public var pump: Pump
  public var supervisor: Supervisor
  public var records: Records
  /// Whether ENABLE is to be released and could not be yet.
  @usableFromInline var isReleaseOwed = false
  /// When the grant was asked for that the journal has not answered yet.
  @usableFromInline var grantAskedAt = Instant.never
  /// The supervisor's events that the journal has.
  @usableFromInline var journaledEvents = 0
  /// What the journal said of its own parts of the self-test.
  @usableFromInline var proving: SelfTestPart?
  @usableFromInline var proof: (part: SelfTestPart, isGood: Bool)?
  @usableFromInline var pending = PendingRequests()
  /// Whether what waits to begin begins held: somebody has asked for that meanwhile.
  @usableFromInline var beginsHeld = false
  /// Numbers what the drive and the journal are asked, so that their answers are told apart.
  @usableFromInline var lastNumber: UInt64 = 0
  @usableFromInline var answers: AnswerQueue
  @usableFromInline var tickets: TicketBook
  @usableFromInline var happened: UInt64
  @usableFromInline var picture = Picture()
  /// When the therapy began, or is to; `nil` before.
  public internal(set) var beganAt: Instant?
  @usableFromInline var stops = false
  /// The presses of the patient's button that were heard.
  @usableFromInline var heardPresses: UInt64?
  /// What stopped delivery before this session, where nobody had acknowledged it by then.
  @usableFromInline var waitsFor: Alarm?

  /// A journal that does not answer for so long has failed: a disk may hang, and say nothing at all.
  @usableFromInline static var journalPatience: TimeSpan { TimeSpan(seconds: 5) }
  /// A drive that does not answer a request for so long leaves it unknown.
  @usableFromInline static var drivePatience: TimeSpan { TimeSpan(seconds: 2) }

  /// Puts a session together; nothing is granted before its first turn.
  ///
  /// - Parameters:
  ///   - position: What `position` begins with: no two sessions of a journal begin with the same.
  ///   - room: What it may keep in memory.
  public init(
    pump: consuming Pump, supervisor: consuming Supervisor, records: consuming Records,
    position: UInt64 = 0, room: SessionRoom = SessionRoom()
  ) {
    self.pump = pump
    self.supervisor = supervisor
    self.records = records
    happened = position
    answers = AnswerQueue(capacity: room.answers)
    tickets = TicketBook(room)
  }

  /// The drive's link and the bench that are left when the process is gone.
  public consuming func dismantle() -> Pump { pump }

  /// How much has happened: a request that is based on less is told so.
  @inlinable public var position: UInt64 { happened }

  /// Whether the session was told to end.
  @inlinable public var isStopping: Bool { stops }

  /// When it next wants a turn though nothing happens.
  @inlinable public var deadline: Instant { supervisor.deadline }

  /// Looks at the drive, does what the supervisor wants, and passes on what was answered.
  ///
  /// - Parameter now: The present instant, not before the last turn's.
  @inlinable
  public mutating func turn(at now: Instant) {
    pump.tend(at: now)
    // A line that could not be released is released again, until it is.
    if isReleaseOwed { takeEnable(at: now) }
    takeRecordAnswers(at: now)
    let report = pump.report(at: now, withSum: supervisor.isTesting)
    let pulses = (try? pump.readIndex()) ?? nil
    while let action = supervisor.turn(at: now, report, pulses: pulses) {
      perform(action, at: now)
      pump.tend(at: now)
      takeRecordAnswers(at: now)
    }
    takeDriveAnswers(at: now)
    journalEvents(at: now)
    look(at: report)
  }

  /// Lets the therapy begin.
  ///
  /// - Parameters:
  ///   - beginning: What is to run, from when; the second channel judges its bolus by its own sum.
  ///   - isResumed: Whether a clinician has looked, and what waited for one goes on.
  public mutating func begin(_ beginning: Beginning, isResumed: Bool = false, at now: Instant) {
    let first = beginning.at
    supervisor.adopted(supervisor.prescription, place: beginning.place, at: first)
    if isResumed { write(.command(.resume, 0, isAccepted: true), at: first) }
    write(.command(.begin, beginning.place.nanoseconds, isAccepted: true), at: first)
    supervisor.began(at: first)
    if let bolus = beginning.bolus {
      // A drive that gives it all the same is cut: nothing allows its steps.
      let isAllowed = supervisor.mayBegin(bolus, at: first)
      if isAllowed { supervisor.laid(bolus, at: first) }
      write(.command(.bolus, bolus.volume.femtolitres, isAccepted: isAllowed), at: first)
    }
    if let flow = beginning.fallBack {
      supervisor.fellBack(to: flow, at: first)
      supervisor.raise(.underDelivery, at: first)
    }
    var beginning = beginning
    beginning.isHeld = beginning.isHeld || beginsHeld
    if beginning.isHeld {
      supervisor.rested(at: first)
      supervisor.raise(.stoppedLong, at: first)
      supervisor.causeGone(.stoppedLong, at: first)
      write(.command(.suspend, 0, isAccepted: true), at: first)
    }
    beganAt = first
    pump.begin(beginning, at: now)
  }

  /// What it says of itself.
  public mutating func status(at now: Instant) -> SessionStatus {
    var critical: UInt64 = 0
    for alarm in Alarm.allCases where supervisor.alarm(alarm).isStanding {
      if supervisor.alarm(alarm).priority == .critical { critical |= alarm.bit }
    }
    var drive = pump.detail(at: now)
    // By this channel's sum: a drive that has not begun tells none.
    drive.reservoir = supervisor.reservoirLeft
    return SessionStatus(
      at: now, position: position, drive: drive, waitsFor: obstacle, counts: supervisor.counts,
      carried: supervisor.carried, cutBy: supervisor.cutBy, isHeld: supervisor.isHeld,
      isTesting: supervisor.isTesting, standing: supervisor.standingAlarms,
      present: supervisor.presentAlarms, critical: critical,
      lastHour: supervisor.delivered(in: .hour, at: now),
      lastDay: supervisor.delivered(in: .day, at: now))
  }

  /// Ends the session, the motor being at rest: every step is accounted for, and nothing is granted any more.
  public mutating func close(at now: Instant) {
    let counts = supervisor.counts
    write(.grant(counts, upTo: counts.highest, until: now), at: now)
    write(.event(.ended), at: now)
  }

  /// Does what the supervisor wants: the one place where its actions are carried out.
  @inlinable
  mutating func perform(_ action: SupervisorAction, at now: Instant) {
    switch action {
    case .grant(let counts, let upTo, let until):
      guard
        records.grant(
          counts, upTo: upTo, until: until, at: now, wallSeconds: pump.readWallClock())
      else { return supervisor.grantFailed(at: now) }
      grantAskedAt = now
    case .cut(let alarm, let count):
      takeEnable(at: now)
      pump.send(.cut(alarm, beyond: count), at: now)
    case .hold(let isHeld):
      if isHeld { takeEnable(at: now) } else { try? pump.holdEnable(false) }
      pump.send(.hold(isHeld), at: now)
    case .doubt(let steps): pump.send(.doubt(steps), at: now)
    case .fallBack(let flow):
      pump.send(.fallBack(flow), at: now)
      supervisor.fellBack(to: flow, at: now)
    case .test(let part): test(part, at: now)
    case .sound(let tone): sound(tone, at: now)
    case .kick: kick(at: now)
    case .readSensors:
      if let readings = try? pump.readSensors() {
        supervisor.observe(readings, at: now)
        heed(readings.buttonPresses, at: now)
      }
      note(.sensorChattering, pump.isChattering, at: now)
    }
  }

  /// Takes ENABLE; what the drive makes from now on moves nothing for sure only once it has fallen.
  @inlinable
  mutating func takeEnable(at now: Instant) {
    isReleaseOwed = (try? pump.holdEnable(true)) == nil
    if isReleaseOwed { supervisor.raise(.deviceLost, at: now) }
  }

  @inlinable
  mutating func sound(_ tone: AlarmTone, at now: Instant) {
    do throws(Pump.AnnunciatorFailure) {
      try pump.sound(tone)
    } catch {
      // One that could not be made is tried again at the alarm's next interval.
      failed(error.kind, at: now)
    }
  }

  @inlinable
  mutating func kick(at now: Instant) {
    do throws(Pump.WatchdogFailure) {
      try pump.kickWatchdog()
    } catch {
      // An external watchdog that is not kicked cuts the motor while steps are counted.
      supervisor.lost(at: now)
    }
  }

  @inlinable
  mutating func failed(_ kind: FaultKind, at now: Instant) {
    if kind == .deviceLost {
      supervisor.lost(at: now)
    } else {
      supervisor.raise(.selfTestFailed, at: now)
    }
  }

  @inlinable
  mutating func test(_ part: SelfTestPart, at now: Instant) {
    guard part == .journal || part == .profile else {
      return supervisor.tested(part, pump.prove(part), at: now)
    }
    if let proof, proof.part == part {
      proving = nil
      self.proof = nil
      return supervisor.tested(part, proof.isGood ? .passed : .failed, at: now)
    }
    if proving != part {
      proof = nil
      if records.prove(part) { proving = part }
      takeRecordAnswers(at: now)
      // A journal that is written at once has answered.
      if proof?.part == part { return test(part, at: now) }
    }
    supervisor.tested(part, .pending, at: now)
  }

  @inlinable
  mutating func note(_ alarm: Alarm, _ isPresent: Bool, at now: Instant) {
    if isPresent {
      supervisor.raise(alarm, at: now)
    } else {
      supervisor.causeGone(alarm, at: now)
    }
  }
}
