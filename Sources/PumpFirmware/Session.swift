import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

/// What a host asks of a session, or the board of itself after a reset.
struct StartOrder {
  /// Where in its pattern the therapy is.
  var place: TimeSpan
  /// Whether that is the place to begin at, whenever that is; else it is the place now.
  var isPlaceExact: Bool
  /// For how long; `nil` until it is stopped.
  var span: TimeSpan?
  var isConfirmed: Bool
  var isRefilled: Bool
  var isAfterOutage: Bool
  /// Whether the board goes on by itself with what it ran.
  var isTakenUp = false
}

/// A therapy from the command to its end: the running pump, with the drive in the interrupt and the journal in flash.
struct Session<B: Board>: ~Copyable {
  var running: PumpSession<InterruptDrive<B>, FlashRecords<B>>
  let order: StartOrder
  /// When it was opened, and what was decided by the journal then.
  let openedAt: Instant
  let bolus: Bolus?
  let fallsBack: Bool
  let isResumed: Bool
  let isHeld: Bool
  /// Whether it was told what the therapy waits for.
  var isWaitTold = false
  private var stopBy = Instant.never
  /// When the supervisor looks next.
  private(set) var lookAt: Instant

  /// A bolus slows down in a few seconds; a motor that is not at rest by then has a fault.
  private static var longestStop: TimeSpan { TimeSpan(seconds: 5) }

  init(
    running: consuming PumpSession<InterruptDrive<B>, FlashRecords<B>>, order: StartOrder,
    plan: borrowing SessionPlan
  ) {
    self.running = running
    self.order = order
    openedAt = plan.opened
    bolus = plan.bolus
    fallsBack = plan.fallsBack
    isResumed = plan.isResumed
    isHeld = plan.isHeld
    lookAt = plan.opened
  }

  /// The pump's clock.
  var now: Instant { running.pump.now }

  var side: UnsafeMutablePointer<DriveSide<B>> { running.pump.side }

  var hasBegun: Bool { running.beganAt != nil }

  /// One look of the supervisor at the drive, and what follows from it.
  mutating func turn() {
    let now = self.now
    running.turn(at: now)
    RetainedClock<B>.keep(now, wallOffset: side.pointee.loop.hardware.wallOffset)
    lookAt = min(now + running.supervisor.settings.poll, running.deadline)
  }

  /// From the command to begin to the beginning: by then both channels have searched the whole pattern for
  /// the most that it asks for, which takes by the square of its entries, and the first grant is journaled.
  private var lead: TimeSpan {
    var entries: UInt64 = 0
    if case .flex(let pattern) = running.supervisor.prescription.therapy {
      entries = UInt64(pattern.segments.count + pattern.boluses.count)
    }
    return TimeSpan(nanoseconds: 500_000_000 + entries &* entries &* 2_000_000)
  }

  /// Begins the therapy, the self-test being over.
  ///
  /// - Returns: Why the drive refuses.
  mutating func begin() -> Refusal? {
    let now = self.now
    let start = now + lead
    let place =
      order.isPlaceExact ? order.place : order.place + start.elapsed(since: openedAt)
    // One that waited for somebody to acknowledge an alarm has rested for as long.
    let fallsBack =
      fallsBack || now.elapsed(since: openedAt) > SessionPlan.shortOutage && !order.isAfterOutage
    var beginning = Beginning(
      at: start, place: place, bolus: fallsBack ? nil : bolus,
      fallBack: fallsBack ? running.supervisor.fallBackFlow : nil,
      isConfirmed: order.isConfirmed)
    beginning.isHeld = isHeld
    B.kickWatchdog()
    running.begin(beginning, isResumed: isResumed, at: now)
    turn()
    return running.pump.refusal
  }

  /// Carries out a request in both channels, or refuses it in both.
  ///
  /// - Returns: What became of it; `nil` where nothing answers.
  mutating func perform(_ ordered: Ordered) -> Answered? {
    let wasStopping = running.isStopping
    running.ask(ordered, at: now)
    var answered = answer(to: ordered)
    if running.isStopping, !wasStopping { stopBy = now + Self.longestStop }
    turn()
    if running.isStopping, !wasStopping { running.supervisor.rested(at: now) }
    if answered == nil { answered = answer(to: ordered) }
    return answered
  }

  /// The answer to a request; one that came too late for an earlier request is not this one's.
  private mutating func answer(to ordered: Ordered) -> Answered? {
    while let answered = running.nextAnswer() {
      if answered.ticket == ordered.ticket, answered.kind == ordered.command.kind {
        return answered
      }
    }
    return nil
  }

  /// Holds the therapy back; the session is over when the motor is at rest.
  mutating func stop() {
    guard !running.isStopping else { return }
    _ = perform(Ordered(.stop))
  }

  /// Whether the time that it was to run has passed.
  var isOver: Bool {
    guard let span = order.span, let began = running.beganAt, !running.isStopping else {
      return false
    }
    return now >= began + span
  }

  /// Whether the motor is de-energised, or does not come to rest at all.
  var isAtRest: Bool {
    running.pump.withDrive { $0.loop.engine.isAtRest } || now >= stopBy
  }

  /// Ends it: every step is accounted for, and nothing is granted any more.
  mutating func close() {
    if !running.pump.withDrive({ $0.loop.engine.isAtRest }) {
      // A motor that does not come to rest loses its power, and what that leaves open is booked as uncertain.
      try? running.pump.holdEnable(true)
      running.pump.send(.hold(true), at: now)
    }
    turn()
    running.close(at: now)
    running.pump.rest()
  }
}
