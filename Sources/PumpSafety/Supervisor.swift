public import PumpMessages
public import PumpTherapy
public import PumpUnits

/// The second channel: permits steps by its own sum, and takes the motor's power where the drive does
/// anything else.
///
/// It performs no I/O and reads no clock. Whoever runs it calls `turn` at `deadline`, and no later than
/// a poll after the drive made a step, with what the drive reports and what the index says, until there
/// is no action left. It never sees the planner: what is allowed is the prescription's closed form.
public struct Supervisor: ~Copyable {
  @inlinable public var settings: SupervisorSettings { fixed.value }
  @usableFromInline let fixed: Fixed<SupervisorSettings>
  /// What was made in earlier sessions; what this one makes comes on top.
  public private(set) var carried: StepCounts
  /// Why ENABLE is held released until the next session or an acknowledgement.
  public internal(set) var cutBy: Alarm?
  /// Whether it is held because the drive is silent.
  public internal(set) var isHeld = false

  /// What is to run: the supervisor's own copy.
  public internal(set) var prescription: Prescription
  /// Ties its pattern to an instant.
  var anchor: Instant
  var placeAtAnchor: TimeSpan
  var allowance: Allowance
  var therapy = Therapy.stopped
  /// Whether a therapy runs, and be it one that delivers nothing by itself.
  var isBegun = false
  /// When the last bolus began that somebody asked for.
  var lastBolus: Instant?
  /// Since when the therapy runs: what its pattern had before, it did not give.
  var begunAt = Instant.epoch
  /// How often less was permitted: a therapy held back, a bolus ended.
  var lessened: UInt64 = 0
  var demand = TherapyDemand.none
  var doseGuard: DoseGuard
  var index: IndexWatch?
  var evidence: EvidenceWatch
  var alarms: AlarmBoard
  var recorder: FlightRecorder
  var reservoir: Reservoir
  var report = DriveReport()
  /// The grant in force, as counts of this session.
  var grantedCount: UInt64 = 0
  var grantedUntil = Instant.epoch
  /// When it is to be renewed.
  var renewal = Instant.epoch
  /// The grant that the journal is asked to take; no step of it is made before it has.
  var pendingGrant: (count: UInt64, until: Instant, renewal: Instant)?
  /// When a grant that the journal did not take is tried again.
  var retryAt = Instant.epoch
  /// Whether a grant is due at once: something changed.
  var wantsGrant = false
  /// Whether the therapy was told to rest: nothing is granted beyond what a braking motor needs.
  var isResting = true
  var pendingCut: Alarm?
  var pendingHold: Bool?
  /// Steps of a stall that the drive is to book as uncertain.
  var pendingDoubt: UInt64 = 0
  /// Whether what runs is damaged, and both channels are to fall back to the minimum rate.
  var pendingFallBack = false
  /// The checksum that the prescription had when it was taken over.
  var prescriptionSum: UInt32
  var selfTest: SelfTest
  var nextKick: Instant
  var nextSensors: Instant
  var nextMinute: Instant
  var heardAt: Instant
  var turnedAt: Instant
  var countChangedAt: Instant
  /// Steps that were seen last, by the drive's word or by its lines' count.
  var seen: UInt64 = 0
  var lastPulses: UInt64?
  var guarded: UInt64 = 0
  /// The count that is allowed without another sum.
  var checkedCount: UInt64 = 0
  var servedSince: Instant
  var isStalling = false
  var stalledFrom: UInt64 = 0

