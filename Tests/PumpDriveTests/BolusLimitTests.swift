import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@Suite("One bolus is bound by the library's limits, in each channel by itself and whoever asks")
struct BolusLimitTests {
  /// Of 500 µg/mL: 10 µg are 20 µL, 128,000 steps.
  private let soft = Mass(micrograms: 5)
  private let hard = Mass(micrograms: 10)
  private let shortest = TimeSpan(minutes: 2)

  private var limits: DoseLimits {
    let free = Fixture.limits()
    return DoseLimits(
      perHour: free.perHour, perDay: free.perDay,
      bolus: .init(dose: .init(soft: soft, hard: hard), shortest: shortest))
  }

  private func bolus(_ micrograms: UInt64, _ minutes: UInt64 = 10, more: UInt64 = 0) throws -> Bolus
  {
    try Bolus(
      volume: Volume(femtolitres: micrograms * 2_000_000_000 + more),
      duration: TimeSpan(minutes: minutes))
  }

  private func engine(_ therapy: Therapy = .continuous(.zero), patient: PatientBolusRule? = nil)
    throws -> Engine
  {
    let settings = try Fixture.settings(limits: limits)
    return Engine(
      settings: settings, prescription: Fixture.prescription(therapy, patient: patient),
      grant: .unlimited)
  }

  private func basal() throws -> Therapy {
    .continuous(try Fixture.step().flow(ofStepsPerSecond: 1))
  }

  /// What the drive says.
  private func drive(_ command: Command) throws -> Refusal? {
    var engine = try engine(try basal())
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    do throws(Refusal) { try engine.perform(command, at: .epoch) } catch { return error }
    return nil
  }

  /// What the supervisor says, which never hears of the drive's word.
  private func supervisor(_ command: Command, patient: PatientBolusRule? = nil) throws -> Refusal? {
    var settings = Fixture.guarding(try Fixture.settings(limits: limits))
    settings.selfTestInterval = .day
    var supervisor = Supervisor(
      settings: settings, prescription: Fixture.prescription(try basal(), patient: patient),
      start: .epoch)
    for part in SelfTestPart.allCases {
      _ = supervisor.turn(at: .epoch, DriveReport(), pulses: 0)
      var action = supervisor.turn(at: .epoch, DriveReport(), pulses: 0)
      while let next = action {
        if case .test(let tested) = next { supervisor.tested(tested, .passed, at: .epoch) }
        action = supervisor.turn(at: .epoch, DriveReport(), pulses: 0)
      }
      _ = part
    }
    return supervisor.refusal(of: command, at: .epoch)
  }

  @Test("Dose and time, to the femtolitre: each channel refuses by its own word")
  func limit() throws {
    let cases: [(Command, Refusal?)] = [
      (.bolus(try bolus(10), isConfirmed: true), nil),
      (.bolus(try bolus(10, more: 2_000), isConfirmed: true), .bolusTooLarge(hard)),
      (.bolus(try bolus(11), isConfirmed: true), .bolusTooLarge(hard)),
      (.bolus(try bolus(5), isConfirmed: false), nil),
      (.bolus(try bolus(5, more: 2_000), isConfirmed: false), .bolusNeedsConfirmation(soft)),
      (.bolus(try bolus(5, more: 2_000), isConfirmed: true), nil),
      (.bolus(try bolus(1, 2), isConfirmed: true), nil),
      (.bolus(try bolus(1, 1), isConfirmed: true), .bolusTooFast(shortest)),
      // Tubing and catheter hold more than a bolus may be.
      (.prime(try bolus(20), isConfirmed: true), nil),
    ]
    for (command, refusal) in cases {
      #expect(try drive(command) == refusal, "drive: \(command)")
      #expect(try supervisor(command) == refusal, "supervisor: \(command)")
    }
  }

  @Test("A patient's bolus and the pattern's are bound like a clinician's")
  func others() throws {
    let rule = try PatientBolusRule(
      bolus: try bolus(6), lockout: .hour, maximumPerDay: 4)
    var engine = try engine(try basal(), patient: rule)
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    #expect(throws: Refusal.bolusNeedsConfirmation(soft)) {
      try engine.perform(.patientBolus, at: .epoch)
    }
    #expect(try supervisor(.patientBolus, patient: rule) == .bolusNeedsConfirmation(soft))
    for (micrograms, isConfirmed, refusal) in [
      (UInt64(11), true, Refusal.bolusTooLarge(hard)), (6, false, .bolusNeedsConfirmation(soft)),
    ] {
      let pattern = try FlexPattern(
        period: .day,
        segments: [.init(start: .zero, flow: Fixture.step().flow(ofStepsPerSecond: 1))],
        boluses: [.init(start: .hour, bolus: try bolus(micrograms))])
      var scheduled = try self.engine(.flex(pattern))
      #expect(throws: refusal) {
        try scheduled.perform(.begin(isConfirmed: isConfirmed), at: .epoch)
      }
      // And so is what is to be adopted.
      var running = try self.engine(try basal())
      try running.perform(.begin(isConfirmed: true), at: .epoch)
      #expect(throws: refusal) {
        try running.perform(
          .adopt(
            Fixture.prescription(.flex(pattern)), place: .zero, isConfirmed: isConfirmed),
          at: .epoch)
      }
    }
  }
}
