import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
public import PumpUnits

extension Engine {
  /// When the plan next changes by itself.
  var planAt: Instant { min(planner.segmentEnd, nextScheduled?.at ?? .never) }

  /// Works out when the engine next has something else to do than an edge.
  mutating func scheduleSlow() {
    slowAt = min(planAt, min(alarms.deadline, nextHousekeeping))
  }

  /// Plans the next edge from what is due.
  @usableFromInline
  mutating func planStroke(at now: Instant) {
    let wish = isStarved ? .never : books.owed > 0 ? now : planner.nextDue
    let isDelivering = (state == .delivering || program.bolus != nil || books.owed > 0) && !isHeld
    sequencer.plan(step: wish, isDelivering: isDelivering, after: now)
    scheduleSlow()
  }

  /// A pause of a ramped bolus that the motor follows, as it was when it was looked at last.
  struct Standstill: BitwiseCopyable {
    var since = Instant.epoch
    var lookedAt = Instant.epoch
    /// Steps that were made, and that were planned, by then.
    var made = UInt64.max
    var planned = UInt64.max
  }

  /// By how much the plan is behind.
  func lateness(at now: Instant) -> TimeSpan { now.elapsed(since: min(planner.nextDue, planAt)) }

  /// Walks the plan up to now: what fell due on the way is owed.
  mutating func catchUp(to now: Instant) {
    while planAt <= now {
      let at = planAt
      books.owe(planner.takeAll(by: at))
      limitBacklog(at: now)
      if let bolus = program.bolus, bolus.end <= at { endBolus(at: at) }
      if let next = nextScheduled, next.at <= at {
        beginScheduled(next.bolus, due: next.due, at: at)
      }
      planner.begin(program.segment(from: at), at: at)
    }
    updateSpacing(at: now)
    limitBacklog(at: now)
  }

  /// Brings the plan up to now: everything that is due by now and not made is owed.
  mutating func bringUp(to now: Instant) {
    if lateness(at: now) > lateLimit { return settle(at: now) }
    catchUp(to: now)
    books.owe(planner.takeAll(by: now))
    limitBacklog(at: now)
  }

  /// Brings the plan up to now after a late wake-up or without the motor's speed, and decides what becomes of the
  /// backlog.
  mutating func settle(at now: Instant) {
    if followDelay(at: now) { return }
    if books.owed == 0, lateness(at: now) > lateLimit { log(.late(lateness(at: now)), at: now) }
    catchUp(to: now)
    books.owe(planner.takeAll(by: now))
    limitBacklog(at: now)
    guard let bolus = program.bolus, bolus.isRamped else { return }
    // A motor that paused can't go on at full speed: what is owed comes first, at the start rate,
    // and the rest of the bolus begins anew from there.
    let isAwake = settings.driver.energise == .always && sequencer.isReady(since: now)
    let waking = isAwake ? TimeSpan.zero : settings.driver.wakeUp
    let pause = settings.motor.startInterval * (books.owed + 1) + waking
    deliveredBeforePause += bolus.volume(by: now)
    let late = bolus.resumed(at: max(now, bolus.start), after: pause)
    program.bolus = late
    watchPromise(late, at: now)
    planner.begin(program.segment(from: now), at: now)
    updateSpacing(at: now)
  }

  /// Goes on after a delay that the motor follows.
  ///
  /// The bolus stood still from right before what is late, and has its speed again at once; the flow under it went on.
  ///
  /// - Returns: Whether it does. Not where the motor has lost its power meanwhile, where the flow under the bolus
  ///   changes, or where that has a step of its own due: it has no place between the bolus's at their speed.
  private mutating func followDelay(at now: Instant) -> Bool {
    let due = min(planner.nextDue, planAt)
    guard let bolus = program.bolus, bolus.isRamped, due > bolus.start,
      sequencer.isReady(since: bolus.start)
    else { return false }
    let made = books.delivered + books.uncertain
    // Without a step in between it is one pause, however often it was looked at. Two looks that are closer than a late
    // step is let be leave a step owed: the motor starts anew then.
    let isOne = standstill.made == made
    let since = isOne ? min(standstill.since, due) : due
    let isSame =
      isOne && standstill.planned == planner.planned
      && standstill.lookedAt == planner.segmentStart
    let from = isSame ? standstill.lookedAt : Instant(nanoseconds: due.nanoseconds - 1)
    guard isSame || books.owed == 0, now.elapsed(since: since) <= settings.motor.followsDelay
    else { return false }
    program.bolus = nil
    let meanwhile = program.segment(from: from)
    program.bolus = bolus
    guard meanwhile.end > now, (nextScheduled?.at ?? .never) > now else { return false }
    planner.begin(meanwhile, at: from)
    // The step that is late is the only one.
    guard books.owed + planner.planned(by: now) - planner.planned <= 1 else {
      planner.begin(program.segment(from: from), at: from)
      return false
    }
    books.owe(planner.takeAll(by: now))
    log(.late(now.elapsed(since: due)), at: now)
    let late = bolus.delayed(by: now.elapsed(since: from))
    program.bolus = late
    watchPromise(late, at: now)
    planner.begin(program.segment(from: now), at: now)
    standstill = Standstill(since: since, lookedAt: now, made: made, planned: planner.planned)
    return true
  }

