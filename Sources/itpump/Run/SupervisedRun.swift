import Foundation
import PumpEngine
import PumpHAL
import PumpJournal
import PumpLinux
import PumpPlan
import PumpSafety
import PumpTherapy
import PumpUnits

/// A run of two processes: the drive in a child of its own, the supervisor and the journal on threads of
/// this one.
final class SupervisedRun: RunControl, @unchecked Sendable {
  let messages: RunRing
  let supervisorsMessages: RunRing?
  private let channel: Channel
  private let rings: Rings
  private var guarding: RealTimeThread?
  private var journaling: RealTimeThread?
  private let journal: JournalEnd
  /// Whether the journal took all of the run's records, as far as is known.
  private(set) var isJournalWhole = true
  private let ordering = NSLock()
  private var startTasks: ((SupervisedRun) -> Bool)?
  private let child: ChildProcess
  private let clock: PacedClock
  private let carried: StepCounts
  private let step: StepVolume
  private let reservoir: Reservoir
  /// How the drive's process ended, and whether ENABLE reads back as released then.
  private(set) var end: ChildProcess.End?
  private var isReleased = false
  private var finalCounts: (certain: UInt64, uncertain: UInt64) = (0, 0)
  private var isReady = false
  /// Why the pump may not begin.
  private(set) var obstacle: Alarm?
  private(set) var first = Instant.epoch
  /// CLOCK_MONOTONIC then, in nanoseconds.
  private(set) var beganMonotonic: UInt64 = 0
  let plan: DrivePlan

  /// The rings between the parts of a run; all are made before the fork.
  struct Rings {
    let drive: RunRing
    let driveEvents: SlotRing<TimedEvent>
    let supervisor: RunRing
    let orders: SlotRing<GuardOrder>
    let news: SlotRing<GuardNews>
    let toJournal: SlotRing<JournalOrder>
    let fromJournal: SlotRing<JournalAnswer>

    init?() {
      guard let drive = RunRing(slots: 1 << 16),
        let driveEvents = SlotRing<TimedEvent>(slots: 1 << 12),
        let supervisor = RunRing(slots: 1 << 12), let orders = SlotRing<GuardOrder>(slots: 16),
        let news = SlotRing<GuardNews>(slots: 256),
        let toJournal = SlotRing<JournalOrder>(slots: 1 << 12),
        let fromJournal = SlotRing<JournalAnswer>(slots: 256)
      else { return nil }
      self.drive = drive
      self.driveEvents = driveEvents
      self.supervisor = supervisor
      self.orders = orders
      self.news = news
      self.toJournal = toJournal
      self.fromJournal = fromJournal
    }
  }

  /// What a run is made of.
  struct Design {
    var plan: DrivePlan
    var supervisor: SupervisorSettings
    var servedSince: Instant
    var outage: (span: TimeSpan, uncertain: UInt64, hasBrokenBolus: Bool)?
    /// Whether the journal is not as its last session left it.
    var isSuspect = false
    /// Whether the prescription waits for a clinician, at the minimum rate.
    var fallsBack: Bool
    /// Whether a clinician has looked, and the prescription goes on after all.
    var isResumed: Bool
    var wish: RealTimeThread.Wish
  }

  /// Forks the drive, and prepares the threads.
  ///
  /// - Parameters:
  ///   - claim: Claims the supervisor's side of the bench.
  ///   - drive: Claims the drive's side and runs; called in the child, where its result is the exit code.
  init<Bench: GuardBench & ~Copyable, Store: RunStore & ~Copyable>(
    _ design: Design, session: consuming PumpSession<Store>, channel: Channel, rings: Rings,
    claiming claim: (Channel) throws -> Bench, drive: (DriveProcess) -> Int32
  ) throws {
    var process = DriveProcess(
      plan: design.plan, channel: channel, messages: rings.drive, events: rings.driveEvents)
    let child = ChildProcess.fork { parent in
      process.supervisor = parent
      // The journal's lock is the drive's too: no other run begins while one is left behind.
      return drive(process)
    }
    guard let child else {
      throw ProjectFiles.Problem(description: "error: the system has no process left")
    }
    // Only now: a line that the child had inherited would not be free when this process is gone.
    let bench: Bench
    do { bench = try claim(channel) } catch {
      var orders = DriveOrders()
      orders.stops = true
      channel.order(orders)
      // A session that never began has nothing uncertain.
      _ = try? session.journal.append(
        .event(.ended), at: session.opened, wallSeconds: wallClockSeconds())
      throw error
    }
    self.child = child
    self.channel = channel
    self.rings = rings
    messages = rings.drive
    supervisorsMessages = rings.supervisor
    plan = design.plan
    carried = session.carried
    step = design.plan.settings.step
    reservoir = design.plan.settings.reservoir
    var clock = PacedClock(pace: .asleep)
    clock.start(at: session.opened, onMonotonic: monotonicNanoseconds())
    self.clock = clock.copy
    var supervisor = Supervisor(
      settings: design.supervisor, prescription: design.plan.prescription, carried: carried,
      start: session.opened, servedSince: design.servedSince)
    for dose in design.plan.recalled {
      supervisor.recall(steps: dose.steps, by: Instant(nanoseconds: dose.by_ns))
    }
    if design.isSuspect {
      supervisor.raise(.journalSuspect, at: session.opened)
      supervisor.causeGone(.journalSuspect, at: session.opened)
    }
    if let outage = design.outage {
      supervisor.restarted(
        after: outage.span, uncertain: outage.uncertain, at: session.opened)
      if outage.hasBrokenBolus {
        supervisor.raise(.underDelivery, at: session.opened)
        supervisor.causeGone(.underDelivery, at: session.opened)
      }
    } else if carried.uncertain > 0 {
      // Until somebody settles them, each run begins with the alarm.
      supervisor.raise(.deliveryUncertain, at: session.opened)
      supervisor.causeGone(.deliveryUncertain, at: session.opened)
    }
    let guardTask = GuardTask(
      bench: bench, supervisor: supervisor, channel: channel,
      rings: .init(
        orders: rings.orders, news: rings.news, messages: rings.supervisor,
        toJournal: rings.toJournal, fromJournal: rings.fromJournal),
      clock: clock, child: child, bolus: design.plan.task.singleBolus,
      fallsBack: design.fallsBack, isResumed: design.isResumed,
      withholdsGrants: design.plan.fault == .deaf)
    let journalTask = JournalTask(
      session.journal, orders: rings.toJournal, answers: rings.fromJournal,
      events: rings.driveEvents, channel: channel)
    journal = journalTask.end
    let wish = design.wish
    startTasks = { run in
      run.journaling = RealTimeThread.start(.init(priority: 0, locksMemory: false), journalTask)
      run.guarding = RealTimeThread.start(wish, guardTask)
      return run.journaling != nil && run.guarding != nil
    }
  }

