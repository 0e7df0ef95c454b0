import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits

/// What a host asks of a session.
struct SessionWish {
  var place: TimeSpan
  var isPlaceExact: Bool
  var span: TimeSpan?
  var isConfirmed: Bool
  var isRefilled: Bool
  var isAfterOutage: Bool
}

extension Controller {
  /// Without delivery for longer than this, a prescription is not taken up again by itself [DER from 2.5].
  private static var shortOutage: TimeSpan { .hour }
  /// Events that either channel keeps until the journal has them.
  private static var recorderCapacity: Int { 12 }
  /// Edges that wait for a host that traces.
  private static var traceCapacity: Int { 128 }

  /// Goes on after a reset or a loss of power with what ran then: an abrupt stop can kill.
  mutating func takeUp() {
    let state = journal.state
    guard let began = state.began, session == nil else { return }
    let wish = SessionWish(
      place: began.place + now.elapsed(since: began.at), isPlaceExact: false, span: nil,
      isConfirmed: true, isRefilled: false, isAfterOutage: false)
    if let (problem, detail) = open(wish) {
      no(problem, detail: detail, as: "event not-taken-up")
      B.set(.buzzer, true)
    }
  }

  /// Opens a session: everything it needs is made, and its self-test begins.
  ///
  /// - Returns: Why it can't be.
  mutating func open(_ wish: SessionWish) -> (ConsoleProblem, UInt64)? {
    if let journalProblem {
      if case .damaged(let sequence) = journalProblem { return (.journalUnusable, sequence) }
      if case .chainBroken(let sequence) = journalProblem { return (.journalUnusable, sequence) }
      return (.journalUnusable, 0)
    }
    guard let copy = FlashLayout<B>.wholeImage else { return (.noImage, 0) }
    Arena.rewind()
    var compiled: CompiledRun
    do throws(ImageProblem) {
      compiled = try CompiledRun(
        count: FlashLayout<B>.imageStride, word: FlashLayout<B>.word(copy))
    } catch {
      return (.imageUnusable, UInt64(error.rawValue))
    }
    let before = journal.state
    if let problem = mismatch(compiled, before, isRefilled: wish.isRefilled) { return (problem, 0) }
    compiled.engine.recorderCapacity = Self.recorderCapacity
    let now = self.now
    let isTakenUp = before.session > 0 && !before.isEnded
    let span = wasReset ? now.elapsed(since: before.lastRunAt) : nil
    let isWaiting =
      before.waitsForClinician || isTakenUp && span.map { $0 > Self.shortOutage } ?? true
    let carried = openJournal(compiled, before, isRefilled: wish.isRefilled, at: now)
    let session = makeSession(compiled, carried, wish, servedSince: before, at: now)
    let given = before.begunBolus
    session.pointee.isTakenUp = given != nil && given == compiled.singleBolus?.volume
    session.pointee.fallsBack = isWaiting && !wish.isAfterOutage
    if isTakenUp {
      session.pointee.supervisor.restarted(
        after: span ?? .zero, uncertain: carried.highest - before.counts.highest, at: now)
      if before.openBolus != nil {
        session.pointee.supervisor.raise(.underDelivery, at: now)
        session.pointee.supervisor.causeGone(.underDelivery, at: now)
      }
    } else if carried.uncertain > 0 {
      session.pointee.supervisor.raise(.deliveryUncertain, at: now)
      session.pointee.supervisor.causeGone(.deliveryUncertain, at: now)
    }
    session.pointee.setTrace(traces)
    session.pointee.setWallOffset(wallOffset)
    B.attach(UnsafeMutableRawPointer(session.pointee.drive))
    session.pointee.withDrive { $0.serve() }
    self.session = session
    Arena.seal()
    return nil
  }

  private func mismatch(_ compiled: CompiledRun, _ state: JournalState, isRefilled: Bool)
    -> ConsoleProblem?
  {
    guard state.session > 0, let kept = state.binding else { return nil }
    guard kept.concentration == compiled.prescription.concentration else {
      return .concentrationDiffers
    }
    guard !isRefilled else { return nil }
    guard kept.step == compiled.engine.step else { return .fillingDiffers }
    if let filled = state.filled, filled != compiled.engine.reservoir.filled {
      return .fillingDiffers
    }
    return nil
  }

  private mutating func openJournal(
    _ compiled: CompiledRun, _ before: JournalState, isRefilled: Bool, at now: Instant
  ) -> StepCounts {
    let isNew = before.session == 0
    append(
      .opened(
        boot: 0, clock: B.now(), servedSince: isNew ? now : before.servedSince,
        JournalBinding(
          step: compiled.engine.step, concentration: compiled.prescription.concentration),
        isClockSynchronised: false), at: now)
    var carried = journal.state.counts
    if isNew || isRefilled {
      carried.atFill = carried.highest
      append(.event(.refilled(compiled.engine.reservoir.filled)), at: now)
    }
    // What was granted and never acknowledged is uncertain from here on, whatever happens next.
    append(.grant(carried, upTo: carried.highest, until: now), at: now)
    return carried
  }

