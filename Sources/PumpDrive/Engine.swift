public import PumpHAL
public import PumpMessages
public import PumpPlan
import PumpSafety
public import PumpTherapy
public import PumpUnits

/// The control core: one state machine that ties plan, driver, dose guard, reservoir and alarms.
///
/// It performs no I/O and reads no clock. Whoever runs it waits until `deadline`, calls `turn` until
/// that lies in the future, does each action, and hands in sensor readings when asked. So any run
/// can be replayed, and any fault put at any event.
public struct Engine: ~Copyable {
  @inlinable public var settings: EngineSettings { fixed.value }
  @usableFromInline let fixed: Fixed<EngineSettings>
  /// What runs.
  public internal(set) var prescription: Prescription
  public internal(set) var state = PumpState.idle

  @usableFromInline var planner: StepPlanner
  @usableFromInline var sequencer: StrokeSequencer
  @usableFromInline var books = DeliveryLedger()
  /// The supervisor's grant: no step without it.
  @usableFromInline var purse: GrantPurse
  /// How many more steps the drive's own dose guard and the reservoir permitted when last asked.
  var permit: UInt64 = 0
  /// Whether steps are due and no grant covers them.
  var isStarved = false
  /// Whether the supervisor holds ENABLE released.
  var isHeld = false
  /// What earlier sessions made.
  public let carried: StepCounts
  /// When the engine next has something else to do than an edge.
  @usableFromInline var slowAt = Instant.never

  var program: FlowProgram
  var bolusKind = BolusKind.scheduled
  /// The flow that only keeps the lumen open, where the prescription was given up for it.
  public internal(set) var fallBackFlow: FlowRate?
  /// What the bolus in progress delivered before a pause made it begin anew.
  var deliveredBeforePause = Volume.zero
  /// The bolus in progress as it was to be; `nil` once it was told that it falls behind that.
  var promised: BolusShape?
  /// The delay that was followed last.
  var standstill = Standstill()
  var isBolusCut = false
  /// Steps that were missed or uncertain before the bolus in progress began.
  var lostBeforeBolus: UInt64 = 0
  /// The pattern's next bolus: when the pattern has it, and when it can begin.
  var nextScheduled: (bolus: Bolus, due: Instant, at: Instant)?
  /// What the therapy that runs asks for by itself.
  var demand = TherapyDemand.none
  /// The plan may be behind by this before it counts as late: what the driver's timing explains.
  @usableFromInline var lateLimit = TimeSpan.zero
  /// Whether a backend said that a device is gone until the next start.
  var isDeviceGone = false
  /// STEP rises that failed in a row, and the steps made by then.
  var failedSteps = 0
  var deliveredAtFailure: UInt64 = 0
  /// Whether the pump was tripped before it ever began.
  var wasIdle = false
  /// Whether the therapy ran when it was, and whether it is to be resumed since.
  var wasDelivering = false
  var isStoppedByTrip = false
  var doseGuard: DoseGuard
  var lockout = PatientLockout()
  /// When the last bolus began.
  var lastBolus: Instant?
  var reservoir: Reservoir
  /// What the reservoir's switch said last; a refill makes that old news.
  var isReservoirSwitchLow = false
  var alarms: AlarmBoard
  var recorder: FlightRecorder
  /// Steps that the dose guard has counted, and those made before the last refill.
  var guarded: UInt64 = 0
  var stepsBeforeFill: UInt64 = 0
  var nextHousekeeping: Instant
  var idleSince: Instant
  /// Steps that were made when the pump was last seen to deliver.
  var deliveredWhenSeen: UInt64 = 0
  /// Seconds by which the wall clock was ahead of the elapsed time when last seen.
  var wallOffset: Int64?

  /// Creates an engine that delivers nothing until told to begin.
  ///
  /// - Parameters:
  ///   - settings: The pump, the limits, the bench.
  ///   - prescription: What to run.
  ///   - place: Where in its pattern the therapy is at `start`.
  ///   - start: The first instant that `turn` or a command will be called with.
  ///   - carried: What earlier sessions made.
  ///   - grant: The first grant; none, so that no step is made before the supervisor gives one.
  @inline(never)
  public init(
    settings: EngineSettings, prescription: Prescription, place: TimeSpan = .zero,
    start: Instant = .epoch, carried: StepCounts = StepCounts(), grant: Grant = .none
  ) {
    fixed = Fixed(settings)
    self.carried = carried
    purse = GrantPurse(grant)
    self.prescription = prescription
    planner = StepPlanner(step: settings.step, start: start)
    sequencer = StrokeSequencer(timing: settings.driver, motor: settings.motor)
    program = FlowProgram(therapy: prescription.therapy, place: place, at: start)
    program.isSuspended = true
    doseGuard = DoseGuard(
      limits: settings.limits, concentration: prescription.concentration, step: settings.step)
    reservoir = settings.reservoir
    alarms = AlarmBoard(cadence: settings.cadence)
    recorder = FlightRecorder(capacity: settings.recorderCapacity)
    stepsBeforeFill = carried.atFill
    nextHousekeeping = start
    idleSince = start
    slowAt = start
  }