  /// Alarms where a bolus falls further behind than the backlog's limit: each pause alone may be short.
  private mutating func watchPromise(_ late: BolusShape, at now: Instant) {
    guard let promised else { return }
    let given = deliveredBeforePause + late.volume(by: promised.end)
    let behind = (try? settings.step.steps(in: promised.volume.lessening(by: given))) ?? .max
    guard behind > settings.backlogLimit else { return }
    self.promised = nil
    raise(.underDelivery, at: now)
    causeGone(.underDelivery, at: now)
  }

  /// Ends all flow at once; what is owed is missed.
  mutating func stopPlan(at now: Instant) {
    catchUp(to: now)
    books.owe(planner.takeAll(by: now))
    let steps = books.forgo()
    if steps > 0 { log(.forgone(steps: steps), at: now) }
    isBolusCut = true
    endBolus(at: now)
    isBolusCut = false
    program.isSuspended = true
    nextScheduled = nil
    planner.begin(program.segment(from: now), at: now)
  }

  /// Gives up what is owed where it is past the limit, and says so.
  private mutating func limitBacklog(at now: Instant) {
    guard books.owed > settings.backlogLimit else { return }
    let steps = books.forgo()
    log(.forgone(steps: steps), at: now)
    raise(.underDelivery, at: now)
    causeGone(.underDelivery, at: now)
  }

  /// Lets the flow change at once.
  ///
  /// - Parameters:
  ///   - now: The present instant.
  ///   - searches: Whether the pattern's next bolus is another one now; else the one that is known,
  ///     a postponed one too, keeps its turn.
  mutating func replan(at now: Instant, searches: Bool) {
    planner.begin(program.segment(from: now), at: now)
    if searches { findScheduled(from: now) }
    updateSpacing(at: now)
    planStroke(at: now)
  }

  private mutating func findScheduled(from instant: Instant) {
    nextScheduled = program.nextScheduledBolus(from: instant).map { ($0.bolus, $0.at, $0.at) }
  }

  /// Lays a bolus over the basal.
  mutating func lay(_ shape: BolusShape, kind: BolusKind, at now: Instant) {
    program.bolus = shape
    promised = shape
    bolusKind = kind
    if kind != .prime { lastBolus = now }
    lostBeforeBolus = books.missed + books.uncertain
    log(.bolusBegan(kind, shape.volume), at: now)
  }

  private mutating func beginScheduled(_ bolus: Bolus, due: Instant, at instant: Instant) {
    if let running = program.bolus {
      // A ramp makes a bolus a little longer than prescribed; the next one waits for it.
      nextScheduled = (bolus, due, running.end)
      return
    }
    findScheduled(from: due + TimeSpan(nanoseconds: 1))
    // One that had to wait until the next one's turn can't be given; nor can one that the checks of
    // the prescription should have refused. Neither is lost in silence.
    let nextDue = nextScheduled?.due ?? .never
    if nextDue < instant { nextScheduled?.at = instant }
    // A pattern that was moved may have it again too soon. One that was taken up again begins at a whole second.
    let isTooSoon = settings.limits.wait(at: due + TimeSpan(seconds: 2), since: lastBolus) != nil
    guard instant < nextDue, !isTooSoon, let shape = try? shape(of: bolus, at: instant)
    else {
      log(.bolusDropped(bolus.volume), at: instant)
      raise(.underDelivery, at: instant)
      causeGone(.underDelivery, at: instant)
      return
    }
    lay(shape, kind: .scheduled, at: instant)
    // It may have waited for the one before it: the pattern's own distance counts.
    lastBolus = due
  }

  /// The shape of a bolus that begins now; one that needs a ramp waits for the driver to wake.
  func shape(of bolus: Bolus, at instant: Instant) throws(QuantityError) -> BolusShape {
    try BolusShape(
      of: bolus, from: instant, over: program.isSuspended ? .zero : prescription.therapy.peakBasal,
      motor: settings.motor, step: settings.step, lead: settings.driver.lead)
  }

  /// Closes the books of the bolus in progress.
  mutating func endBolus(at instant: Instant) {
    guard let bolus = program.bolus else { return }
    program.bolus = nil
    let lost = books.missed + books.uncertain - lostBeforeBolus
    let lostVolume = (try? settings.step.volume(ofSteps: lost, .up)) ?? bolus.volume
    let delivered = deliveredBeforePause + bolus.volume(by: instant)
    log(
      .bolusEnded(
        bolusKind, delivered.lessening(by: lostVolume), isWhole: !isBolusCut && lost == 0),
      at: instant)
    deliveredBeforePause = .zero
    promised = nil
    isBolusCut = false
  }

  /// Sets the spacing of steps to what the motor needs now.
  mutating func updateSpacing(at now: Instant) {
    let isRamped = program.bolus.map { $0.isRamped && $0.start <= now } ?? false
    // A ramp can't wait for a sleeping driver, neither at its beginning nor at its corners, beyond
    // which the next step is not known yet.
    sequencer.wakeFor = .never
    if let bolus = program.bolus, bolus.isRamped {
      sequencer.wakeFor = bolus.start > now ? bolus.start : planner.segmentEnd
    }
    let isFast = isRamped && books.owed == 0
    sequencer.spacing = isFast ? settings.motor.ratedInterval : settings.motor.startInterval
    // Waking the driver may hold up the first step of a flow; a ramp has waited for that before.
    lateLimit = isFast ? sequencer.spacing : sequencer.spacing + settings.driver.lead
  }
}
