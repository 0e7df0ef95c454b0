import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@Suite("A refused command leaves nothing behind")
struct RefusedCommandTests {
  private typealias Loop = ControlLoop<SimulatedBench<EdgeRecorder>>

  /// What a refusal is tried on: 96 µg/h by day, a bolus of the pattern at noon, a patient's bolus.
  private static func prescription() throws -> Prescription {
    let pattern = try FlexPattern(
      period: .day,
      segments: [
        .init(start: .zero, flow: FlowRate(microlitresPerDay: 480)),
        .init(start: TimeSpan(hours: 3), flow: FlowRate(microlitresPerDay: 2_400)),
      ],
      boluses: [.init(start: TimeSpan(hours: 2), bolus: bolus(20, over: 300))])
    return Fixture.prescription(
      .flex(pattern),
      patient: try PatientBolusRule(
        bolus: bolus(10, over: 120), lockout: .hour, maximumPerDay: 3))
  }

  private static func bolus(_ microlitres: UInt64, over seconds: UInt64) throws -> Bolus {
    try Bolus(volume: Volume(microlitres: microlitres), duration: TimeSpan(seconds: seconds))
  }

  private static func loop(filled: UInt64 = 20_000) throws -> Loop {
    let limits = DoseLimits(
      perHour: .init(soft: Mass(micrograms: 100), hard: Mass(micrograms: 120)),
      perDay: .init(soft: Mass(micrograms: 100_000), hard: Mass(micrograms: 100_000)))
    return Loop(
      engine: Engine(
        settings: try Fixture.settings(limits: limits, filled: filled),
        prescription: try prescription(), grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(filled: filled), trace: EdgeRecorder()))
  }

  /// A command that is refused at an instant, after others that are not.
  struct Attempt: CustomTestStringConvertible {
    var name: String
    var at: TimeSpan
    var before: [Command] = []
    var command: Command
    var refusal: Refusal
    var testDescription: String { name }
  }

  private static func attempts() throws -> [Attempt] {
    let quarter = TimeSpan(minutes: 15)
    let other = Fixture.prescription(.continuous(FlowRate(microlitresPerDay: 240)))
    let stronger = Fixture.prescription(other.therapy, microgramsPerMillilitre: 2_000)
    let much = Fixture.prescription(.continuous(FlowRate(microlitresPerDay: 48 * 241)))
    let soft = Fixture.prescription(.continuous(FlowRate(microlitresPerDay: 48 * 110)))
    let fast = Fixture.prescription(.continuous(FlowRate(microlitresPerDay: 20_000_000)))
    let small = try bolus(1, over: 60)
    let long = try bolus(1, over: 3_600)
    let running: [Command] = [.bolus(try bolus(5, over: 1_200), isConfirmed: true)]
    func attempt(
      _ name: String, _ command: Command, _ refusal: Refusal, at: TimeSpan = quarter,
      after before: [Command] = []
    ) -> Attempt {
      Attempt(name: name, at: at, before: before, command: command, refusal: refusal)
    }
    let next = Instant.epoch + TimeSpan(hours: 2)
    return [
      attempt("begin twice", .begin(isConfirmed: true), .notPossible(in: .delivering)),
      attempt("resume what runs", .resume, .notPossible(in: .delivering)),
      attempt(
        "suspend what rests", .suspend, .notPossible(in: .suspended), after: [.suspend]),
      attempt(
        "bolus at rest", .bolus(small, isConfirmed: true), .notPossible(in: .suspended),
        after: [.suspend]),
      attempt(
        "patient's bolus at rest", .patientBolus, .notPossible(in: .suspended), after: [.suspend]),
      attempt(
        "adopt another concentration", .adopt(stronger, place: .zero, isConfirmed: true),
        .concentrationDiffers),
      attempt(
        "adopt beyond a hard limit", .adopt(much, place: .zero, isConfirmed: true),
        .doseLimit(.hour)),
      attempt(
        "adopt beyond a soft limit", .adopt(soft, place: .zero, isConfirmed: false),
        .needsConfirmation(.hour)),
      attempt(
        "adopt beyond the motor", .adopt(fast, place: .zero, isConfirmed: true), .beyondMotor),
      attempt(
        "adopt in a bolus", .adopt(other, place: .zero, isConfirmed: true), .bolusInProgress,
        after: running),
      attempt(
        "anchor in a bolus", .anchor(place: .hour), .bolusInProgress, after: running),
      attempt(
        "bolus in a bolus", .bolus(small, isConfirmed: true), .bolusInProgress, after: running),
      attempt(
        "prime in a bolus", .prime(small, isConfirmed: true), .bolusInProgress, after: running),
      attempt("patient's bolus in a bolus", .patientBolus, .bolusInProgress, after: running),
      attempt(
        "bolus beyond a hard limit", .bolus(try bolus(225, over: 600), isConfirmed: true),
        .doseLimit(.hour)),
      attempt(
        "bolus beyond a soft limit", .bolus(try bolus(120, over: 600), isConfirmed: false),
        .needsConfirmation(.hour)),
      attempt(
        "prime beyond a hard limit", .prime(try bolus(225, over: 600), isConfirmed: true),
        .doseLimit(.hour)),
      attempt(
        "bolus beyond the motor", .bolus(try bolus(2, over: 1), isConfirmed: true),
        .beyondMotor),
      attempt(
        "bolus into the pattern's", .bolus(long, isConfirmed: true),
        .overlapsScheduledBolus(at: next), at: TimeSpan(minutes: 90)),
      attempt(
        "patient's bolus into the pattern's", .patientBolus, .overlapsScheduledBolus(at: next),
        at: TimeSpan(minutes: 119)),
      attempt(
        "patient's bolus in the lock-out", .patientBolus,
        .lockedOut(until: .epoch + quarter + .hour), after: [.patientBolus]),
      attempt("cancel of no bolus", .cancelBolus, .noBolusInProgress),
      attempt("refill beyond the capacity", .refill(Volume(microlitres: 40_001)), .overfilled),
      attempt("acknowledge of nothing", .acknowledge(.overheated), .noSuchAlarm),
      attempt("silence of nothing", .silence(.overheated, .hour), .noSuchAlarm),
    ]
  }

