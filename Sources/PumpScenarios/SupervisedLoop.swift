public import PumpDrive
public import PumpHAL
public import PumpJournal
public import PumpMessages
public import PumpSafety
public import PumpSession
public import PumpTherapy
public import PumpUnits

/// A running pump on one thread and one clock: a session, and the drive that it supervises.
///
/// The simulator runs it; on Linux the two channels are processes, and the session is the same.
public struct SupervisedLoop<
  Hardware: PumpHardware & GuardHardware & ~Copyable, Store: JournalStore & ~Copyable,
  Wire: ChannelWire
>: ~Copyable {
  public var session: PumpSession<DirectDrive<Hardware, Wire>, DirectRecords<Store>>

  /// Puts the channels together; no step is possible before `open`.
  public init(
    drive: consuming ControlLoop<Hardware>, supervisor: consuming Supervisor,
    journal: consuming Journal<Store>, wire: Wire
  ) {
    session = PumpSession(
      pump: DirectDrive(drive, wire: wire), supervisor: supervisor, records: DirectRecords(journal))
  }

  /// Whether the journal took the last record.
  public var isJournaling: Bool { session.records.isTaking }

  /// Begins a session: decides it by the journal, writes it down, and takes over what is remembered.
  ///
  /// - Parameters:
  ///   - boot: Names the start of the system.
  ///   - clock: The system's time since then; the pump's own clock if not given.
  ///   - profile: The text of the profile that is to run.
  ///   - bolus: A bolus to give once, when the therapy begins.
  /// - Returns: What was decided; `nil` where the journal is another pump's.
  @discardableResult
  public mutating func open(
    boot: UInt64 = 1, clock: TimeSpan? = nil, profile: [UInt8] = [], bolus: Bolus? = nil
  ) -> SessionPlan? {
    let now = session.pump.loop.hardware.readClock()
    let wallSeconds = session.pump.loop.hardware.readWallClock()
    let clocks = SystemClocks(
      boot: boot, elapsed: clock ?? now.elapsed(since: .epoch), wallSeconds: wallSeconds,
      isSynchronised: true)
    let settings = session.supervisor.settings
    var wish = SessionWish(
      step: settings.step, concentration: session.supervisor.prescription.concentration,
      filled: settings.reservoir.filled)
    // The simulator has no profile that somebody could have edited.
    wish.filledBefore = wish.filled
    wish.singleBolus = bolus
    let before = session.records.journal.state
    guard
      let plan = try? SessionPlan(
        before, binding: before.binding, wish, clocks, startingAt: now)
    else { return nil }
    let memory = SessionMemory(
      &session.records.journal, by: now,
      as: JournalBinding(step: wish.step, concentration: wish.concentration))
    for dose in memory.doses { session.pump.loop.engine.recall(steps: dose.steps, by: dose.by) }
    session.pump.loop.engine.restoreFilling(plan.filled)
    for instant in memory.patientBoluses {
      session.pump.loop.engine.recallPatientBolus(at: instant)
    }
    if let last = memory.lastBolus { session.pump.loop.engine.recallBolus(at: last) }
    session.write(plan.opening, at: now)
    if !profile.isEmpty {
      try? session.records.journal.keepProfile(profile, at: now, wallSeconds: wallSeconds)
    }
    if let filling = plan.filling { session.write(filling, at: now) }
    session.write(plan.settling, at: now)
    try? session.pump.loop.hardware.holdEnable(true)
    try? session.pump.loop.hardware.holdEnable(false)
    session.open(plan, memory)
    session.turn(at: now)
    return plan
  }

  /// Lets the therapy begin as the opening has decided.
  ///
  /// - Parameters:
  ///   - plan: What `open` has decided.
  ///   - place: Where in its pattern the therapy is by now.
  /// - Throws: `Refusal`, where the drive can't run it, or its bolus.
  public mutating func begin(
    _ plan: SessionPlan, place: TimeSpan, at now: Instant
  ) throws(Refusal) {
    if let obstacle = session.obstacle { throw .alarm(obstacle) }
    var beginning = Beginning(
      at: now, place: place, bolus: plan.bolus,
      fallBack: plan.fallsBack ? session.supervisor.fallBackFlow : nil)
    beginning.isConfirmed = true
    beginning.isHeld = plan.isHeld
    session.begin(beginning, isResumed: plan.isResumed, at: now)
    session.turn(at: now)
    if let refusal = session.pump.refusal { throw refusal }
  }

  /// Runs both channels until an instant.
  @inlinable
  public mutating func run(until end: Instant) {
    var now = session.pump.loop.hardware.readClock()
    session.turn(at: now)
    while now < end {
      let poll = session.supervisor.settings.poll
      var look = min(session.pump.loop.engine.deadline + poll, session.deadline)
      look = min(look, max(now, session.pump.loop.hardware.mayMoveFrom) + poll)
      session.pump.loop.run(until: min(end, max(look, now + TimeSpan(nanoseconds: 1))))
      now = session.pump.loop.hardware.readClock()
      session.turn(at: now)
    }
  }

  /// Carries out a command in both channels, or refuses it in both.
  ///
  /// - Throws: `Refusal`, with the reason.
  public mutating func perform(_ command: Command, at now: Instant) throws(Refusal) {
    session.ask(Ordered(command), at: now)
    if case .refused(let refusal)? = session.nextAnswer()?.result { throw refusal }
    session.turn(at: now)
  }

  /// Ends the session: every step is accounted for, and nothing is granted any more.
  public mutating func close() {
    let now = session.pump.loop.hardware.readClock()
    session.turn(at: now)
    session.close(at: now)
  }

  /// The bench that is left when the process is gone.
  public consuming func dismantle() -> Hardware { session.dismantle().dismantle() }
}