  /// When the engine next wants a turn.
  @inlinable public var deadline: Instant { min(sequencer.nextAt, slowAt) }

  /// When the next edge is due; `never` where none is planned.
  @inlinable public var edgeDeadline: Instant { sequencer.nextAt }

  /// When something else than an edge is due.
  @inlinable public var slowDeadline: Instant { slowAt }

  /// Whether the motor is de-energised and no edge is left to be made.
  public var isAtRest: Bool { sequencer.isAtRest }

  /// What was planned, made, missed and owed, in steps.
  public var ledger: DeliveryLedger { books }

  /// The events so far.
  public func event(_ number: Int) -> TimedEvent? { recorder.event(number) }

  /// How many events were ever recorded.
  public var eventCount: Int { recorder.total }

  /// Does the next thing that is due.
  ///
  /// On the way from a deadline to an edge it allocates nothing, locks nothing and logs nothing.
  ///
  /// - Parameter now: The present instant, not before `deadline`.
  /// - Returns: What to do at once; `nil` where the engine only changed its mind. Call again while
  ///   `deadline` is not in the future.
  @inlinable
  public mutating func turn(at now: Instant) -> EngineAction? {
    let due = sequencer.nextAt
    guard due <= slowAt else { return slowTurn(at: now) }
    switch sequencer.next {
    case .rise:
      guard books.owed == 0, now.elapsed(since: planner.nextDue) <= lateLimit,
        let permission = purse.take(at: now)
      else { return slowRise(at: now) }
      books.deliver(isOwed: false)
      planner.take()
      sequencer.rise(permission, at: now)
      return .edge(.step, .asserted, due: due)
    case .fall:
      sequencer.fall(at: now)
      if books.owed > 0 || !sequencer.planAfterFall(step: planner.nextDue, at: now) {
        planStroke(at: now)
      }
      return .edge(.step, .released, due: due)
    default:
      return otherEdge(at: now)
    }
  }

  /// Takes note that the edge of the last action was made later than it was decided.
  ///
  /// The edge lies somewhere between the two instants: what follows keeps its distance from the later
  /// one, so that no delay of a write can bunch edges.
  ///
  /// - Parameters:
  ///   - line: The edge's line.
  ///   - level: Its level.
  ///   - now: An instant after it.
  public mutating func made(_ line: DriverLine, _ level: LineLevel, at now: Instant) {
    sequencer.confirm(line, level, at: now)
  }

  /// ENABLE and DIR edges.
  @usableFromInline
  mutating func otherEdge(at now: Instant) -> EngineAction? {
    let due = sequencer.nextAt
    guard let edge = sequencer.performOther(at: now) else { return nil }
    planStroke(at: now)
    return .edge(edge.line, edge.level, due: due)
  }

  /// A rise that is late, owed or without a permission.
  @usableFromInline
  mutating func slowRise(at now: Instant) -> EngineAction? {
    if lateness(at: now) > lateLimit {
      settle(at: now)
      planStroke(at: now)
      guard sequencer.next == .rise, sequencer.nextAt <= now else { return nil }
    }
    if !purse.isLive(at: now) { renewPermit(at: now) }
    guard permit > 0 else {
      stopForLimit(at: now)
      return nil
    }
    let due = sequencer.nextAt
    guard let permission = purse.take(at: now) else {
      isStarved = true
      planStroke(at: now)
      return nil
    }
    if books.owed > 0 {
      books.deliver(isOwed: true)
      if books.owed == 0 { updateSpacing(at: now) }
    } else {
      books.deliver(isOwed: false)
      planner.take()
    }
    sequencer.rise(permission, at: now)
    return .edge(.step, .asserted, due: due)
  }

  /// Everything that is not an edge.
  @usableFromInline
  mutating func slowTurn(at now: Instant) -> EngineAction? {
    if planAt <= now {
      if lateness(at: now) > lateLimit { settle(at: now) } else { catchUp(to: now) }
      planStroke(at: now)
      return nil
    }
    if alarms.deadline <= now {
      let tone = alarms.takeSound(at: now)
      scheduleSlow()
      return tone.map { .sound($0) }
    }
    let round = settings.housekeeping.nanoseconds
    nextHousekeeping = Instant(nanoseconds: now.nanoseconds / round * round + round)
    renewPermit(at: now)
    if isStarved { bringUp(to: now) }
    watchReservoir(at: now)
    watchIdleness(at: now)
    scheduleSlow()
    return .housekeep
  }

  /// Records an event.
  mutating func log(_ event: PumpEvent, at now: Instant) { recorder.record(event, at: now) }
}
