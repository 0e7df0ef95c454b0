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
    let wish = books.owed > 0 ? now : planner.nextDue
    let isDelivering = state == .delivering || program.bolus != nil || books.owed > 0
    sequencer.plan(step: wish, isDelivering: isDelivering, after: now)
    scheduleSlow()
  }

  /// Walks the plan up to now: what fell due on the way is owed.
  mutating func catchUp(to now: Instant) {
    while planAt <= now {
      let at = planAt
      books.owe(planner.takeAll(by: at))
      if let bolus = program.bolus, bolus.end <= at { endBolus(at: at) }
      if let next = nextScheduled, next.at <= at { beginScheduled(next.bolus, at: at) }
      planner.begin(program.segment(from: at), at: at)
    }
    updateSpacing(at: now)
    limitBacklog(at: now)
  }

  /// Brings the plan up to now: everything that is due by now and not made is owed.
  mutating func bringUp(to now: Instant) {
    catchUp(to: now)
    books.owe(planner.takeAll(by: now))
    limitBacklog(at: now)
  }

  /// Brings the plan up to now after a late wake-up, and decides what becomes of the backlog.
  mutating func settle(late: TimeSpan, at now: Instant) {
    if books.owed == 0 { log(.late(late), at: now) }
    bringUp(to: now)
    guard let bolus = program.bolus, bolus.isRamped, bolus.start < now else { return }
    // A motor that paused can't go on at full speed: what is owed comes first, at the start rate,
    // and the rest of the bolus begins anew from there.
    let pause = settings.motor.startInterval * (books.owed + 1) + settings.driver.wakeUp
    deliveredBeforePause += bolus.volume(by: now)
    program.bolus = bolus.resumed(at: now, after: pause)
    planner.begin(program.segment(from: now), at: now)
    updateSpacing(at: now)
  }

  /// Ends all flow at once; what is owed is missed.
  mutating func stopPlan(at now: Instant) {
    catchUp(to: now)
    books.owe(planner.takeAll(by: now))
    isBolusCut = true
    endBolus(at: now)
    isBolusCut = false
    let steps = books.forgo()
    if steps > 0 { log(.forgone(steps: steps), at: now) }
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
  mutating func replan(at now: Instant) {
    planner.begin(program.segment(from: now), at: now)
    nextScheduled = program.nextScheduledBolus(from: now)
    updateSpacing(at: now)
    planStroke(at: now)
  }

  /// Lays a bolus over the basal.
  mutating func lay(_ shape: BolusShape, kind: BolusKind, at now: Instant) {
    program.bolus = shape
    bolusKind = kind
    log(.bolusBegan(kind, shape.volume), at: now)
  }

  private mutating func beginScheduled(_ bolus: Bolus, at instant: Instant) {
    if let running = program.bolus {
      // A ramp makes a bolus a little longer than prescribed; the next one waits for it.
      nextScheduled = (bolus, running.end)
      return
    }
    if let shape = try? shape(of: bolus, at: instant) {
      lay(shape, kind: .scheduled, at: instant)
    }
    nextScheduled = program.nextScheduledBolus(from: instant + TimeSpan(nanoseconds: 1))
  }

  /// The shape of a bolus that begins now; one that needs a ramp waits for the driver to wake.
  func shape(of bolus: Bolus, at instant: Instant) throws(QuantityError) -> BolusShape {
    let basal = program.isSuspended ? .zero : prescription.therapy.peakBasal
    let shape = try BolusShape(
      of: bolus, from: instant, over: basal, motor: settings.motor, step: settings.step)
    guard shape.isRamped else { return shape }
    return try BolusShape(
      of: bolus, from: instant + settings.driver.wakeUp + settings.driver.directionSetUp,
      over: basal, motor: settings.motor, step: settings.step)
  }

  /// Closes the books of the bolus in progress.
  mutating func endBolus(at instant: Instant) {
    guard let bolus = program.bolus else { return }
    program.bolus = nil
    let delivered = deliveredBeforePause + bolus.volume(by: instant)
    log(.bolusEnded(bolusKind, delivered, isWhole: !isBolusCut), at: instant)
    deliveredBeforePause = .zero
    isBolusCut = false
  }

  /// Sets the spacing of steps to what the motor needs now.
  private mutating func updateSpacing(at now: Instant) {
    let isFast = program.bolus.map { $0.isRamped && $0.start <= now } ?? false
    sequencer.spacing = isFast ? settings.motor.ratedInterval : settings.motor.startInterval
  }
}