  /// Creates a supervisor that permits nothing.
  ///
  /// - Parameters:
  ///   - settings: The pump, the limits, the patience.
  ///   - prescription: What is to run.
  ///   - place: Where in its pattern the therapy is at `start`.
  ///   - carried: What earlier sessions made.
  ///   - start: The first instant that it is called with.
  ///   - servedSince: When the pump was first used.
  @inline(never)
  public init(
    settings: SupervisorSettings, prescription: Prescription, place: TimeSpan = .zero,
    carried: StepCounts = StepCounts(), start: Instant, servedSince: Instant = .epoch
  ) {
    fixed = Fixed(settings)
    self.carried = carried
    self.servedSince = servedSince
    self.prescription = prescription
    anchor = start
    placeAtAnchor = place
    allowance = Allowance(from: start)
    doseGuard = DoseGuard(
      limits: settings.limits, concentration: prescription.concentration,
      step: settings.step)
    index = settings.stepsPerIndex.map { IndexWatch(period: $0, play: max(1, $0 / 8), count: 0) }
    evidence = EvidenceWatch(settings.evidence)
    alarms = AlarmBoard(cadence: settings.cadence)
    recorder = FlightRecorder(capacity: settings.recorderCapacity)
    reservoir = settings.reservoir
    prescriptionSum = prescription.checksum
    selfTest = SelfTest(began: start, nextAt: start)
    nextKick = start
    nextSensors = start
    nextMinute = start
    heardAt = start
    turnedAt = start
    countChangedAt = start
  }

  /// When it next wants a turn though nothing happens.
  ///
  /// A drive that makes steps is looked at a poll later, whatever this says.
  public var deadline: Instant {
    var next = min(min(nextKick, nextSensors), min(alarms.deadline, nextMinute))
    next = min(next, selfTest.nextAt)
    if !isResting, cutBy == nil, !isHeld, pendingGrant == nil {
      next = min(next, max(renewal, retryAt))
    }
    // A silent drive is listened for.
    if isHeld { next = min(next, turnedAt + settings.driveTimeout) }
    return max(next, turnedAt)
  }

  /// The counts of the whole pump by the drive's last report.
  public var counts: StepCounts {
    StepCounts(
      certain: carried.certain + report.delivered, uncertain: carried.uncertain + report.uncertain,
      missed: carried.missed + report.missed, atFill: carried.atFill)
  }

  /// What is left in the reservoir if every step that may have been made was.
  public var reservoirLeft: Volume {
    reservoir.left(
      afterSteps: carried.highest + report.count - carried.atFill, of: settings.step)
  }

  /// The state of an alarm.
  public func alarm(_ alarm: Alarm) -> AlarmBoard.Entry { alarms[alarm] }

  /// The standing alarm at a place of the order, the most urgent at 0.
  public func standingAlarm(_ place: Int) -> Alarm? { alarms.standing(place) }

  /// All that stand: a bit each, by its number.
  public var standingAlarms: UInt64 { alarms.standing }

  /// Those whose cause holds.
  public var presentAlarms: UInt64 { alarms.present }

  /// What may have left the pump in a window that ends now, earlier sessions included.
  public mutating func delivered(in window: DoseWindow, at now: Instant) -> Mass {
    countDose(at: now)
    return doseGuard.delivered(in: window, at: now)
  }

  /// The events so far.
  public func event(_ number: Int) -> TimedEvent? { recorder.event(number) }

  /// How many events were ever recorded.
  public var eventCount: Int { recorder.total }

  /// Counts what was earlier sessions delivered, for the dose windows.
  ///
  /// - Parameters:
  ///   - steps: How many steps were made, or may have been.
  ///   - instant: By when, in order.
  public mutating func recall(steps: UInt64, by instant: Instant) {
    doseGuard.record(steps: steps, at: instant)
  }

  /// Takes note that the therapy begins, or goes on where its pattern is by now.
  public mutating func began(at now: Instant) {
    // What the pattern gave until now is known by it alone.
    lastBolus = latestBolus(by: now)
    run(at: now)
  }

  /// Lets the prescription run, where its pattern is by now.
  mutating func run(at now: Instant) {
    isBegun = true
    begunAt = now
    therapy = prescription.therapy
    demand = (try? TherapyDemand(of: therapy)) ?? .none
    allowance.begin(therapy, place: place(at: now), at: now)
    isResting = false
    wantsGrant = true
  }

