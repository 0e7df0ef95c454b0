import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlant
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

/// What the links of a session saw and say, on a clock that the test sets.
final class Scene {
  var now = Instant.epoch
  // The drive's side.
  var report = DriveReport()
  /// Whether the drive answers, and what.
  var answersDrive = true
  var refusal: Refusal?
  var asked: [(command: Command, number: UInt64)] = []
  var orders: [DriveOrder] = []
  var driveAnswers: [DriveAnswer] = []
  var beginnings: [Beginning] = []
  /// Whether there is room for a command.
  var hasRoom = true
  // The bench's side.
  var isHeld = false
  var failsToHold = false
  var soundFault: FaultKind?
  var failsToKick = false
  var holds = 0
  var sounds = 0
  var chatters = false
  var readings = SensorReadings()
  // The journal's side.
  var entries: [JournalEntry] = []
  /// Whether the journal answers; it has what it was given all the same.
  var answersJournal = true
  var takes = true
  /// Whether there is room for a record that is to be answered.
  var keeps = true
  /// What the journal says of its parts of the self-test; `nil` where it says nothing.
  var proves: Bool? = true
  var recordAnswers: [RecordAnswer] = []
  var grants: UInt64 = 0
}

struct SceneFault: HardwareFault {
  var kind: FaultKind
}

/// A drive and a bench that do what the scene says.
struct SceneDrive: DriveLink, GuardHardware {
  typealias GuardFailure = SceneFault
  typealias SensorFailure = SceneFault
  typealias AnnunciatorFailure = SceneFault
  typealias WatchdogFailure = SceneFault

  let scene: Scene

  mutating func report(at now: Instant, withSum: Bool) -> DriveReport {
    scene.report.beat += 1
    scene.report.at = now
    if withSum { scene.report.prescriptionSum = 0 }
    return scene.report
  }

  mutating func detail(at now: Instant) -> DriveDetail { DriveDetail() }

  mutating func begin(_ beginning: Beginning, at now: Instant) {
    scene.beginnings.append(beginning)
    scene.report.isDelivering = true
  }

  mutating func send(_ order: DriveOrder, at now: Instant) { scene.orders.append(order) }

  mutating func ask(_ command: Command, number: UInt64, at now: Instant) -> Bool {
    guard scene.hasRoom else { return false }
    scene.asked.append((command, number))
    if scene.answersDrive {
      scene.driveAnswers.append(DriveAnswer(number: number, refusal: scene.refusal))
    }
    return true
  }

  mutating func answer() -> DriveAnswer? {
    scene.driveAnswers.isEmpty ? nil : scene.driveAnswers.removeFirst()
  }

  mutating func event() -> TimedEvent? { nil }
  mutating func takeEvent() {}
  var isChattering: Bool { scene.chatters }

  mutating func holdEnable(_ isHeld: Bool) throws(SceneFault) {
    scene.holds += 1
    guard !scene.failsToHold else { throw SceneFault(kind: .deviceLost) }
    scene.isHeld = isHeld
  }

  var mayMoveFrom: Instant { .epoch }
  mutating func prove(_ part: SelfTestPart) -> SelfTestProof { .passed }
  mutating func readIndex() throws(SceneFault) -> UInt64? { nil }
  mutating func readSensors() throws(SceneFault) -> SensorReadings { scene.readings }
  mutating func readWallClock() -> Int64 { 0 }

  mutating func sound(_ tone: AlarmTone) throws(SceneFault) {
    scene.sounds += 1
    if let fault = scene.soundFault { throw SceneFault(kind: fault) }
  }

  mutating func kickWatchdog() throws(SceneFault) {
    guard !scene.failsToKick else { throw SceneFault(kind: .notDelivered) }
  }
}

/// A journal that answers when the scene lets it.
struct SceneRecords: RecordLink {
  let scene: Scene

  mutating func write(_ entry: JournalEntry, at now: Instant, wallSeconds: Int64) -> Bool {
    guard scene.takes else { return false }
    scene.entries.append(entry)
    return true
  }

  mutating func keep(
    _ entry: JournalEntry, number: UInt64, at now: Instant, wallSeconds: Int64
  ) -> Bool {
    guard scene.keeps else { return false }
    if scene.takes { scene.entries.append(entry) }
    if scene.answersJournal { scene.recordAnswers.append(.kept(number: number, scene.takes)) }
    return true
  }

  mutating func grant(
    _ counts: StepCounts, upTo: UInt64, until: Instant, at now: Instant, wallSeconds: Int64
  ) -> Bool {
    guard scene.answersJournal else { return true }
    scene.grants += 1
    scene.recordAnswers.append(
      scene.takes ? .granted(Grant(number: scene.grants, upTo: upTo, until: until)) : .notGranted)
    return true
  }

  mutating func prove(_ part: SelfTestPart) -> Bool {
    if let isGood = scene.proves { scene.recordAnswers.append(.proved(part, isGood)) }
    return true
  }

  mutating func answer() -> RecordAnswer? {
    scene.recordAnswers.isEmpty ? nil : scene.recordAnswers.removeFirst()
  }
}

typealias SceneSession = PumpSession<SceneDrive, SceneRecords>

/// A pump of 0.15625 nL a step that delivers 6 µL an hour.
enum Pump {
  static func settings(perHour: Mass = Mass(femtograms: 1 << 50)) throws -> SupervisorSettings {
    let step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1)
    let limit = Mass(femtograms: 1 << 50)
    let full = Volume(microlitres: 20_000)
    return SupervisorSettings(
      step: step,
      limits: DoseLimits(
        perHour: .init(soft: perHour, hard: perHour), perDay: .init(soft: limit, hard: limit)),
      reservoir: try Reservoir(
        capacity: full, filled: full, lowAlarm: Volume(microlitres: 2_000),
        reserve: Volume(microlitres: 1_000)),
      backlogLimit: 64, maximumRate: 4_000, braking: TimeSpan(seconds: 2), stepsPerIndex: nil)
  }

  static func prescription() throws -> Prescription {
    Prescription(
      therapy: .continuous(
        try FlowRate(delivering: Volume(microlitres: 6), over: .hour)),
      concentration: Concentration(microgramsPerMillilitre: 500))
  }

  static func session(_ scene: Scene, perHour: Mass = Mass(femtograms: 1 << 50)) throws
    -> SceneSession
  {
    SceneSession(
      pump: SceneDrive(scene: scene),
      supervisor: Supervisor(
        settings: try settings(perHour: perHour), prescription: try prescription(), start: .epoch),
      records: SceneRecords(scene: scene), position: 7 << 32)
  }

  /// A session whose self-test is over and whose therapy runs, at the instant that the scene says.
  static func running(_ scene: Scene) throws -> SceneSession {
    var session = try session(scene)
    var now = Instant.epoch
    while session.supervisor.isTesting {
      session.turn(at: now)
      now = now + TimeSpan(milliseconds: 50)
    }
    session.begin(Beginning(at: now, place: .zero), at: now)
    session.turn(at: now)
    scene.now = now
    return session
  }

  static func bolus() throws -> Bolus {
    try Bolus(volume: Volume(microlitres: 2), duration: TimeSpan(minutes: 5))
  }
}
