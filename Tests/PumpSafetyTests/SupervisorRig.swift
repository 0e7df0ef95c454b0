import PumpHAL
import PumpMessages
import PumpTherapy
import PumpUnits

@testable import PumpSafety

/// A supervisor alone, of 156,250 fL a step at 500 µg/mL, with a drive that tells what a test says.
struct SupervisorRig: ~Copyable {
  static let femtolitresPerStep: UInt64 = 156_250
  static let unlimited = DoseLimits.Limit(
    soft: Mass(micrograms: 1_000_000), hard: Mass(micrograms: 1_000_000))

  var supervisor: Supervisor
  private var beat: UInt64 = 1

  static func step() throws -> StepVolume {
    try StepVolume(delivering: Volume(femtolitres: femtolitresPerStep), inSteps: 1)
  }

  /// So many steps.
  static func volume(_ steps: UInt64) -> Volume { Volume(femtolitres: steps * femtolitresPerStep) }

  /// What so many steps hold.
  static func mass(_ steps: UInt64) -> Mass { Mass(femtograms: steps * 78_125) }

  static func limit(_ steps: UInt64) -> DoseLimits.Limit {
    DoseLimits.Limit(soft: mass(steps), hard: mass(steps))
  }

  static func bolus(_ steps: UInt64, over seconds: UInt64) throws -> Bolus {
    try Bolus(volume: volume(steps), duration: TimeSpan(seconds: seconds))
  }

  static func continuous(_ perSecond: UInt64) throws -> Therapy {
    .continuous(try step().flow(ofStepsPerSecond: perSecond))
  }

  /// - Parameters:
  ///   - aboveReserve: Steps until the reservoir is at its reserve.
  ///   - begins: Whether the therapy has begun, and the self-test of a start is over.
  init(
    _ therapy: Therapy, hour: DoseLimits.Limit = unlimited, day: DoseLimits.Limit = unlimited,
    aboveReserve: UInt64? = nil, carried: StepCounts = StepCounts(), stepsPerIndex: UInt64? = nil,
    stallTries: UInt64 = 2, begins: Bool = true
  ) throws {
    let reserve = Volume(microlitres: 1_000)
    var settings = SupervisorSettings(
      step: try Self.step(), limits: DoseLimits(perHour: hour, perDay: day),
      reservoir: try Reservoir(
        capacity: Volume(microlitres: 20_000),
        filled: aboveReserve.map { reserve + Self.volume($0) } ?? Volume(microlitres: 20_000),
        lowAlarm: Volume(microlitres: 2_000), reserve: reserve),
      backlogLimit: 64, maximumRate: 4_000, braking: TimeSpan(seconds: 2),
      stepsPerIndex: stepsPerIndex)
    settings.recorderCapacity = 64
    settings.stallTries = stallTries
    supervisor = Supervisor(
      settings: settings,
      prescription: Prescription(
        therapy: therapy, concentration: Concentration(microgramsPerMillilitre: 500)),
      carried: carried, start: .epoch)
    guard begins else { return }
    var report = DriveReport()
    report.beat = 1
    while let action = supervisor.turn(at: .epoch, report, pulses: nil) {
      if case .test(let part) = action { supervisor.tested(part, .passed, at: .epoch) }
    }
    supervisor.began(at: .epoch)
  }

  /// Takes a turn of a drive that lives and tells a count; every grant is journaled.
  ///
  /// - Parameter isAlive: Whether it gives a new sign of life.
  mutating func turn(
    _ milliseconds: UInt64, count: UInt64, pulses: UInt64? = nil, isAlive: Bool = true
  ) -> [SupervisorAction] {
    if isAlive { beat += 1 }
    var report = DriveReport()
    report.beat = beat
    report.at = Self.at(milliseconds)
    report.delivered = count
    report.isDelivering = true
    var actions: [SupervisorAction] = []
    while let action = supervisor.turn(at: report.at, report, pulses: pulses) {
      actions.append(action)
      if case .grant = action { supervisor.grantTaken() }
      if case .test(let part) = action { supervisor.tested(part, .passed, at: report.at) }
    }
    return actions
  }

  struct NoGrant: Error {}

  /// The count and the instant that a turn's grant reaches to.
  mutating func grant(_ milliseconds: UInt64, count: UInt64) throws -> (
    upTo: UInt64, until: Instant
  ) {
    for case .grant(_, let upTo, let until) in turn(milliseconds, count: count) {
      return (upTo, until)
    }
    throw NoGrant()
  }

  static func at(_ milliseconds: UInt64) -> Instant {
    .epoch + TimeSpan(milliseconds: milliseconds)
  }
}
