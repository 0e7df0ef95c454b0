import PumpEngine
import PumpHAL
import PumpJournal
import PumpPlan
import PumpPlant
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits

/// One simulated life with faults drawn by chance, judged by what a witness saw: a seed is all it takes
/// to repeat it.
struct Campaign {
  /// What came of a seed.
  struct Verdict: Sendable {
    var seed: UInt64
    var days: Double
    var faults: Int
    var alarms: Int
    /// What was wrong; empty where every invariant held.
    var problems: [String]
  }

  let seed: UInt64
  private var random: SplitMix64
  private let step: StepVolume
  private let rates: [UInt64]
  private let span: TimeSpan
  private(set) var faults: [ScheduledFault] = []
  private let perStep: UInt64 = 78_125

  init(seed: UInt64) throws {
    self.seed = seed
    var random = SplitMix64(seed: seed)
    step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1)
    // In steps a minute.
    rates = [12 + random.next() % 40, 12 + random.next() % 40]
    span = TimeSpan(hours: 24 + random.next() % 48)
    for _ in 0..<(random.next() % 5) {
      let at = Instant(nanoseconds: random.next() % span.nanoseconds)
      faults.append(ScheduledFault(.at(at), .random(using: &random)))
    }
    self.random = random
  }

  private func settings() throws -> EngineSettings {
    let motor = try MotorLimits(startRate: 1_000, maximumRate: 4_000, acceleration: 4_000)
    let hour = Mass(femtograms: hourLimit * perStep)
    let day = Mass(femtograms: dayLimit * perStep)
    let full = Volume(microlitres: 20_000)
    return EngineSettings(
      step: step, motor: motor,
      driver: DriverTiming(
        stepHigh: TimeSpan(nanoseconds: 1_900), stepLow: TimeSpan(nanoseconds: 1_900),
        directionSetUp: TimeSpan(nanoseconds: 650), directionHold: TimeSpan(nanoseconds: 650),
        wakeUp: TimeSpan(microseconds: 1_700), energise: seed & 1 == 0 ? .always : .aroundStrokes),
      backlogLimit: 64,
      limits: DoseLimits(
        perHour: .init(soft: hour, hard: hour), perDay: .init(soft: day, hard: day)),
      reservoir: try Reservoir(
        capacity: full, filled: full, lowAlarm: Volume(microlitres: 2_000),
        reserve: Volume(microlitres: 1_000)))
  }

  /// Steps in an hour that the limit permits.
  private var hourLimit: UInt64 { max(rates[0], rates[1]) * 60 + 1_500 }

  /// Steps in a day that the limit permits: the therapy, and some ten boluses more.
  private var dayLimit: UInt64 { rates[0] * 660 + rates[1] * 780 + 6_000 }

  private func prescription() throws -> Prescription {
    func flow(_ perMinute: UInt64) throws -> FlowRate {
      try FlowRate(
        delivering: step.volume(ofSteps: perMinute), over: TimeSpan(minutes: 1))
    }
    let bolus = try Bolus(volume: step.volume(ofSteps: 600), duration: TimeSpan(minutes: 5))
    let pattern = try FlexPattern(
      period: .day,
      segments: [
        .init(start: .zero, flow: flow(rates[0])),
        .init(start: TimeSpan(hours: 11), flow: flow(rates[1])),
      ],
      boluses: [
        .init(start: TimeSpan(hours: 5), bolus: bolus),
        .init(start: TimeSpan(hours: 17), bolus: bolus),
      ])
    return Prescription(
      therapy: .flex(pattern), concentration: Concentration(microgramsPerMillilitre: 500))
  }

  /// Lives through it.
  func run() throws -> Verdict {
    var random = random
    let settings = try settings()
    let prescription = try prescription()
    var loop = try loop(settings, prescription)
    loop.open()
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    var problems: [String] = []
    var isSuspended = false
    var made: UInt64 = 0
    var hours: UInt64 = 0
    func check(_ loop: borrowing Loop, _ when: String) {
      let hour = hours
      loop.checkInvariants { problems.append("not so \(when) hour \(hour): \($0)") }
    }
    while loop.drive.hardware.now < .epoch + span {
      hours += 1
      loop.run(until: .epoch + TimeSpan(hours: hours))
      check(loop, "after")
      let now = loop.drive.hardware.now
      let risen = loop.drive.hardware.trace.count
      let isStill = risen == made && !isSuspended
      if isStill, !hasCritical(loop.supervisor) {
        let last = loop.events.suffix(6).map {
          "\($0.at.nanoseconds / 1_000_000_000) s \($0.event)"
        }
        problems.append(
          "silent stop at hour \(hours), \(loop.drive.engine.state): "
            + last.joined(separator: ", "))
      }
      made = risen
      try? command(&loop, &isSuspended, at: now, &random)
      check(loop, "after a command in")
    }
    loop.close()
    problems += judge(loop)
    return Verdict(
      seed: seed, days: Double(span.nanoseconds) / 86_400e9, faults: faults.count,
      alarms: loop.events.filter { if case .alarmRaised = $0.event { true } else { false } }.count,
      problems: problems)
  }

  private typealias Loop = SupervisedLoop<SimulatedBench<RiseTrace>, MemoryStore, DirectWire>

  private func loop(_ settings: EngineSettings, _ prescription: Prescription) throws -> Loop {
    var head = PumpHead(
      volumePerRevolution: Volume(microlitres: 50), stepsPerRevolution: 320_000)
    head.indexPulses = 3_200
    var plant = PlantSettings(
      head: head, filled: settings.reservoir.filled, lowSwitch: Volume(microlitres: 1_900),
      catheter: Catheter(
        volume: Volume(microlitres: 298), old: prescription.concentration,
        new: prescription.concentration),
      wallSecondsAtStart: 1_800_000_000)
    plant.seed = seed
    plant.faults = FaultSchedule(faults)
    let guarding = SupervisorSettings(
      step: step, limits: settings.limits, reservoir: settings.reservoir,
      backlogLimit: settings.backlogLimit, maximumRate: settings.motor.maximumRate,
      braking: TimeSpan(seconds: 2), stepsPerIndex: head.stepsPerIndex)
    return Loop(
      drive: ControlLoop(
        engine: Engine(settings: settings, prescription: prescription),
        hardware: SimulatedBench(settings: plant, trace: RiseTrace())),
      supervisor: Supervisor(settings: guarding, prescription: prescription, start: .epoch),
      journal: Journal(blank: MemoryStore(slots: 256)), wire: DirectWire())
  }

  private func hasCritical(_ supervisor: borrowing Supervisor) -> Bool {
    guard let alarm = supervisor.standingAlarm(0) else { return false }
    return supervisor.alarm(alarm).priority == .critical
  }

  /// What people do now and then: a bolus, a rest, an acknowledgement.
  private func command(
    _ loop: inout Loop, _ isSuspended: inout Bool, at now: Instant, _ random: inout SplitMix64
  ) throws {
    if isSuspended {
      isSuspended = false
      try loop.perform(.resume, at: now)
      return
    }
    switch random.next() % 12 {
    case 0:
      let bolus = try Bolus(volume: step.volume(ofSteps: 400), duration: TimeSpan(minutes: 3))
      try loop.perform(.bolus(bolus, isConfirmed: true), at: now)
    case 1:
      try loop.perform(.suspend, at: now)
      isSuspended = true
    case 2, 3, 4:
      while let alarm = loop.supervisor.standingAlarm(0) {
        try loop.perform(.acknowledge(alarm), at: now)
        // One whose cause holds stands on.
        if loop.supervisor.alarm(alarm).isStanding { break }
      }
      if loop.drive.engine.state == .suspended { try loop.perform(.resume, at: now) }
    default: break
    }
  }
}