  @Test("Status, report and every later edge are those of a pump that was never asked")
  func nothingChanges() throws {
    for attempt in try Self.attempts() {
      var asked = try Self.loop()
      var never = try Self.loop()
      let at = Instant.epoch + attempt.at
      for isAsked in [true, false] {
        func run(_ loop: inout Loop) throws {
          try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
          loop.run(until: at)
          for command in attempt.before { try loop.engine.perform(command, at: at) }
        }
        if isAsked { try run(&asked) } else { try run(&never) }
      }
      #expect(throws: attempt.refusal, "\(attempt.name)") {
        try asked.engine.perform(attempt.command, at: at)
      }
      let (was, is_) = (never.engine.status(at: at), asked.engine.status(at: at))
      #expect(is_ == was, "\(attempt.name)")
      let (reportBefore, reportAfter) = (
        never.engine.report(beat: 1, at: at), asked.engine.report(beat: 1, at: at)
      )
      #expect(reportAfter == reportBefore, "\(attempt.name)")
      let (eventsBefore, eventsAfter) = (never.engine.eventCount, asked.engine.eventCount)
      #expect(eventsAfter == eventsBefore, "\(attempt.name)")
      let end = at + TimeSpan(hours: 4)
      asked.run(until: end)
      never.run(until: end)
      // The lists themselves are too long to be told where they differ.
      let areSame = never.hardware.trace.edges == asked.hardware.trace.edges
      #expect(areSame, "\(attempt.name)")
      // What is asked for later is judged as if nothing had been asked before.
      let isLater = later(&asked, at: end)
      let isNever = later(&never, at: end)
      #expect(isLater == isNever, "\(attempt.name)")
    }
  }

  /// What becomes of a patient's bolus, an anchor and an end of the prescription, one after another.
  private func later(_ loop: inout Loop, at end: Instant) -> [String] {
    var answers: [String] = []
    for command: Command in [.patientBolus, .cancelBolus, .suspend, .anchor(place: .zero), .resume]
    {
      do throws(Refusal) {
        try loop.engine.perform(command, at: end)
        answers.append("\(command.kind)")
      } catch {
        answers.append("\(error)")
      }
    }
    loop.run(until: end + TimeSpan(minutes: 30))
    answers.append("\(loop.engine.ledger.delivered) \(loop.engine.prescription)")
    return answers
  }

  @Test("A patient's bolus that the pattern's refuses may be asked for again when that is over")
  func patternRefuses() throws {
    var loop = try Self.loop()
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    let before = Instant.epoch + TimeSpan(minutes: 119)
    loop.run(until: before)
    #expect(throws: Refusal.overlapsScheduledBolus(at: .epoch + TimeSpan(hours: 2))) {
      try loop.engine.perform(.patientBolus, at: before)
    }
    let after = Instant.epoch + TimeSpan(minutes: 126)
    loop.run(until: after)
    try loop.engine.perform(.patientBolus, at: after)
    loop.run(until: after + TimeSpan(minutes: 3))
    // And the one that was given does start it.
    #expect(throws: Refusal.lockedOut(until: after + .hour)) {
      try loop.engine.perform(.patientBolus, at: after + TimeSpan(minutes: 3))
    }
  }

  @Test("A patient's bolus that the reservoir refuses starts no lock-out")
  func reservoirRefuses() throws {
    // 10 µL are asked for, and 5 are left above the reserve; the low alarm stands from the start.
    var loop = try Self.loop(filled: 1_005)
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    #expect(throws: Refusal.alarm(.reservoirLow)) {
      try loop.engine.perform(.patientBolus, at: .epoch)
    }
    #expect(throws: Refusal.reservoirTooLow(Volume(microlitres: 5))) {
      try loop.engine.perform(
        .bolus(Self.bolus(10, over: 120), isConfirmed: true), at: .epoch)
    }
    // What is left may be given to the last femtolitre, and no more.
    let rest = Volume(microlitres: 5)
    let beyond = try Bolus(
      volume: rest + Volume(femtolitres: 1), duration: TimeSpan(seconds: 120))
    #expect(throws: Refusal.reservoirTooLow(rest)) {
      try loop.engine.perform(.bolus(beyond, isConfirmed: true), at: .epoch)
    }
    try loop.engine.perform(.bolus(Self.bolus(5, over: 120), isConfirmed: true), at: .epoch)
    try loop.engine.perform(.cancelBolus, at: .epoch)
    try loop.engine.perform(.refill(Volume(microlitres: 20_000)), at: .epoch)
    try loop.engine.perform(.acknowledge(.reservoirLow), at: .epoch)
    try loop.engine.perform(.patientBolus, at: .epoch)
  }
}
