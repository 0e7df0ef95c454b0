import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
package import PumpPlant
import PumpProfiles
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

/// One simulated life with faults drawn by chance, judged by what a witness saw: a seed is all it takes
/// to repeat it.
package struct Campaign {
  /// What came of a seed.
  package struct Verdict: Sendable {
    package var seed: UInt64
    package var days: Double
    package var faults: Int
    package var alarms: Int
    /// What was wrong; empty where every invariant held.
    package var problems: [String]
  }

  package let seed: UInt64
  private var random: SplitMix64
  private let step: StepVolume
  let rates: [UInt64]
  let span: TimeSpan
  package private(set) var faults: [ScheduledFault] = []
  private let perStep: UInt64 = 78_125

  package init(seed: UInt64) throws {
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
    let motor = try MotorLimits(
      startRate: 1_000, maximumRate: 4_000, acceleration: 4_000,
      followsDelay: TimeSpan(milliseconds: seed % 3 * 10))
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
  var hourLimit: UInt64 { max(rates[0], rates[1]) * 60 + 1_500 }

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
  package func run() throws -> Verdict {
    var random = random
    let settings = try settings()
    let prescription = try prescription()
    var loop = try loop(settings, prescription)
    if let plan = loop.open() { try loop.begin(plan, place: .zero, at: .epoch) }
    var problems: [String] = []
    var isSuspended = false
    var made: UInt64 = 0
    var hours: UInt64 = 0
    func check(_ loop: borrowing Loop, _ when: String) {
      let hour = hours
      loop.checkInvariants { problems.append("not so \(when) hour \(hour): \($0)") }
    }
    while loop.session.pump.loop.hardware.now < .epoch + span {
      hours += 1
      loop.run(until: .epoch + TimeSpan(hours: hours))
      check(loop, "after")
      let now = loop.session.pump.loop.hardware.now
      let risen = loop.session.pump.loop.hardware.trace.count
      let isStill = risen == made && !isSuspended
      if isStill, !hasCritical(loop.session.supervisor) {
        let last = loop.events.suffix(6).map {
          "\($0.at.nanoseconds / 1_000_000_000) s \($0.event)"
        }
        problems.append(
          "silent stop at hour \(hours), \(loop.session.pump.loop.engine.state): "
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

  typealias Loop = SupervisedLoop<SimulatedBench<RiseTrace>, MemoryStore, DirectWire>

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
      while let alarm = loop.session.supervisor.standingAlarm(0) {
        try loop.perform(.acknowledge(alarm), at: now)
        // One whose cause holds stands on.
        if loop.session.supervisor.alarm(alarm).isStanding { break }
      }
      if loop.session.pump.loop.engine.state == .suspended { try loop.perform(.resume, at: now) }
    default: break
    }
  }
}

/// Keeps when STEP rose.
struct RiseTrace: EdgeTrace {
  private(set) var rises: [Instant] = []
  private var digesting = DigestTrace()

  var count: UInt64 { UInt64(rises.count) }
  var digest: TraceDigest { digesting.digest }

  mutating func record(_ line: BenchLine, isAsserted: Bool, at instant: Instant) {
    digesting.record(line, isAsserted: isAsserted, at: instant)
    if line == .step, isAsserted { rises.append(instant) }
  }
}