extension Campaign {
  private func judge(_ loop: borrowing Loop) -> [String] {
    var problems: [String] = []
    let rises = loop.drive.hardware.trace.rises
    let ledger = loop.drive.engine.ledger
    let risen = UInt64(rises.count)
    if risen > ledger.delivered + ledger.uncertain { problems.append("more steps than booked") }
    if risen < ledger.delivered { problems.append("fewer steps than certain") }
    let carried = loop.journal.state.carried
    if risen < carried.certain || risen > carried.highest {
      problems.append("the journal says \(carried.certain) to \(carried.highest), made \(risen)")
    }
    // A window may hold its limit, a step, and what the therapy put into the oldest minute.
    let most = Self.most(rises, in: .hour)
    if most > hourLimit + 1 + max(rates[0], rates[1]) + 120 {
      problems.append("\(most) steps in an hour, \(hourLimit) permitted")
    }
    let raised = loop.events.compactMap { event -> (Instant, Alarm)? in
      guard case .alarmRaised(let alarm) = event.event else { return nil }
      return (event.at, alarm)
    }
    for (at, alarm) in raised where !hasCause(alarm, at) {
      problems.append("\(alarm.name) at \(at.nanoseconds) ns has no cause")
    }
    for fault in faults {
      guard case .at(let at) = fault.trigger, let (alarm, within) = expected(fault.fault),
        at + within < .epoch + span, !isMasked(fault, at, within)
      else { continue }
      // One that stands already, or was raised in time.
      let isSeen = raised.contains { $0.1 == alarm && $0.0 <= at + within }
      if !isSeen { problems.append("\(fault.fault) at \(at.nanoseconds) ns: no \(alarm.name)") }
    }
    for fault in faults {
      guard case .at(let at) = fault.trigger, let rule = motionRule(fault.fault),
        // So many steps later it must show; where fewer were made, it can't.
        let first = rises.firstIndex(where: { $0 >= at }), first + rule.steps < rises.count
      else { continue }
      let by = rises[first + rule.steps]
      guard by.elapsed(since: at) <= rule.within, !isOpposed(fault, by: by) else { continue }
      let isSeen = raised.contains { rule.alarms.contains($0.1) && $0.0 <= by }
      if !isSeen { problems.append("\(fault.fault) at \(at.nanoseconds) ns: unnoticed") }
    }
    return problems
  }

