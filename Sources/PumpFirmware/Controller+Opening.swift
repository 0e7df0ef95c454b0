import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

extension Controller {
  /// Events that either channel keeps until the journal has them.
  private static var recorderCapacity: Int { 12 }
  /// Edges that wait for a host that traces.
  private static var traceCapacity: Int { 128 }

  /// Opens a session: everything it needs is made, and its self-test begins.
  ///
  /// - Returns: Why it can't be.
  mutating func open(_ order: StartOrder) -> (ConsoleProblem, UInt64)? {
    if let journalProblem {
      if case .damaged(let sequence) = journalProblem { return (.journalUnusable, sequence) }
      if case .chainBroken(let sequence) = journalProblem { return (.journalUnusable, sequence) }
      return (.journalUnusable, 0)
    }
    guard let copy = FlashLayout<B>.wholeImage else { return (.noImage, 0) }
    Arena.rewind()
    let compiled = Arena.room(for: CompiledRun.self)
    do throws(ImageProblem) {
      compiled.initialize(
        to: try CompiledRun(
          count: FlashLayout<B>.imageStride, word: FlashLayout<B>.word(copy)))
    } catch {
      return (.imageUnusable, UInt64(error.rawValue))
    }
    compiled.pointee.engine.recorderCapacity = Self.recorderCapacity
    let plan: SessionPlan
    do throws(SessionProblem) {
      plan = try self.plan(compiled, order)
    } catch {
      if case .concentrationDiffers = error { return (.concentrationDiffers, 0) }
      return (.fillingDiffers, 0)
    }
    let drive = makeDrive(compiled, plan, place: order.place)
    drive.pointee.loop.engine.restoreFilling(plan.filled)
    let session = makeSession(compiled, plan, order, drive)
    B.kickWatchdog()
    remember(session)
    B.kickWatchdog()
    session.pointee.running.write(plan.opening, at: plan.opened)
    if let filling = plan.filling { session.pointee.running.write(filling, at: plan.opened) }
    session.pointee.running.write(plan.settling, at: plan.opened)
    session.pointee.running.open(plan)
    session.pointee.running.pump.setTrace(traces)
    B.attach(UnsafeMutableRawPointer(drive))
    session.pointee.running.pump.withDrive { $0.serve() }
    self.session = session
    Arena.seal()
    return nil
  }

  @inline(never)
  private func plan(_ compiled: UnsafeMutablePointer<CompiledRun>, _ order: StartOrder)
    throws(SessionProblem)
    -> SessionPlan
  {
    let before = records.pointee.journal.state
    var wish = SessionWish(
      step: compiled.pointee.engine.step,
      concentration: compiled.pointee.prescription.concentration,
      filled: compiled.pointee.engine.reservoir.filled)
    wish.isRefilled = order.isRefilled
    wish.isAfterOutage = order.isAfterOutage
    wish.singleBolus = compiled.pointee.singleBolus
    // The same image: what was filled since it was loaded rules.
    if order.isTakenUp { wish.filledBefore = wish.filled }
    let now = self.now
    let clocks = SystemClocks(
      boot: boot, elapsed: now.elapsed(since: .epoch),
      wallSeconds: wallOffset &+ Int64(now.nanoseconds / 1_000_000_000), isSynchronised: false)
    return try SessionPlan(
      before, binding: before.binding, wish, clocks, startingAt: now, atLeast: now)
  }

  @inline(never)
  private func makeDrive(
    _ compiled: UnsafeMutablePointer<CompiledRun>, _ plan: SessionPlan, place: TimeSpan
  ) -> UnsafeMutablePointer<DriveSide<B>> {
    var settings = compiled.pointee.engine
    if let lie { settings.step = lie.step(settings.step) }
    var hardware = DriveHardware<B>(
      origin: origin, timing: settings.driver, motor: settings.motor,
      head: EmulatedHead(stepsPerIndex: compiled.pointee.stepsPerIndex),
      trace: EdgeRing(capacity: Self.traceCapacity))
    hardware.doublesSteps = lie == .doubleSteps
    hardware.wallOffset = wallOffset
    let side = Arena.room(for: DriveSide<B>.self)
    side.initialize(
      to: DriveSide<B>(
        Engine(
          settings: settings, prescription: compiled.pointee.prescription, place: place,
          start: plan.opened, carried: plan.carried),
        hardware))
    return side
  }

  @inline(never)
  private func makeSession(
    _ compiled: UnsafeMutablePointer<CompiledRun>, _ plan: SessionPlan, _ order: StartOrder,
    _ drive: UnsafeMutablePointer<DriveSide<B>>
  ) -> UnsafeMutablePointer<Session<B>> {
    var settings = compiled.pointee.engine.supervisor(
      stepsPerIndex: compiled.pointee.stepsPerIndex, stallTries: compiled.pointee.stallTries)
    settings.recorderCapacity = Self.recorderCapacity
    let session = Arena.room(for: Session<B>.self)
    session.initialize(
      to: Session<B>(
        running: PumpSession(
          pump: InterruptDrive<B>(drive, lie: lie),
          supervisor: Supervisor(
            settings: settings, prescription: compiled.pointee.prescription, place: order.place,
            carried: plan.carried, start: plan.opened, servedSince: plan.servedSince),
          records: FlashRecords<B>(records, lie: lie), room: .console),
        order: order, plan: plan))
    #if PUMP_TRIALS
      session.pointee.running.pump.headFault = headFault
    #endif
    return session
  }

  /// Tells both channels what was given in the last day, before anything is given now, and the session what it was
  /// asked for.
  private func remember(_ session: UnsafeMutablePointer<Session<B>>) {
    let side = session.pointee.side
    let now = session.pointee.openedAt
    let settings = session.pointee.running.supervisor.settings
    let binding = JournalBinding(
      step: settings.step,
      concentration: session.pointee.running.supervisor.prescription.concentration)
    records.pointee.journal.recall(by: now) { steps, instant, kept in
      let worth = (kept ?? binding).steps(steps, as: binding)
      side.pointee.loop.engine.recall(steps: worth, by: instant)
      session.pointee.running.supervisor.recall(steps: worth, by: instant)
    }
    records.pointee.journal.recallBoluses(by: now) { kind, instant in
      if kind == .patient { side.pointee.loop.engine.recallPatientBolus(at: instant) }
      side.pointee.loop.engine.recallBolus(at: instant)
      session.pointee.running.supervisor.recallBolus(at: instant)
    }
    records.pointee.journal.recallRequests { session.pointee.running.remember($0) }
  }
}
