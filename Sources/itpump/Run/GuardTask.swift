import PumpEngine
import PumpHAL
import PumpJournal
import PumpLinux
import PumpSafety
import PumpTherapy
import PumpUnits

/// What the rest of the program wants of the supervisor's thread.
enum GuardOrder: BitwiseCopyable, Sendable {
  /// Let the drive begin.
  case start(at: Instant, place: TimeSpan, monotonic: UInt64)
  /// Hold the therapy and end the session.
  case stop
}

/// How the supervisor's session stands, for the rest of the program.
enum GuardNews: BitwiseCopyable, Sendable {
  case tested(SelfTestPart, passed: Bool)
  /// The journal's file was taken from its name.
  case journalMisplaced(JournalPlace)
  /// The self-test is over; with why the pump may not begin, if it may not.
  case ready(Alarm?)
  /// The drive's process is gone; ENABLE reads back as released, or does not.
  /// With its session's steps as they are booked.
  case driveEnded(ChildProcess.End, isReleased: Bool, certain: UInt64, uncertain: UInt64)
}

/// The supervisor's thread: owns ENABLE, alarms and watchdogs, and permits steps.
///
/// It performs no file I/O: records go to the journal's thread, and a grant reaches the drive only when
/// that has written it.
final class GuardTask<Bench: GuardBench & ~Copyable>: RealTimeTask, @unchecked Sendable {
  struct Rings: Sendable {
    let orders: SlotRing<GuardOrder>
    let news: SlotRing<GuardNews>
    let messages: RunRing
    let toJournal: SlotRing<JournalOrder>
    let fromJournal: SlotRing<JournalAnswer>
  }

  private let channel: Channel
  private let rings: Rings
  private let clock: PacedClock
  private let child: ChildProcess
  private let bolus: Bolus?
  private let fallsBack: Bool
  private let isResumed: Bool
  /// Whether the drive gets its first grant only, to see what it does at its end.
  private let withholdsGrants: Bool
  private var grantsGiven = 0
  private var parts: Parts?

  private struct Parts: ~Copyable {
    var bench: Bench
    var supervisor: Supervisor
  }

  // The thread's own.
  private var report = DriveReport()
  private var orders = DriveOrders()
  private var beat: UInt64 = 0
  private var start: Instant?
  private var isReady = false
  private var stopBy = Instant.never
  private var end: ChildProcess.End?
  private var told = 0
  private var shown = 0
  private var nextSystemKick = Instant.epoch
  private var nextSensors = Instant.epoch
  private var readings: SensorReadings?
  private var pulses: UInt64?
  private var toldGlitches: UInt64 = 0
  private var proving: SelfTestPart?
  private var proofs: [SelfTestProof?] = Array(repeating: nil, count: SelfTestPart.allCases.count)
  /// When the grant was asked for that the journal has not answered yet.
  private var askedSince = Instant.never
  private var isReleaseOwed = false
  private var toldTrouble: LinuxBench.Trouble?

  init(
    bench: consuming Bench, supervisor: consuming Supervisor, channel: Channel, rings: Rings,
    clock: borrowing PacedClock, child: ChildProcess, bolus: Bolus?, fallsBack: Bool,
    isResumed: Bool, withholdsGrants: Bool
  ) {
    parts = Parts(bench: bench, supervisor: supervisor)
    self.channel = channel
    self.rings = rings
    self.clock = clock.copy
    self.child = child
    self.bolus = bolus
    self.fallsBack = fallsBack
    self.isResumed = isResumed
    self.withholdsGrants = withholdsGrants
  }

  func carryOut(without denials: [RealTimeThread.Denial]) {
    guard var parts = parts.take() else { return }
    for denial in denials { rings.messages.writer.put(.denied(denial)) }
    channel.superviseWhile {
      while end == nil {
        let heard = channel.bell
        let now = clock.read()
        turn(&parts, at: now)
        let next = min(parts.supervisor.deadline, now + parts.supervisor.settings.poll)
        channel.waitForBell(after: heard, until: clock.monotonic(at: max(next, now)))
      }
    }
    finish(&parts)
  }