  /// Whether another fault of the motor may undo what a fault of it does.
  private func isOpposed(_ fault: ScheduledFault, by instant: Instant) -> Bool {
    faults.contains { other in
      guard case .at(let from) = other.trigger, other != fault, from <= instant else {
        return false
      }
      switch other.fault {
      case .stall, .missedSteps, .doubledSteps, .creep: return true
      default: return false
      }
    }
  }

  /// What a fault of the motor must raise after how many steps, if they were made within its time.
  ///
  /// A pulse comes every 100 steps, a quarter and an eighth of that are play.
  private func motionRule(_ fault: PlantFault) -> (
    alarms: [Alarm], steps: Int, within: TimeSpan
  )? {
    switch fault {
    case .stall(let span): ([.motorStalled], 240, span)
    case .missedSteps(let count) where count > 240:
      ([.motorStalled, .shortDelivery], 240, span)
    case .doubledSteps(let count) where count > 240: ([.overDelivery], 240, span)
    default: nil
    }
  }

  private static func most(_ rises: [Instant], in window: TimeSpan) -> UInt64 {
    var first = 0
    var most = 0
    for (last, at) in rises.enumerated() {
      while at.elapsed(since: rises[first]) >= window { first += 1 }
      most = max(most, last - first + 1)
    }
    return UInt64(most)
  }

