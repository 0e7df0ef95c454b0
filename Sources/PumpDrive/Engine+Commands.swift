public import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
public import PumpUnits

extension Engine {
  /// Carries out a command, or refuses it and changes nothing.
  ///
  /// - Parameters:
  ///   - command: What is asked for.
  ///   - now: The present instant; `turn` has been called up to it.
  /// - Throws: `Refusal`, with the reason.
  public mutating func perform(_ command: Command, at now: Instant) throws(Refusal) {
    bringUp(to: now)
    defer { planStroke(at: now) }
    switch command {
    case .begin(let isConfirmed): try begin(isConfirmed: isConfirmed, at: now)
    case .suspend: try suspend(at: now)
    case .resume: try resume(at: now)
    case .adopt(let prescription, let place, let isConfirmed):
      try adopt(prescription, place: place, isConfirmed: isConfirmed, at: now)
    case .bolus(let bolus, let isConfirmed):
      guard state == .delivering else { throw .notPossible(in: state) }
      try start(bolus, .single, isConfirmed: isConfirmed, at: now)
    case .prime(let bolus, let isConfirmed):
      if case .tripped = state { throw .notPossible(in: state) }
      try start(bolus, .prime, isConfirmed: isConfirmed, at: now)
    case .cancelBolus: try cancelBolus(at: now)
    case .patientBolus: try patientBolus(at: now)
    case .anchor(let place): try anchor(place, at: now)
    case .refill(let volume): try refill(volume, at: now)
    case .acknowledge(let alarm): try acknowledge(alarm, at: now)
    case .stop:
      if state == .delivering {
        try suspend(at: now)
      } else if program.bolus != nil {
        try cancelBolus(at: now)
      }
    case .silence(let alarm, let span):
      guard let end = alarms.silence(alarm, for: span, at: now) else { throw .noSuchAlarm }
      log(.silenced(alarm, until: end), at: now)
    }
  }

  private mutating func begin(isConfirmed: Bool, at now: Instant) throws(Refusal) {
    guard state == .idle else { throw .notPossible(in: state) }
    guard program.bolus == nil else { throw .bolusInProgress }
    try check(prescription, place: program.place(at: now), isConfirmed: isConfirmed, at: now)
    state = .delivering
    program.isSuspended = false
    log(.began, at: now)
    renewPermit(at: now)
    replan(at: now, searches: true)
  }

  private mutating func suspend(at now: Instant) throws(Refusal) {
    guard state == .delivering else { throw .notPossible(in: state) }
    state = .suspended
    idleSince = now
    log(.suspended, at: now)
    let steps = books.forgo()
    if steps > 0 { log(.forgone(steps: steps), at: now) }
    program.isSuspended = true
    nextScheduled = nil
    try? cancelBolus(at: now)
    replan(at: now, searches: true)
  }

  private mutating func resume(at now: Instant) throws(Refusal) {
    guard state == .suspended else { throw .notPossible(in: state) }
    guard program.bolus == nil else { throw .bolusInProgress }
    try check(prescription, place: program.place(at: now), isConfirmed: true, at: now)
    state = .delivering
    program.isSuspended = false
    log(.resumed, at: now)
    if isStoppedByTrip {
      isStoppedByTrip = false
      causeGone(.underDelivery, at: now)
    }
    renewPermit(at: now)
    replan(at: now, searches: true)
  }

  private mutating func adopt(
    _ other: Prescription, place: TimeSpan, isConfirmed: Bool, at now: Instant
  ) throws(Refusal) {
    if case .tripped = state { throw .notPossible(in: state) }
    guard program.bolus == nil else { throw .bolusInProgress }
    guard other.concentration == prescription.concentration else { throw .concentrationDiffers }
    try check(other, place: place, isConfirmed: isConfirmed, at: now)
    prescription = other
    fallBackFlow = nil
    program.adopt(other.therapy, place: place, at: now)
    log(.adopted, at: now)
    renewPermit(at: now)
    replan(at: now, searches: true)
  }

  private mutating func anchor(_ place: TimeSpan, at now: Instant) throws(Refusal) {
    guard program.bolus == nil else { throw .bolusInProgress }
    if state == .delivering { try check(prescription, place: place, isConfirmed: true, at: now) }
    program.adopt(prescription.therapy, place: place, at: now)
    log(.anchored(place), at: now)
    replan(at: now, searches: true)
  }

  private mutating func cancelBolus(at now: Instant) throws(Refusal) {
    guard let bolus = program.bolus else { throw .noBolusInProgress }
    let left = bolus.cancelled(at: now)
    isBolusCut = isBolusCut || left != bolus
    promised = nil
    program.bolus = left
    if left.end <= now { endBolus(at: now) }
    replan(at: now, searches: false)
  }

  private mutating func patientBolus(at now: Instant) throws(Refusal) {
    guard state == .delivering else { throw .notPossible(in: state) }
    guard let rule = prescription.patientBolus else { throw .patientBolusNotPrescribed }
    switch lockout.denial(of: rule, at: now) {
    case .lockedOut(let end): throw .lockedOut(until: end)
    case .dailyMaximum(let end): throw .dailyMaximum(until: end)
    case nil: break
    }
    watchReservoir(at: now)
    for alarm in Alarm.allCases where alarms[alarm].isStanding {
      if alarm == .reservoirLow || alarms[alarm].priority == .critical { throw .alarm(alarm) }
    }
    try start(rule.bolus, .patient, isConfirmed: false, at: now)
    lockout.began(at: now)
  }