  private mutating func makeSession(
    _ compiled: CompiledRun, _ carried: StepCounts, _ wish: SessionWish,
    servedSince before: JournalState, at now: Instant
  ) -> UnsafeMutablePointer<Session<B>> {
    let drive = makeDrive(compiled, carried, place: wish.place, at: now)
    let session = makeSupervisor(
      compiled, carried, wish, drive, servedSince: before.session == 0 ? now : before.servedSince,
      at: now)
    journal.recall(by: now) { steps, instant, _ in
      drive.pointee.loop.engine.recall(steps: steps, by: instant)
      session.pointee.supervisor.recall(steps: steps, by: instant)
    }
    return session
  }

  @inline(never)
  private func makeDrive(
    _ compiled: CompiledRun, _ carried: StepCounts, place: TimeSpan, at now: Instant
  ) -> UnsafeMutablePointer<DriveSide<B>> {
    var settings = compiled.engine
    if let lie { settings.step = lie.step(settings.step) }
    var hardware = DriveHardware<B>(
      origin: origin, timing: settings.driver, motor: settings.motor,
      head: EmulatedHead(stepsPerIndex: compiled.stepsPerIndex),
      trace: EdgeRing(capacity: Self.traceCapacity))
    hardware.doublesSteps = lie == .doubleSteps
    return Arena.place(
      DriveSide<B>(
        Engine(
          settings: settings, prescription: compiled.prescription, place: place, start: now,
          carried: carried),
        hardware))
  }

  @inline(never)
  private func makeSupervisor(
    _ compiled: CompiledRun, _ carried: StepCounts, _ wish: SessionWish,
    _ drive: UnsafeMutablePointer<DriveSide<B>>, servedSince: Instant, at now: Instant
  ) -> UnsafeMutablePointer<Session<B>> {
    var settings = compiled.engine.supervisor(stepsPerIndex: compiled.stepsPerIndex)
    settings.recorderCapacity = Self.recorderCapacity
    return Arena.place(
      Session<B>(
        drive: drive,
        supervisor: Supervisor(
          settings: settings, prescription: compiled.prescription, place: wish.place,
          carried: carried, start: now, servedSince: servedSince),
        singleBolus: compiled.singleBolus, place: wish.place, isPlaceExact: wish.isPlaceExact,
        at: now, isConfirmed: wish.isConfirmed, span: wish.span, lie: lie))
  }

  private mutating func append(_ entry: JournalEntry, at now: Instant) {
    let wallSeconds = wallOffset + Int64(now.nanoseconds / 1_000_000_000)
    _ = try? journal.append(entry, at: now, wallSeconds: wallSeconds)
  }

  /// One round of the session: the supervisor's look, the beginning, the end.
  mutating func runSession() {
    guard let session, now >= session.pointee.lookAt else { return }
    session.pointee.supervise(&journal)
    guard session.pointee.hasBegun else {
      if let obstacle = session.pointee.supervisor.cutBy { return giveUp(obstacle) }
      if session.pointee.isStopping { return closeSession() }
      if !session.pointee.supervisor.isTesting { begin(session) }
      return
    }
    if session.pointee.isOver { stopSession() }
    if session.pointee.isStopping, session.pointee.isAtRest { closeSession() }
  }

  private mutating func begin(_ session: UnsafeMutablePointer<Session<B>>) {
    let refusal = session.pointee.begin(&journal, headFault: headFault)
    var reply = Reply<B>()
    guard let refusal else {
      reply.text("event began")
      reply.number("at-ns", session.pointee.first?.nanoseconds ?? 0)
      return reply.end()
    }
    reply.text("event refused")
    reply.number("refusal", UInt64(refusal.code.number))
    reply.end()
    stopSession()
  }

  private mutating func giveUp(_ alarm: Alarm) {
    var reply = Reply<B>()
    reply.text("event not-begun")
    reply.number("alarm", UInt64(alarm.rawValue))
    reply.end()
    closeSession()
  }

  /// Holds the therapy back; the session ends when the motor is at rest.
  mutating func stopSession() {
    session?.pointee.stop(&journal)
  }

  private mutating func closeSession() {
    guard let session else { return }
    session.pointee.close(&journal)
    session.pointee.sendTrace()
    B.attach(nil)
    var reply = Reply<B>()
    reply.text("event ended")
    let counts = session.pointee.supervisor.counts
    reply.number("certain-steps", counts.certain)
    reply.number("uncertain-steps", counts.uncertain)
    reply.number("missed-steps", counts.missed)
    reply.hex("alarms", session.pointee.standingAlarms)
    let worst = session.pointee.drive.pointee.loop.hardware.worstLateness
    reply.number("worst-lateness-ns", worst.nanoseconds)
    let other = session.pointee.drive.pointee.loop.hardware.worstOtherLateness
    reply.number("worst-other-lateness-ns", other.nanoseconds)
    reply.number("lost-edges", UInt64(session.pointee.drive.pointee.loop.hardware.trace.lost))
    reply.end()
    self.session = nil
    forgetFaults()
  }

  /// What was to go wrong was for one session, begun or refused.
  mutating func forgetFaults() {
    #if PUMP_TRIALS
      headFault = nil
      lie = nil
    #endif
  }
}
