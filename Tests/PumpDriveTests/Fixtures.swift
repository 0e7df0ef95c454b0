import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpTherapy
import PumpUnits

/// Bench parts that tests share.
enum Fixture {
  static func step(_ femtolitres: UInt64 = 156_250, in steps: UInt64 = 1) throws -> StepVolume {
    try StepVolume(delivering: Volume(femtolitres: femtolitres), inSteps: steps)
  }

  static let driver = DriverTiming(
    stepHigh: TimeSpan(nanoseconds: 1_900), stepLow: TimeSpan(nanoseconds: 1_900),
    directionSetUp: TimeSpan(nanoseconds: 650), directionHold: TimeSpan(nanoseconds: 650),
    wakeUp: TimeSpan(microseconds: 1_700), energise: .always)

  static func limits(
    hour: UInt64 = 1_000_000, day: UInt64 = 1_000_000, softDay: UInt64? = nil
  ) -> DoseLimits {
    DoseLimits(
      perHour: .init(soft: Mass(micrograms: hour), hard: Mass(micrograms: hour)),
      perDay: .init(soft: Mass(micrograms: softDay ?? day), hard: Mass(micrograms: day)))
  }

  static func settings(
    step: StepVolume? = nil, driver: DriverTiming = Fixture.driver, startRate: UInt64 = 1_000,
    maximumRate: UInt64 = 4_000, acceleration: UInt64 = 4_000, backlog: UInt64 = 64,
    limits: DoseLimits = Fixture.limits(), filled: UInt64 = 20_000,
    followsDelay: TimeSpan = .zero
  ) throws -> EngineSettings {
    EngineSettings(
      step: try step ?? Fixture.step(),
      motor: try MotorLimits(
        startRate: startRate, maximumRate: maximumRate, acceleration: acceleration,
        followsDelay: followsDelay),
      driver: driver, backlogLimit: backlog, limits: limits,
      reservoir: try Reservoir(
        capacity: Volume(microlitres: 40_000), filled: Volume(microlitres: filled),
        lowAlarm: Volume(microlitres: 2_000), reserve: Volume(microlitres: 1_000)))
  }

  static func plant(
    filled: UInt64 = 20_000, faults: [ScheduledFault] = [], seed: UInt64 = 1
  ) -> PlantSettings {
    let concentration = Concentration(microgramsPerMillilitre: 500)
    var plant = PlantSettings(
      head: PumpHead(volumePerRevolution: Volume(microlitres: 50), stepsPerRevolution: 320_000),
      filled: Volume(microlitres: filled), lowSwitch: Volume(microlitres: 2_000),
      catheter: Catheter(
        volume: Volume(microlitres: 298), old: concentration, new: concentration),
      wallSecondsAtStart: 1_800_000_000)
    plant.faults = FaultSchedule(faults)
    plant.seed = seed
    return plant
  }

  static func prescription(
    _ therapy: Therapy, microgramsPerMillilitre: UInt64 = 500, patient: PatientBolusRule? = nil
  ) -> Prescription {
    Prescription(
      therapy: therapy,
      concentration: Concentration(microgramsPerMillilitre: microgramsPerMillilitre),
      patientBolus: patient)
  }
}