  /// Starts a commanded bolus, if everything allows it.
  private mutating func start(
    _ bolus: Bolus, _ kind: BolusKind, isConfirmed: Bool, at now: Instant
  ) throws(Refusal) {
    guard program.bolus == nil else { throw .bolusInProgress }
    // Tubing and catheter hold more than a bolus may be.
    if kind != .prime { try checkBolus(bolus, isConfirmed: isConfirmed) }
    let basal = program.isSuspended ? FlowRate.zero : prescription.therapy.peakBasal
    guard isWithinMotor(bolus.flow, over: basal), let shape = try? shape(of: bolus, at: now) else {
      throw .beyondMotor
    }
    let limits = settings.limits
    if kind != .prime, let end = limits.wait(at: now, since: lastBolus) {
      throw .bolusTooSoon(until: end)
    }
    // The pattern's next one is not given up for one that could wait.
    let isTooNear =
      kind != .prime && limits.wait(at: nextScheduled?.due ?? .never, since: now) != nil
    if let next = nextScheduled, next.at < shape.end || isTooNear {
      throw .overlapsScheduledBolus(at: next.at)
    }
    let left = reservoirLeft.lessening(by: reservoir.reserve)
    guard left >= bolus.volume else { throw .reservoirTooLow(left) }
    try judge(bolus.volume, isConfirmed: isConfirmed, at: now)
    lay(shape, kind: kind, at: now)
    replan(at: now, searches: false)
  }

  private func checkBolus(_ bolus: Bolus, isConfirmed: Bool) throws(Refusal) {
    let refusal = settings.limits.refusal(
      of: bolus, prescription.concentration, isConfirmed: isConfirmed)
    if let refusal { throw refusal }
  }

  private mutating func judge(_ request: Volume, isConfirmed: Bool, at now: Instant)
    throws(Refusal)
  {
    renewPermit(at: now)
    let therapy = program.isSuspended ? Therapy.stopped : prescription.therapy
    let place = program.place(at: now)
    let verdict = doseGuard.judge(
      request: request, remainder: .zero, at: now,
      demand: program.isSuspended ? .none : demand, of: therapy, from: place)
    try accept(verdict, isConfirmed: isConfirmed)
  }

  /// Checks a whole prescription against motor and limits, and keeps what it asks for.
  private mutating func check(
    _ other: Prescription, place: TimeSpan, isConfirmed: Bool, at now: Instant
  ) throws(Refusal) {
    let motor = settings.motor
    let peak = other.therapy.peakBasal
    guard peak <= fastest(motor.startRate == 0 ? motor.maximumRate : motor.startRate) else {
      throw .beyondMotor
    }
    if case .flex(let pattern) = other.therapy {
      for entry in pattern.boluses {
        try checkBolus(entry.bolus, isConfirmed: isConfirmed)
        let shape = try? BolusShape(
          of: entry.bolus, from: now, over: peak, motor: motor, step: settings.step)
        guard shape != nil, isWithinMotor(entry.bolus.flow, over: peak) else { throw .beyondMotor }
      }
    }
    renewPermit(at: now)
    guard let asked = try? TherapyDemand(of: other.therapy) else { throw .doseLimit(.day) }
    let verdict = doseGuard.judge(
      request: .zero, remainder: .zero, at: now, demand: asked, of: other.therapy, from: place)
    try accept(verdict, isConfirmed: isConfirmed)
    demand = asked
  }

  private func accept(_ verdict: DoseGuard.Verdict, isConfirmed: Bool) throws(Refusal) {
    switch verdict {
    case .permitted: return
    case .needsConfirmation(let window):
      guard isConfirmed else { throw .needsConfirmation(window) }
    case .refused(let window): throw .doseLimit(window)
    }
  }

  private func isWithinMotor(_ flow: FlowRate, over basal: FlowRate) -> Bool {
    guard let sum = try? flow.adding(basal) else { return false }
    return sum <= fastest(settings.motor.maximumRate)
  }

  /// The flow of a step rate, as far as the arithmetic goes.
  private func fastest(_ rate: UInt64) -> FlowRate {
    (try? settings.step.flow(ofStepsPerSecond: rate)) ?? .maximum
  }

  private mutating func refill(_ volume: Volume, at now: Instant) throws(Refusal) {
    guard
      let filled = try? Reservoir(
        capacity: reservoir.capacity, filled: volume, lowAlarm: reservoir.lowAlarm,
        reserve: reservoir.reserve)
    else { throw .overfilled }
    reservoir = filled
    isReservoirSwitchLow = false
    stepsBeforeFill = count
    log(.refilled(volume), at: now)
    if volume > reservoir.reserve { causeGone(.reservoirEmpty, at: now) }
    watchReservoir(at: now)
    renewPermit(at: now)
  }

  private mutating func acknowledge(_ alarm: Alarm, at now: Instant) throws(Refusal) {
    guard alarms.acknowledge(alarm) else { throw .noSuchAlarm }
    log(.acknowledged(alarm), at: now)
    releaseTrip(alarm, at: now)
  }
}
