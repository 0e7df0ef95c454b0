public import PumpHAL
public import PumpJournal
public import PumpSafety
import PumpTherapy
public import PumpUnits

/// Both channels on one thread and one clock: the drive's control loop, the supervisor, and the journal
/// between them.
///
/// The simulator runs it; on Linux the two channels are processes, and do the same in the same order.
public struct SupervisedLoop<
  Hardware: PumpHardware & GuardHardware & ~Copyable, Store: JournalStore & ~Copyable,
  Wire: ChannelWire
>: ~Copyable {
  public var drive: ControlLoop<Hardware>
  public var supervisor: Supervisor
  public var journal: Journal<Store>
  public var wire: Wire
  /// Whether the journal took the last record.
  public private(set) var isJournaling = true
  @usableFromInline var beat: UInt64 = 0
  /// Events of the two channels that the journal has.
  @usableFromInline var journaled = (drive: 0, supervisor: 0)

  /// Puts the channels together; no step is possible before `open`.
  public init(
    drive: consuming ControlLoop<Hardware>, supervisor: consuming Supervisor,
    journal: consuming Journal<Store>, wire: Wire
  ) {
    self.drive = drive
    self.supervisor = supervisor
    self.journal = journal
    self.wire = wire
    self.drive.isSupervised = true
  }

  /// Begins a session: journals it, and takes over what the sessions before it delivered.
  ///
  /// - Parameters:
  ///   - boot: Names the start of the system.
  ///   - clock: The system's time since then.
  ///   - profile: The text of the profile that is to run.
  public mutating func open(boot: UInt64 = 1, clock: TimeSpan = .zero, profile: [UInt8] = []) {
    let now = drive.hardware.readClock()
    let before = journal.state
    recallDoses(by: now)
    append(
      .opened(
        boot: boot, clock: clock, servedSince: before.session == 0 ? now : before.servedSince,
        JournalBinding(
          step: supervisor.settings.step, concentration: supervisor.prescription.concentration)),
      at: now)
    if !profile.isEmpty {
      try? journal.keepProfile(
        profile, at: now, wallSeconds: drive.hardware.readWallClock())
    }
    try? drive.hardware.holdEnable(true)
    try? drive.hardware.holdEnable(false)
    supervise(at: now)
    guard before.session > 0, !before.isEnded else { return }
    let uncertain = journal.state.counts.highest - before.counts.highest
    supervisor.restarted(after: now.elapsed(since: before.at), uncertain: uncertain, at: now)
  }

  /// Runs both channels until an instant.
  @inlinable
  public mutating func run(until end: Instant) {
    var now = drive.hardware.readClock()
    supervise(at: now)
    while now < end {
      let poll = supervisor.settings.poll
      var look = min(drive.engine.deadline + poll, supervisor.deadline)
      look = min(look, max(now, drive.hardware.mayMoveFrom) + poll)
      drive.run(until: min(end, max(look, now + TimeSpan(nanoseconds: 1))))
      now = drive.hardware.readClock()
      supervise(at: now)
    }
  }

  /// Carries out a command in both channels, or refuses it in both.
  ///
  /// - Throws: `Refusal`, with the reason.
  public mutating func perform(_ command: Command, at now: Instant) throws(Refusal) {
    var refusal: Refusal?
    do throws(Refusal) { try carryOut(command, at: now) } catch { refusal = error }
    append(.command(command.kind, command.value, isAccepted: refusal == nil), at: now)
    if let refusal { throw refusal }
    supervise(at: now)
  }

  /// Ends the session: every step is accounted for, and nothing is granted any more.
  public mutating func close() {
    let now = drive.hardware.readClock()
    supervise(at: now)
    let counts = supervisor.counts
    append(.grant(counts, upTo: counts.highest, until: now), at: now)
    append(.event(.ended), at: now)
  }

  /// The bench that is left when the process is gone.
  public consuming func dismantle() -> Hardware { drive.hardware }

  private mutating func carryOut(_ command: Command, at now: Instant) throws(Refusal) {
    switch command {
    case .bolus(let bolus, _), .prime(let bolus, _):
      if let window = supervisor.refusal(of: bolus, at: now) { throw .doseLimit(window) }
    case .patientBolus:
      guard let rule = supervisor.prescription.patientBolus else { break }
      if let window = supervisor.refusal(of: rule.bolus, at: now) { throw .doseLimit(window) }
    case .acknowledge(let alarm):
      let isKnown = supervisor.acknowledge(alarm, at: now)
      do throws(Refusal) { try drive.engine.perform(command, at: now) } catch {
        if !isKnown { throw error }
      }
      return
    case .silence(let alarm, let span):
      guard supervisor.silence(alarm, for: span, at: now) != nil else { throw .noSuchAlarm }
      return
    default: break
    }
    if let alarm = supervisor.cutBy, command.deliversMore { throw .alarm(alarm) }
    if supervisor.isTesting, command.deliversMore { throw .selfTestRuns }
    try drive.engine.perform(command, at: now)
    switch command {
    case .begin, .resume: supervisor.began(at: now)
    case .anchor(let place): supervisor.adopted(supervisor.prescription, place: place, at: now)
    case .adopt(let prescription, let place, _):
      supervisor.adopted(prescription, place: place, at: now)
    case .suspend: supervisor.rested(at: now)
    case .bolus(let bolus, _), .prime(let bolus, _): supervisor.laid(bolus, at: now)
    case .patientBolus:
      guard let rule = supervisor.prescription.patientBolus else { break }
      supervisor.laid(rule.bolus, at: now)
    case .cancelBolus: supervisor.cancelled(at: now)
    case .refill(let volume): supervisor.refilled(volume, at: now)
    case .acknowledge, .silence: break
    }
  }

  /// Lets the supervisor look at the drive, and does what it wants.
  @inlinable
  mutating func supervise(at now: Instant) {
    beat &+= 1
    var told = drive.engine.report(beat: beat, at: now)
    if supervisor.isTesting { told.prescriptionSum = prescriptionSum }
    let report = wire.carry(told)
    let pulses = (try? drive.hardware.readIndex()) ?? nil
    while let action = supervisor.turn(at: now, report, pulses: pulses) { perform(action, at: now) }
    guard journaled.drive < drive.engine.eventCount || journaled.supervisor < supervisor.eventCount
    else {
      return
    }
    journalEvents()
  }

  @usableFromInline
  mutating func perform(_ action: SupervisorAction, at now: Instant) {
    switch action {
    case .grant(let counts, let upTo, let until): grant(counts, upTo, until, at: now)
    case .cut(let alarm, let count):
      try? drive.hardware.holdEnable(true)
      drive.engine.stop(because: alarm, at: now, beyond: count)
    case .hold(let isHeld):
      try? drive.hardware.holdEnable(isHeld)
      drive.engine.hold(isHeld, at: now)
    case .doubt(let steps): drive.engine.doubt(steps, at: now)
    case .fallBack(let flow):
      drive.engine.fallBack(to: flow, at: now)
      supervisor.fellBack(to: flow, at: now)
    case .test(let part): supervisor.tested(part, proof(of: part), at: now)
    case .sound(let tone): try? drive.hardware.sound(tone)
    case .kick: try? drive.hardware.kickWatchdog()
    case .readSensors:
      if let readings = try? drive.hardware.readSensors() { supervisor.observe(readings, at: now) }
    }
  }

  @usableFromInline var prescriptionSum: UInt32 { drive.engine.prescription.checksum }

  private mutating func proof(of part: SelfTestPart) -> SelfTestProof {
    switch part {
    case .journal: journal.readsBack() ? .passed : .failed
    case .profile:
      journal.profileCopies == .damaged || journal.profileCopies == .lost ? .failed : .passed
    default: drive.hardware.prove(part)
    }
  }

  private mutating func grant(
    _ counts: StepCounts, _ upTo: UInt64, _ until: Instant, at now: Instant
  ) {
    do throws(Store.StoreFailure) {
      let grant = try journal.grant(
        counts, upTo: upTo, until: until, at: now,
        wallSeconds: drive.hardware.readWallClock())
      noteJournal(isWorking: true, at: now)
      supervisor.grantTaken()
      drive.engine.accept(wire.carry(grant), at: now)
    } catch {
      noteJournal(isWorking: false, at: now)
      supervisor.grantFailed(at: now)
    }
  }

  private mutating func append(_ entry: JournalEntry, at now: Instant) {
    do throws(Store.StoreFailure) {
      try journal.append(entry, at: now, wallSeconds: drive.hardware.readWallClock())
      noteJournal(isWorking: true, at: now)
    } catch {
      noteJournal(isWorking: false, at: now)
    }
  }

  private mutating func noteJournal(isWorking: Bool, at now: Instant) {
    guard isWorking != isJournaling else { return }
    isJournaling = isWorking
    if isWorking {
      supervisor.causeGone(.journalFailed, at: now)
    } else {
      supervisor.raise(.journalFailed, at: now)
    }
  }

  /// Journals what happened in either channel since last time.
  @usableFromInline
  mutating func journalEvents() {
    while journaled.drive < drive.engine.eventCount {
      guard let event = drive.engine.event(journaled.drive) else {
        journaled.drive += 1
        continue
      }
      append(.event(event.event), at: event.at)
      guard isJournaling else { return }
      journaled.drive += 1
    }
    while journaled.supervisor < supervisor.eventCount {
      guard let event = supervisor.event(journaled.supervisor) else {
        journaled.supervisor += 1
        continue
      }
      append(.event(event.event), at: event.at)
      guard isJournaling else { return }
      journaled.supervisor += 1
    }
  }

  /// Tells both channels' dose guards what earlier sessions delivered in the last day.
  private mutating func recallDoses(by now: Instant) {
    var doses: [(UInt64, Instant)] = []
    journal.recall(by: now) { steps, instant, _ in doses.append((steps, instant)) }
    for (steps, instant) in doses { recall(steps, by: instant) }
  }

  private mutating func recall(_ steps: UInt64, by instant: Instant) {
    drive.engine.recall(steps: steps, by: instant)
    supervisor.recall(steps: steps, by: instant)
  }
}