  /// Starts the supervisor, and waits for its self-test.
  ///
  /// - Parameter tell: Called with each part.
  /// - Returns: Whether the pump may begin.
  func test(_ tell: (SelfTestPart, Bool) -> Void) -> Bool {
    guard let startTasks, startTasks(self) else {
      // Nobody is there who would tell it to stop.
      child.kill()
      end = .killed(signal: 9)
      return false
    }
    var pause = PacedClock(pace: .asleep)
    while !isReady, end == nil {
      takeNews(tell)
      _ = pause.wait(until: pause.read() + TimeSpan(milliseconds: 5))
      if let signal = StopSignal.take(within: 0) {
        orderStop()
        stoppedBy = signal
      }
    }
    return end == nil && obstacle == nil && stoppedBy == nil
  }

  /// The signal that ended the self-test.
  private(set) var stoppedBy: Int32?

  /// What became of the journal's file, if it was taken from its name.
  private(set) var misplaced: JournalPlace?

  private func takeNews(_ tell: (SelfTestPart, Bool) -> Void = { _, _ in }) {
    while let news = rings.news.take() {
      switch news {
      case .tested(let part, let passed): tell(part, passed)
      case .journalMisplaced(let place): misplaced = place
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

  /// So long after it is told, the therapy begins: by then its first grant is journaled.
  static var lead: TimeSpan { TimeSpan(milliseconds: 300) }

  /// When the therapy would begin if it were told to now.
  var nextFirst: Instant { clock.read() + Self.lead }

  /// Lets the therapy begin.
  func begin(at first: Instant, place: TimeSpan) {
    self.first = first
    beganMonotonic = clock.monotonic(at: first)
    rings.orders.writer.put(
      .start(at: first, place: place, monotonic: beganMonotonic))
    channel.ring()
    ServiceManager.tell("READY=1\nSTATUS=delivering, for bench use only")
  }

  func orderStop() {
    ordering.withLock { _ = rings.orders.writer.put(.stop) }
    channel.ring()
    ServiceManager.tell("STOPPING=1")
  }

  /// Whether the drive's process has ended, with everything it told taken.
  var hasEnded: Bool {
    takeNews()
    return end != nil
  }

  func join() -> RunEnding {
    while !hasEnded { _ = StopSignal.take(within: 20) }
    guarding?.join()
    // A disk that hangs may never answer: the ledger does not wait for it.
    isJournalWhole = journal.waitForEnd(within: TimeSpan(seconds: 5))
    if isJournalWhole { journaling?.join() }
    guard end == .exited(0) else { return deadEnding() }
    let left = channel.left(as: DriveEnding.self)
    var ending = RunEnding()
    ending.outcome = sinceStart(left.outcome)
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

  /// An outcome with its instants counted from the therapy's start.
  private func sinceStart(_ outcome: RunOutcome) -> RunOutcome {
    func moved(_ instant: Instant) -> Instant { .epoch + instant.elapsed(since: first) }
    var outcome = outcome
    outcome.held = moved(outcome.held)
    outcome.end = moved(outcome.end)
    outcome.status.refillDue = outcome.status.refillDue.map(moved)
    outcome.status.stopsDue = outcome.status.stopsDue.map(moved)
    return outcome
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
    ending.outcome = sinceStart(
      RunOutcome(status: status, held: now, end: now, refusal: nil, isAtRest: isReleased))
    return ending
  }
}
