import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@Suite("The reservoir by the ledger")
struct ReservoirTests {
  private let step: StepVolume
  private let reservoir: Reservoir

  init() throws {
    step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1)
    reservoir = try Reservoir(
      capacity: Volume(microlitres: 20_000), filled: Volume(microlitres: 18_000),
      lowAlarm: Volume(microlitres: 2_000), reserve: Volume(microlitres: 1_000))
  }

  @Test("What is left, and the steps to the reserve")
  func left() {
    // 17 mL are 108,800,000 steps.
    #expect(reservoir.stepsToReserve(afterSteps: 0, of: step) == 108_800_000)
    #expect(reservoir.stepsToReserve(afterSteps: 108_800_000, of: step) == 0)
    #expect(reservoir.stepsToReserve(afterSteps: .max, of: step) == 0)
    #expect(reservoir.left(afterSteps: 108_800_000, of: step) == Volume(microlitres: 1_000))
    #expect(reservoir.left(afterSteps: .max, of: step) == .zero)
  }

  @Test("Overfilled, or an alarm below the reserve: no reservoir")
  func invalid() {
    #expect(throws: Reservoir.Problem.overfilled) {
      try Reservoir(
        capacity: Volume(microlitres: 1), filled: Volume(microlitres: 2), lowAlarm: .zero,
        reserve: .zero)
    }
    #expect(throws: Reservoir.Problem.alarmBelowReserve) {
      try Reservoir(
        capacity: Volume(microlitres: 2), filled: Volume(microlitres: 2), lowAlarm: .zero,
        reserve: Volume(microlitres: 1))
    }
  }

  @Test("Days to the alarm: 300 µg/day of 500 and of 2000 µg/mL, 18 mL usable")
  func clinicalTable() throws {
    for (concentration, days) in [(500, 30), (2_000, 120)] as [(UInt64, UInt64)] {
      let strength = Concentration(microgramsPerMillilitre: concentration)
      let flow = try strength.flow(for: DoseRate(microgramsPerDay: 300))
      let span = Reservoir.timeToUse(
        Volume(microlitres: 18_000),
        by: Prescription(therapy: .continuous(flow), concentration: strength), from: .zero)
      #expect(span == TimeSpan(days: days))
    }
  }

  @Test("From within a bolus of the pattern its rest is not counted, for it is not given")
  func withinBolus() throws {
    // Half an hour of 30 µL from 23:50 on, and 1 µL an hour by itself.
    let pattern = try FlexPattern(
      period: .day, segments: [.init(start: .zero, flow: FlowRate(microlitresPerDay: 24))],
      boluses: [
        .init(
          start: TimeSpan(minutes: 23 * 60 + 50),
          bolus: Bolus(volume: Volume(microlitres: 30), duration: TimeSpan(minutes: 30)))
      ])
    let prescription = Prescription(
      therapy: .flex(pattern), concentration: Concentration(microgramsPerMillilitre: 500))
    for (minutes, hours) in [(UInt64(0), UInt64(10)), (10, 10), (30, 10)] {
      let span = Reservoir.timeToUse(
        Volume(microlitres: 10), by: prescription, from: TimeSpan(minutes: minutes))
      // To the second below, of a volume that is rounded up.
      let exact = TimeSpan(hours: hours)
      let isExact = span == exact || span == exact.lessening(by: TimeSpan(seconds: 1))
      #expect(isExact, "from \(minutes) minutes on")
    }
  }

  @Test("The worst case takes every permitted patient bolus, and comes no later than reality")
  func worstCase() throws {
    let bolus = try Bolus(volume: Volume(microlitres: 10), duration: TimeSpan(seconds: 60))
    let rule = try PatientBolusRule(bolus: bolus, lockout: .hour, maximumPerDay: 5)
    let plain = Prescription(
      therapy: .continuous(FlowRate(microlitresPerDay: 100)),
      concentration: Concentration(microgramsPerMillilitre: 500))
    let with = Prescription(
      therapy: plain.therapy, concentration: plain.concentration, patientBolus: rule)
    let volume = Volume(microlitres: 1_500)
    #expect(Reservoir.timeToUse(volume, by: plain, from: .zero) == TimeSpan(days: 15))
    // 150 µL a day, each day's five boluses at its start: after ten days nothing is left.
    #expect(Reservoir.timeToUse(volume, by: with, from: .zero) == TimeSpan(days: 10))
    let stopped = Prescription(therapy: .stopped, concentration: plain.concentration)
    #expect(Reservoir.timeToUse(volume, by: stopped, from: .zero) == nil)
  }

  @Test(
    "The worst case gives a patient's bolus at once, then one a lock-out, and no more than the most a day"
  )
  func worstCaseToTheSecond() throws {
    let bolus = try Bolus(volume: Volume(microlitres: 10), duration: TimeSpan(seconds: 60))
    let rule = try PatientBolusRule(bolus: bolus, lockout: TimeSpan(hours: 6), maximumPerDay: 2)
    let asked = Prescription(
      therapy: .stopped, concentration: Concentration(microgramsPerMillilitre: 500),
      patientBolus: rule)
    // The second bolus is due after six hours; the third and fourth only on the second day, at once.
    for (microlitres, seconds) in [
      (9, 0), (10, 6 * 3_600 - 1), (19, 6 * 3_600 - 1), (20, 86_400), (39, 86_400),
      (40, 2 * 86_400),
    ] as [(UInt64, UInt64)] {
      let lasts = Reservoir.timeToUse(Volume(microlitres: microlitres), by: asked, from: .zero)
      #expect(lasts == TimeSpan(seconds: seconds), "\(microlitres) µL")
    }
  }
}