  /// The alarm that a fault must raise, and within what time.
  private func expected(_ fault: PlantFault) -> (Alarm, TimeSpan)? {
    let round = TimeSpan(seconds: 11)
    switch fault {
    case .driverFault(let span) where span >= round: return (.driverFault, round)
    case .sensorsDead(let span) where span >= round: return (.sensorFailed, round)
    case .battery(let level) where level < 2_290: return (.batteryDepleted, round)
    case .temperature(let level) where level > 55_300: return (.overheated, round)
    case .wallClock(let seconds) where abs(seconds) >= 4: return (.wallClockMoved, round)
    case .buttonHeld(let span) where span >= TimeSpan(seconds: 80):
      return (.buttonStuck, TimeSpan(seconds: 80))
    case .wildSensors(let span) where span >= TimeSpan(seconds: 42):
      return (.sensorImplausible, TimeSpan(seconds: 42))
    case .reservoirLoss(let volume) where volume > Volume(microlitres: 2_200):
      return (.reservoirMismatch, round)
    // A round of the self-test comes every hour, and waits for boluses.
    case .testFails(let part, let span) where span >= TimeSpan(minutes: 100):
      return (part == .watchdog ? .watchdogUnproven : .selfTestFailed, TimeSpan(minutes: 100))
    default: return nil
    }
  }

  /// Whether another fault keeps the sensors from telling.
  private func isMasked(_ fault: ScheduledFault, _ at: Instant, _ within: TimeSpan) -> Bool {
    faults.contains { other in
      guard case .at(let from) = other.trigger, other != fault else { return false }
      switch other.fault {
      case .sensorsDead(let span): return from <= at + within && from + span >= at
      case .battery, .temperature, .testFails: return from >= at && from <= at + within
      case .lateWake(let span): return from <= at + within && from + span + within >= at
      default: return false
      }
    }
  }

  /// Whether something happened before that explains an alarm.
  private func hasCause(_ alarm: Alarm, _ at: Instant) -> Bool {
    faults.contains { fault in
      guard case .at(let from) = fault.trigger, from <= at else { return false }
      switch (alarm, fault.fault) {
      case (.driverFault, .driverFault), (.sensorFailed, .sensorsDead),
        (.batteryDepleted, .battery), (.batteryLow, .battery), (.overheated, .temperature),
        (.wallClockMoved, .wallClock), (.buttonStuck, .buttonHeld),
        (.sensorImplausible, .wildSensors), (.reservoirMismatch, .wildSensors),
        (.reservoirMismatch, .reservoirLoss), (.unexpectedMotion, .creep),
        (.overDelivery, .creep), (.overDelivery, .doubledSteps), (.shortDelivery, .stall),
        (.shortDelivery, .missedSteps), (.motorStalled, .stall), (.motorStalled, .missedSteps),
        (.deliveryUncertain, .lineFailure), (.deviceLost, .lineFailure),
        (.underDelivery, .driverFault), (.underDelivery, .creep), (.underDelivery, .doubledSteps),
        (.underDelivery, .stall), (.underDelivery, .missedSteps), (.underDelivery, .lineFailure),
        (.underDelivery, .lateWake), (.underDelivery, .slowEdge), (.underDelivery, .testFails),
        (.deliveryUncertain, .stall), (.deliveryUncertain, .missedSteps),
        (.selfTestFailed, .testFails), (.selfTestFailed, .sensorsDead),
        (.watchdogUnproven, .testFails), (.supervisorSilent, .lateWake):
        return true
      // A motor that was stopped for long by one of these, or by nobody coming to acknowledge.
      case (.stoppedLong, _): return true
      default: return false
      }
    }
  }
}

/// Keeps when STEP rose.
private struct RiseTrace: EdgeTrace {
  private(set) var rises: [Instant] = []
  private var digesting = DigestTrace()

  var count: UInt64 { UInt64(rises.count) }
  var digest: TraceDigest { digesting.digest }

  mutating func record(_ line: BenchLine, isAsserted: Bool, at instant: Instant) {
    digesting.record(line, isAsserted: isAsserted, at: instant)
    if line == .step, isAsserted { rises.append(instant) }
  }
}
