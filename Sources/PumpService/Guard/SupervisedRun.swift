package import Foundation
import PumpDrive
import PumpFiles
package import PumpHAL
import PumpJournal
package import PumpLinux
package import PumpMessages
import PumpPlan
import PumpSafety
import PumpSession
import PumpTherapy
package import PumpUnits

/// A run of two processes: the drive a program of its own, the supervisor and the journal on threads of this one.
package final class SupervisedRun: RunControl, @unchecked Sendable {
  package let messages: RunRing
  package let supervisorsMessages: RunRing?
  private let channel: Channel
  private let rings: Rings
  private var guarding: RealTimeThread?
  private var journaling: RealTimeThread?
  private let journal: JournalEnd
  /// Whether the journal took all of the run's records, as far as is known.
  package private(set) var isJournalWhole = true
  private let ordering = NSLock()
  private var startTasks: ((SupervisedRun) -> Bool)?
  private let child: ChildProcess
  private let clock: PacedClock
  private let carried: StepCounts
  private let step: StepVolume
  private let reservoir: Reservoir
  /// How the drive's process ended, and whether ENABLE reads back as released then.
  package private(set) var end: ChildProcess.End?
  private var isReleased = false
  private var finalCounts: (certain: UInt64, uncertain: UInt64) = (0, 0)
  private var isReady = false
  /// Why the pump may not begin.
  package private(set) var obstacle: Alarm?
  package private(set) var first = Instant.epoch
  /// CLOCK_MONOTONIC then, in nanoseconds.
  package private(set) var beganMonotonic: UInt64 = 0
  package let plan: DrivePlan
  private let longestStart: TimeSpan
  /// What clients are served by.
  package var served: ServedRun { ServedRun(rings, channel) }
  /// The pump's clock when the session was opened, and the wall clock then.
  package let opened: Instant
  package let openedOn = Date()

  /// Starts the drive, and prepares the threads.
  ///
  /// - Parameter claim: Claims the supervisor's side of the bench.
  package init<Bench: GuardBench & ~Copyable, Store: RunStore & ~Copyable>(
    _ design: Design, session: consuming RunOpening<Store>,
    claiming claim: (Channel) throws -> Bench
  ) throws {
    let handover = DriveHandover(plan: design.plan, lines: design.lines, supervisor: getpid())
    guard let memory = DriveMemory(try handover.bytes()), let rings = Rings(memory) else {
      Self.end(&session)
      throw ProjectFiles.Problem(
        description: "error: no memory, or no file descriptor, for the channel")
    }
    let channel = memory.channel
    let child: ChildProcess
    // The locks and the journal are the drive's too: nobody writes to it while one is left behind.
    let held = design.locks.map(\.file) + (session.journal.store.lockedFile.map { [$0] } ?? [])
    do throws(LineFault) {
      child = try DriveProgram.start(design.program, memory, held)
    } catch {
      Self.end(&session)
      throw ProjectFiles.Problem(
        description:
          "error: the drive's process does not start: \(String(cString: strerror(error.number)))")
    }
    let bench: Bench
    do { bench = try claim(channel) } catch {
      var orders = DriveOrders()
      orders.stops = true
      channel.order(orders)
      Self.end(&session)
      throw error
    }
    self.child = child
    self.channel = channel
    self.rings = rings
    messages = rings.drive
    supervisorsMessages = rings.supervisor
    plan = design.plan
    longestStart = design.longestStart
    opened = session.plan.opened
    carried = session.plan.carried
    step = design.plan.settings.step
    reservoir = design.plan.settings.reservoir
    var clock = PacedClock(pace: .asleep)
    clock.start(at: session.plan.opened, onMonotonic: monotonicNanoseconds())
    self.clock = clock.copy
    var supervisor = Supervisor(
      settings: design.supervisor, prescription: design.plan.prescription, carried: carried,
      start: session.plan.opened, servedSince: session.plan.servedSince)
    if design.isSuspect {
      supervisor.raise(.journalSuspect, at: session.plan.opened)
      supervisor.causeGone(.journalSuspect, at: session.plan.opened)
    }
    if design.hasWaitingProfile { supervisor.raise(.profileWaits, at: session.plan.opened) }
    var running = PumpSession(
      pump: ChannelDrive(
        bench, channel: channel, commands: rings.commands, answers: rings.answers,
        parts: rings.parts, messages: rings.supervisor, clock: clock),
      supervisor: supervisor,
      records: ChannelRecords(
        orders: rings.toJournal, answers: rings.fromJournal, news: rings.news,
        withholdsGrants: design.plan.fault == .deaf),
      position: UInt64(session.journal.state.session) << 32)
    running.open(session.plan, session.memory)
    let guardTask = GuardTask(
      session: running,
      channel: channel,
      rings: .init(
        orders: rings.orders, news: rings.news, messages: rings.supervisor,
        toJournal: rings.toJournal, requests: rings.requests, prescriptions: rings.prescriptions,
        toClients: rings.toClients),
      clock: clock, child: child, bolus: design.plan.task.singleBolus,
      fallsBack: session.plan.fallsBack, isResumed: session.plan.isResumed,
      isHeld: session.plan.isHeld, isClockKept: session.isClockKept)
    let journalTask = JournalTask(
      session.journal, orders: rings.toJournal, answers: rings.fromJournal,
      events: rings.driveEvents, channel: channel, texts: rings.texts)
    journal = journalTask.end
    let wish = design.wish
    startTasks = { run in
      run.journaling = RealTimeThread.start(.init(priority: 0, locksMemory: false), journalTask)
      run.guarding = RealTimeThread.start(wish, guardTask)
      return run.journaling != nil && run.guarding != nil
    }
  }

  /// A session that never began has nothing uncertain.
  private static func end<Store: RunStore & ~Copyable>(_ session: inout RunOpening<Store>) {
    _ = try? session.journal.append(
      .event(.ended), at: session.plan.opened, wallSeconds: wallClockSeconds())
  }

  /// Starts the supervisor, and waits for its self-test.
  ///
  /// - Parameter tell: Called with each part.
  /// - Returns: Whether the pump may begin.
  package func test(_ tell: (SelfTestPart, Bool) -> Void) -> Bool {
    guard let startTasks, startTasks(self) else {
      // Nobody is there who would tell it to stop.
      child.kill()
      end = .killed(signal: 9)
      return false
    }
    var pause = PacedClock(pace: .asleep)
    let latest = pause.read() + longestStart
    while !isReady || channel[.ready] == 0, end == nil {
      if pause.read() > latest, channel[.ready] == 0 { child.kill() }
      takeNews(tell)
      _ = pause.wait(until: pause.read() + TimeSpan(milliseconds: 5))
      if let signal = StopSignal.take(within: 0) {
        orderStop()
        stoppedBy = signal
      }
    }
    return end == nil && obstacle == nil && stoppedBy == nil
  }

  /// What waits for somebody's acknowledgement before anything is delivered.
  package private(set) var waitsFor: Alarm?

  /// The signal that ended the self-test.
  package private(set) var stoppedBy: Int32?

  /// What became of the journal's file, if it was taken from its name.
  package private(set) var misplaced: JournalPlace?

  private func takeNews(_ tell: (SelfTestPart, Bool) -> Void = { _, _ in }) {
    while let news = rings.news.take() {
      switch news {
      case .tested(let part, let passed): tell(part, passed)
      case .journalMisplaced(let place): misplaced = place
      case .waits(let alarm):
        waitsFor = alarm
        tellWaiting(alarm)
      case .ready(let obstacle):
        isReady = true
        self.obstacle = obstacle
      case .driveEnded(let end, let isReleased, let certain, let uncertain):
        self.end = end
        finalCounts = (certain, uncertain)
        self.isReleased = isReleased
      }
    }
  }

  /// Called once where an alarm that nobody has acknowledged keeps the therapy from beginning.
  package var tellWaiting: (Alarm) -> Void = { _ in }

  /// Says for the operator that an alarm was noticed.
  package func acknowledge(_ alarm: Alarm) {
    rings.orders.writer.put(.acknowledge(alarm))
    channel.ring()
  }

  /// So long after it is told, the therapy begins: by then its first grant is journaled.
  package static var lead: TimeSpan { TimeSpan(milliseconds: 300) }

  /// When the therapy would begin if it were told to now.
  package var nextFirst: Instant { clock.read() + Self.lead }

  /// Lets the therapy begin.
  package func begin(at first: Instant, place: TimeSpan) {
    self.first = first
    beganMonotonic = clock.monotonic(at: first)
    rings.orders.writer.put(
      .start(at: first, place: place))
    channel.ring()
    ServiceManager.tell("READY=1\nSTATUS=delivering, for bench use only")
  }

  package func orderStop() {
    ordering.withLock { _ = rings.orders.writer.put(.stop) }
    channel.ring()
    ServiceManager.tell("STOPPING=1")
  }

  /// Whether the drive's process has ended, with everything it told taken.
  package var hasEnded: Bool {
    takeNews()
    return end != nil
  }

  package func join() -> RunEnding {
    while !hasEnded { _ = StopSignal.take(within: 20) }
    guarding?.join()
    // A disk that hangs may never answer: the ledger does not wait for it.
    isJournalWhole = journal.waitForEnd(within: TimeSpan(seconds: 5))
    if isJournalWhole { journaling?.join() }
    guard end == .exited(0) else { return deadEnding() }
    let left = channel.left(as: DriveEnding.self)
    var ending = RunEnding()
    ending.outcome = left.outcome.counted(from: first)
    // What a step is worth is not the drive's to say.
    let ledger = left.outcome.status.ledger
    ending.outcome?.status.delivered = volume(ledger.delivered)
    ending.outcome?.status.uncertain = volume(ledger.uncertain)
    ending.outcome?.status.missed = volume(ledger.missed)
    ending.processorTime = left.processorTime
    ending.elapsed = left.elapsed
    ending.lostMessages = left.lostMessages
    ending.isRecordWhole = left.isRecordWhole
    return ending
  }

  private func volume(_ steps: UInt64) -> Volume {
    (try? step.volume(ofSteps: steps)) ?? Volume(femtolitres: .max)
  }

  /// The books of a drive that died, as its lines saw them.
  private func deadEnding() -> RunEnding {
    let counts = finalCounts
    let now = clock.read()
    let made = counts.certain + counts.uncertain
    let missed = channel.report()?.missed ?? 0
    let ledger = DeliveryLedger(
      delivered: counts.certain, uncertain: counts.uncertain, missed: missed)
    let status = PumpStatus(
      ofDeadDrive: ledger, because: .driveSilent, step: step,
      reservoir: reservoir.left(
        afterSteps: carried.highest + made - carried.atFill, of: step))
    var ending = RunEnding()
    let outcome = RunOutcome(
      status: status, held: now, end: now, refusal: nil, isAtRest: isReleased)
    ending.outcome = outcome.counted(from: first)
    return ending
  }
}