  private func turn(_ parts: inout Parts, at now: Instant) {
    channel.supervise()
    serveEnable(&parts.bench)
    // A line that could not be released is released again, until it is.
    if isReleaseOwed { take(&parts, at: now) }
    takeAnswers(&parts.supervisor, at: now)
    takeOrders(&parts, at: now)
    readFastSensors(&parts.bench, &parts.supervisor, at: now)
    listen(at: now)
    while let action = parts.supervisor.turn(at: now, report, pulses: pulses) {
      perform(action, &parts, at: now)
      serveEnable(&parts.bench)
    }
    parts.bench.tend(at: now)
    tellEvents(parts.supervisor)
    watchSystem(&parts, at: now)
    watchTest(parts.supervisor)
    watchChild(&parts, at: now)
  }

  /// Answers the drive's request for ENABLE.
  private func serveEnable(_ bench: inout Bench) {
    channel.serveEnable { try? bench.follow($0) }
  }

  private func takeAnswers(_ supervisor: inout Supervisor, at now: Instant) {
    while let answer = rings.fromJournal.take() {
      switch answer {
      case .granted(let grant):
        answered(&supervisor, at: now)
        guard !withholdsGrants || grantsGiven == 0 else {
          supervisor.grantFailed(at: now)
          continue
        }
        grantsGiven += 1
        supervisor.grantTaken()
        channel.give(grant)
      case .notGranted:
        answered(&supervisor, at: now)
        supervisor.grantFailed(at: now)
      case .proved(let part, let isGood): proofs[Int(part.rawValue)] = isGood ? .passed : .failed
      case .isTaking(true): supervisor.causeGone(.journalFailed, at: now)
      case .isTaking(false): supervisor.raise(.journalFailed, at: now)
      case .isMisplaced(let place):
        supervisor.raise(.journalSuspect, at: now)
        supervisor.causeGone(.journalSuspect, at: now)
        rings.news.writer.put(.journalMisplaced(place))
      case .isFilling(true): supervisor.raise(.journalFilling, at: now)
      case .isFilling(false): supervisor.causeGone(.journalFilling, at: now)
      }
    }
    // A disk that hangs answers nothing at all.
    guard now.elapsed(since: askedSince) > TimeSpan(seconds: 5) else { return }
    supervisor.raise(.journalFailed, at: now)
  }

  /// A grant's answer has come: the journal's thread is there.
  private func answered(_ supervisor: inout Supervisor, at now: Instant) {
    if now.elapsed(since: askedSince) > TimeSpan(seconds: 5) {
      supervisor.causeGone(.journalFailed, at: now)
    }
    askedSince = .never
  }

  private func takeOrders(_ parts: inout Parts, at now: Instant) {
    while let order = rings.orders.take() {
      switch order {
      case .start(let first, let place, let monotonic):
        parts.supervisor.adopted(parts.supervisor.prescription, place: place, at: first)
        if isResumed { journal(.command(.resume, 0, isAccepted: true), at: first) }
        journal(.command(.begin, place.nanoseconds, isAccepted: true), at: first)
        parts.supervisor.began(at: first)
        if let bolus {
          // A drive that gives it all the same is cut: nothing allows its steps.
          let isAllowed = parts.supervisor.refusal(of: bolus, at: first) == nil
          if isAllowed { parts.supervisor.laid(bolus, at: first) }
          journal(.command(.bolus, bolus.volume.femtolitres, isAccepted: isAllowed), at: first)
        }
        if fallsBack {
          let flow = parts.supervisor.fallBackFlow
          orders.fallBack = flow
          channel.order(orders)
          parts.supervisor.fellBack(to: flow, at: first)
          parts.supervisor.raise(.underDelivery, at: first)
        }
        start = first
        channel.start(at: first, place: place, onMonotonic: monotonic)
      case .stop:
        guard !orders.stops else { continue }
        journal(.command(.stop, 0, isAccepted: true), at: now)
        orders.stops = true
        channel.order(orders)
        stopBy = now + Self.longestStop
      }
    }
  }

  /// A drive that has not ended so long after it was told to is ended.
  private static var longestStop: TimeSpan { TimeSpan(seconds: 12) }