  /// Takes note that another prescription is to run, or the same at another place of its pattern.
  public mutating func adopted(_ prescription: Prescription, place: TimeSpan, at now: Instant) {
    // What the old pattern gave is known by it alone.
    lastBolus = latestBolus(by: now)
    self.prescription = prescription
    prescriptionSum = prescription.checksum
    anchor = now
    placeAtAnchor = place
    if isBegun { run(at: now) }
  }

  /// Where in its pattern the therapy is.
  func place(at now: Instant) -> TimeSpan {
    placeAtAnchor + now.elapsed(since: anchor)
  }

  /// Takes note that the therapy is held back; a bolus in progress slows down.
  public mutating func rested(at now: Instant) {
    lastBolus = latestBolus(by: now)
    isBegun = false
    lessened += 1
    allowance.cut(at: now, braking: settings.braking)
    allowance.begin(.stopped, place: .zero, at: now)
    therapy = .stopped
    demand = .none
    wantsGrant = true
  }

  /// Takes note that a bolus was commanded.
  ///
  /// - Parameter isPrime: Whether it fills tubing or catheter.
  public mutating func laid(_ bolus: Bolus, isPrime: Bool = false, at now: Instant) {
    if !isPrime { lastBolus = now }
    allowance.lay(bolus, at: now)
    isResting = false
    wantsGrant = true
  }

  /// Takes note that the bolus in progress was cancelled.
  public mutating func cancelled(at now: Instant) {
    lessened += 1
    allowance.cut(at: now, braking: settings.braking)
    wantsGrant = true
  }

  /// Takes note that the reservoir was filled.
  public mutating func refilled(_ volume: Volume, at now: Instant) {
    guard
      let filled = try? Reservoir(
        capacity: reservoir.capacity, filled: volume, lowAlarm: reservoir.lowAlarm,
        reserve: reservoir.reserve)
    else { return }
    reservoir = filled
    carried.atFill = carried.highest + report.count
    log(.refilled(volume), at: now)
    causeGone(.reservoirMismatch, at: now)
    wantsGrant = true
  }

  /// Takes note what the reservoir was filled to in an earlier session, since when every step is counted.
  public mutating func restoreFilling(_ volume: Volume) {
    reservoir = reservoir.filled(to: volume) ?? reservoir
  }

  /// What keeps the lumen open, and never more than was prescribed.
  public var fallBackFlow: FlowRate {
    min(settings.minimumFlow, prescription.therapy.peakBasal)
  }

  /// Takes note that both channels gave up the prescription for a flow that keeps the lumen open.
  public mutating func fellBack(to flow: FlowRate, at now: Instant) {
    log(.fellBack, at: now)
    cancelled(at: now)
    let flow = flow.isZero ? Therapy.stopped : .minimumRate(flow)
    adopted(
      Prescription(therapy: flow, concentration: prescription.concentration), place: .zero, at: now)
  }

  /// Whether a bolus on top of the therapy stays within the hard limits by the supervisor's own sum.
  ///
  /// - Returns: The window that it would pass; `nil` where it may start.
  public mutating func refusal(of bolus: Bolus, at now: Instant) -> DoseWindow? {
    countDose(at: now)
    let (therapy, place) = (therapy, place(at: now))
    let asked = (try? TherapyDemand(of: therapy)) ?? .none
    let verdict = doseGuard.judge(
      request: bolus.volume, remainder: .zero, at: now, demand: asked, of: therapy, from: place)
    if case .refused(let window) = verdict { return window }
    return nil
  }

  /// The session's steps when the motor was last seen to turn, while it is taken for stalled.
  public var stalledCount: UInt64? { isStalling ? stalledFrom : nil }

  /// Takes note that a device of the bench is gone: nothing that it tells is to be believed.
  public mutating func lost(at now: Instant) { cut(.deviceLost, at: now) }

  /// Whether the therapy runs, as far as the supervisor permits it.
  public var isDelivering: Bool { therapy != .stopped }
}
