package import PumpDrive
import PumpMessages
import PumpPlan
package import PumpPlant
import PumpSafety
import PumpSession
package import PumpTherapy
package import PumpUnits

/// Runs the whole simulated stack: engine, dose guard, ledger, driver timing, plant and digest.
package enum StackBench {
  package struct Result {
    package var steps: UInt64
    package var nanosecondsPerStep: Double
    package var seconds: Double
    package var digest: TraceDigest
  }

  /// A constant flow for a time on the reference bench.
  package static func run(_ flow: FlowRate, for span: TimeSpan, _ repeats: Int) throws -> Result {
    var times: [Double] = []
    var steps: UInt64 = 0
    var digest = TraceDigest()
    for _ in 0..<repeats {
      var loop = try loop(flow)
      try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
      let time = ContinuousClock().measure { loop.run(until: .epoch + span) }
      times.append(time.seconds)
      steps = loop.hardware.rotorSteps
      digest = loop.hardware.trace.digest
    }
    let median = times.sorted()[times.count / 2]
    return Result(
      steps: steps, nanosecondsPerStep: median * 1e9 / Double(max(1, steps)), seconds: median,
      digest: digest)
  }

  /// What a stack is made of.
  package struct Parts {
    package var settings: EngineSettings
    package var prescription: Prescription
    package var plant: PlantSettings

    package func engine() -> Engine {
      Engine(settings: settings, prescription: prescription, grant: .unlimited)
    }

    package var bench: SimulatedBench<DigestTrace> {
      SimulatedBench(settings: plant, trace: DigestTrace())
    }
  }

  package static func loop(_ flow: FlowRate) throws -> ControlLoop<SimulatedBench<DigestTrace>> {
    let parts = try parts(flow)
    return ControlLoop(engine: parts.engine(), hardware: parts.bench)
  }

  /// - Parameters:
  ///   - flow: What is delivered.
  ///   - startRate: Steps a second that the motor makes without a ramp.
  ///   - maximumRate: Its fastest.
  package static func parts(
    _ flow: FlowRate, startRate: UInt64 = 1_000, maximumRate: UInt64 = 4_000
  ) throws -> Parts {
    let concentration = Concentration(microgramsPerMillilitre: 500)
    let full = Volume(microlitres: 20_000)
    let reservoir = try Reservoir(
      capacity: full, filled: full, lowAlarm: Volume(microlitres: 2_000),
      reserve: Volume(microlitres: 1_000))
    let limit = DoseLimits.Limit(
      soft: Mass(micrograms: 1_000_000), hard: Mass(micrograms: 1_000_000))
    let settings = EngineSettings(
      step: .reference,
      motor: try MotorLimits(
        startRate: startRate, maximumRate: maximumRate, acceleration: 4_000),
      driver: DriverTiming(
        stepHigh: TimeSpan(nanoseconds: 1_900), stepLow: TimeSpan(nanoseconds: 1_900),
        directionSetUp: TimeSpan(nanoseconds: 650), directionHold: TimeSpan(nanoseconds: 650),
        wakeUp: TimeSpan(microseconds: 1_700), energise: .always),
      backlogLimit: 64, limits: DoseLimits(perHour: limit, perDay: limit), reservoir: reservoir)
    let plant = PlantSettings(
      head: PumpHead(
        volumePerRevolution: Volume(microlitres: 50), stepsPerRevolution: 320_000, rollers: 3,
        pulsationPermille: 200),
      filled: full, lowSwitch: Volume(microlitres: 2_000),
      catheter: Catheter(
        volume: Volume(microlitres: 298), old: concentration, new: concentration),
      wallSecondsAtStart: 0)
    return Parts(
      settings: settings,
      prescription: Prescription(therapy: .continuous(flow), concentration: concentration),
      plant: plant)
  }
}