  private func readFastSensors(
    _ bench: inout Bench, _ supervisor: inout Supervisor, at now: Instant
  ) {
    guard now >= nextSensors else { return }
    nextSensors = now + TimeSpan(milliseconds: 50)
    let latest = try? bench.readSensors()
    if bench.isChattering {
      supervisor.raise(.sensorChattering, at: now)
    } else {
      supervisor.causeGone(.sensorChattering, at: now)
    }
    if bench.glitches != toldGlitches {
      toldGlitches = bench.glitches
      rings.messages.writer.put(.glitches(toldGlitches))
    }
    // An index that can't be read says nothing, and not that the motor stands still.
    pulses = latest?.indexPulses
    let isNews =
      latest?.driverFault != readings?.driverFault
      || latest?.isReservoirLow != readings?.isReservoirLow || (latest == nil) != (readings == nil)
    guard isNews || latest?.indexPulses != readings?.indexPulses else { return }
    readings = latest
    channel.tell(latest)
    // What stops delivery can't wait for the drive's own round.
    if isNews { channel.order(orders) }
    guard let trouble = bench.trouble, trouble != toldTrouble else { return }
    toldTrouble = trouble
    rings.messages.writer.put(.trouble(trouble.line, number: trouble.number))
  }

  /// What the drive tells; before it began, the supervisor hears itself.
  private func listen(at now: Instant) {
    let grace = start.map { $0 + TimeSpan(seconds: 2) } ?? .never
    if let latest = channel.report() {
      report = latest
      report.lineCount = channel.stepsBegun
    } else if now < grace {
      beat += 1
      report.beat = beat
    }
  }

  private func perform(_ action: SupervisorAction, _ parts: inout Parts, at now: Instant) {
    switch action {
    case .grant(let counts, let upTo, let until):
      guard
        rings.toJournal.writer.put(.grant(counts, upTo: upTo, until: until, at: now))
      else { return parts.supervisor.grantFailed(at: now) }
      askedSince = now
    case .cut(let alarm, let count):
      take(&parts, at: now)
      orders.countAtHold = min(orders.countAtHold, count ?? .max)
      orders.cut = orders.cut ?? alarm
      channel.order(orders)
    case .hold(true):
      take(&parts, at: now)
      orders.holds += 1
      orders.isHeld = true
      channel.order(orders)
    case .hold(false):
      try? parts.bench.holdEnable(false)
      orders.isHeld = false
      channel.order(orders)
    case .doubt(let steps):
      orders.doubted += steps
      channel.order(orders)
    case .fallBack(let flow):
      orders.fallBack = flow
      channel.order(orders)
      parts.supervisor.fellBack(to: flow, at: now)
    case .test(let part): test(part, &parts, at: now)
    case .sound(let tone): attempt(&parts, at: now) { $0.sound(tone) }
    // An external watchdog that is not kicked cuts the motor while steps are counted.
    case .kick: attempt(&parts, at: now) { $0.kick() == nil ? nil : .deviceLost }
    case .readSensors:
      if let readings { parts.supervisor.observe(readings, at: now) }
    }
  }

  /// Takes ENABLE; what the drive makes from now on moves nothing for sure only once it has fallen.
  private func take(_ parts: inout Parts, at now: Instant) {
    // The first time counts: what is made while ENABLE is released moves nothing.
    if !parts.bench.isHeld { orders.countAtHold = channel.stepsTold }
    isReleaseOwed = (try? parts.bench.holdEnable(true)) == nil
    if isReleaseOwed { parts.supervisor.raise(.deviceLost, at: now) }
  }

  private func attempt(
    _ parts: inout Parts, at now: Instant, _ work: (inout Bench) -> FaultKind?
  ) {
    switch work(&parts.bench) {
    case nil: break
    case .deviceLost: parts.supervisor.lost(at: now)
    // A sound that could not be made is tried again at the alarm's next interval.
    default: parts.supervisor.raise(.selfTestFailed, at: now)
    }
  }

  private func test(_ part: SelfTestPart, _ parts: inout Parts, at now: Instant) {
    switch part {
    case .journal, .profile:
      if let proof = proofs[Int(part.rawValue)] {
        proving = nil
        proofs[Int(part.rawValue)] = nil
        return parts.supervisor.tested(part, proof, at: now)
      }
      if proving != part, rings.toJournal.writer.put(.prove(part)) { proving = part }
      parts.supervisor.tested(part, .pending, at: now)
    default: parts.supervisor.tested(part, parts.bench.prove(part), at: now)
    }
  }

  private func journal(_ entry: JournalEntry, at now: Instant) {
    rings.toJournal.writer.put(.entry(entry, at: now))
  }

  /// Passes the supervisor's events to the journal and to the display, each as there is room.
  private func tellEvents(_ supervisor: borrowing Supervisor) {
    while told < supervisor.eventCount {
      if let event = supervisor.event(told),
        !rings.toJournal.writer.put(.entry(.event(event.event), at: event.at))
      {
        break
      }
      told += 1
    }
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

  /// Kicks what watches the supervisor itself: it is here.
  private func watchSystem(_ parts: inout Parts, at now: Instant) {
    guard now >= nextSystemKick else { return }
    nextSystemKick = now + TimeSpan(seconds: 1)
    ServiceManager.tell("WATCHDOG=1")
    if (try? parts.bench.kickSystem()) == nil {
      parts.supervisor.raise(.watchdogUnproven, at: now)
    }
  }

  private func watchTest(_ supervisor: borrowing Supervisor) {
    guard !isReady, !supervisor.isTesting || supervisor.cutBy != nil else { return }
    isReady = true
    rings.news.writer.put(.ready(supervisor.cutBy))
  }

  private func watchChild(_ parts: inout Parts, at now: Instant) {
    // The order to rest is the drive's word that it does.
    if start != nil, channel.report() != nil, !report.isDelivering,
      parts.supervisor.isDelivering, orders.stops || report.isTripped
    {
      parts.supervisor.rested(at: now)
    }
    if now >= stopBy { child.kill() }
    end = child.end()
  }

  /// De-energises, and books what the drive's lines saw: it may have died between two reports.
  private func finish(_ parts: inout Parts) {
    let now = clock.read()
    // What the drive had not yet booked as uncertain when it ended.
    let most = min(
      parts.bench.isHeld ? orders.countAtHold : .max, parts.supervisor.stalledCount ?? .max)
    let isReleased = (try? parts.bench.holdEnable(true)) != nil
    if !isReleased { parts.supervisor.raise(.deviceLost, at: now) }
    let counts = channel.finalCounts(notBeyond: most)
    let carried = parts.supervisor.carried
    let isDead = start != nil && end != .exited(0)
    if isDead {
      parts.supervisor.raise(.driveSilent, at: now)
      attempt(&parts, at: now) { $0.sound(.double) }
    }
    let missed = channel.report()?.missed ?? 0
    let total = StepCounts(
      certain: carried.certain + counts.certain, uncertain: carried.uncertain + counts.uncertain,
      missed: carried.missed + missed, atFill: carried.atFill)
    tellEvents(parts.supervisor)
    tellRefusal(at: now)
    _ = rings.toJournal.writer.put(.grant(total, upTo: total.highest, until: now, at: now))
    if !isDead { journal(.event(.ended), at: now) }
    rings.toJournal.writer.put(.close)
    if isDead { soundOut(&parts) }
    guard let end else { return }
    rings.news.writer.put(
      .driveEnded(
        end, isReleased: isReleased, certain: counts.certain, uncertain: counts.uncertain))
  }

  /// Journals what the drive refused though the supervisor allowed it.
  private func tellRefusal(at now: Instant) {
    guard start != nil, end == .exited(0) else { return }
    let outcome = channel.left(as: DriveEnding.self).outcome
    guard outcome.refusal != nil else { return }
    journal(.command(outcome.refusedBolus ? .bolus : .begin, 0, isAccepted: false), at: now)
  }

  /// Stays until the tone has been heard: the buzzer falls silent with the program.
  private func soundOut(_ parts: inout Parts) {
    let end = clock.read() + AlarmTone.double.length
    while clock.read() < end {
      parts.bench.tend(at: clock.read())
      channel.waitForBell(after: channel.bell, until: clock.monotonic(at: end))
    }
  }
}

extension GuardBench where Self: ~Copyable {
  fileprivate mutating func sound(_ tone: AlarmTone) -> FaultKind? {
    do throws(AnnunciatorFailure) { try sound(tone) as Void } catch { return error.kind }
    return nil
  }

  fileprivate mutating func kick() -> FaultKind? {
    do throws(WatchdogFailure) { try kickWatchdog() } catch { return error.kind }
    return nil
  }
}
