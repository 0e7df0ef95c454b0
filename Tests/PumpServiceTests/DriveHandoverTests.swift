import Foundation
import PumpDrive
import PumpHAL
import PumpLinux
import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

@Suite("The drive reads its plan as its supervisor wrote it, or refuses it")
struct DriveHandoverTests {
  /// A plan with a value of its own in every field.
  private func handover(segments: Int) throws -> DriveHandover {
    let step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 3)
    var settings = EngineSettings(
      step: step,
      motor: try MotorLimits(
        startRate: 900, maximumRate: 4_100, acceleration: 3_700,
        followsDelay: TimeSpan(milliseconds: 11)),
      driver: DriverTiming(
        stepHigh: TimeSpan(nanoseconds: 1_901), stepLow: TimeSpan(nanoseconds: 1_902),
        directionSetUp: TimeSpan(nanoseconds: 653), directionHold: TimeSpan(nanoseconds: 654),
        hold: TimeSpan(microseconds: 7), wakeUp: TimeSpan(microseconds: 1_705),
        energise: .aroundStrokes),
      backlogLimit: 61,
      limits: DoseLimits(
        perHour: .init(soft: Mass(micrograms: 62), hard: Mass(micrograms: 63)),
        perDay: .init(soft: Mass(micrograms: 64), hard: Mass(micrograms: 65))),
      reservoir: try Reservoir(
        capacity: Volume(microlitres: 40_000), filled: Volume(microlitres: 17_000),
        lowAlarm: Volume(microlitres: 2_001), reserve: Volume(microlitres: 1_001)))
    settings.recorderCapacity = 513
    settings.housekeeping = TimeSpan(seconds: 6)
    settings.sensors.batteryLowMillivolts = 2_611
    let therapy = Therapy.flex(
      try FlexPattern(
        period: .day,
        segments: try (0..<segments).map {
          .init(
            start: TimeSpan(minutes: UInt64($0) * 10),
            flow: try step.flow(ofStepsPerSecond: UInt64($0) % 3 + 1))
        },
        boluses: []))
    let bolus = try Bolus(
      volume: Volume(microlitres: 3), duration: TimeSpan(minutes: 4))
    let plan = DrivePlan(
      settings: settings,
      prescription: Prescription(
        therapy: therapy, concentration: Concentration(microgramsPerMillilitre: 1_999),
        patientBolus: try PatientBolusRule(
          bolus: bolus, lockout: TimeSpan(hours: 3), maximumPerDay: 5)),
      carried: StepCounts(certain: 71, uncertain: 72, missed: 73, atFill: 74),
      recalled: (0..<5).map { RecalledDose(steps: 80 + $0, by_ns: 90 + $0) },
      patientBoluses: (0..<4).map { Instant(nanoseconds: 100 + $0) },
      lastBolus: Instant(nanoseconds: 110),
      task: RunTask(
        start: Instant(nanoseconds: 111), singleBolus: bolus, span: TimeSpan(seconds: 112),
        isConfirmed: true, isSupervised: true),
      wish: RealTimeThread.Wish(priority: 44, processor: 3, locksMemory: false),
      pace: PacedClock.Pace(window: TimeSpan(microseconds: 45), budgetPermille: 46),
      supervisorTimeout: TimeSpan(milliseconds: 1_234), isRecording: true, fault: .deaf)
    // A chip is read from the kernel, or from what was read of one.
    let chip = try JSONDecoder().decode(
      GPIOChip.self,
      from: Data(
        #"{"path":"/dev/gpiochip9","name":"gpiochip9","label":"a \"chip\", µ","lineCount":54}"#.utf8
      ))
    let requests = Dictionary(
      uniqueKeysWithValues: BenchLine.allCases.map { line in
        (
          line,
          LineRequest(
            title: "line '\(line)'", offset: UInt32(line.rawValue) + 17,
            isActiveLow: line.rawValue % 2 == 0, bias: .pullDown, drive: .openSource)
        )
      })
    return DriveHandover(
      plan: plan, lines: .chip(chip, requests, board: "bench 7"), supervisor: 4_711)
  }

  private func read(_ bytes: [UInt8]) throws(DriveHandover.Problem) -> DriveHandover {
    do {
      return try bytes.withUnsafeBytes { try DriveHandover($0) }
    } catch let problem as DriveHandover.Problem {
      throw problem
    } catch { throw .damaged }
  }

  @Test("Every field arrives, through the memory too", arguments: [1, 96])
  func whole(segments: Int) throws {
    let given = try handover(segments: segments)
    let bytes = try given.bytes()
    let taken = try read(bytes)
    // What a value prints is all of its fields, down to the last.
    #expect(dumped(taken.plan) == dumped(given.plan))
    #expect(taken.plan.prescription == given.plan.prescription)
    #expect(taken.lines == given.lines && taken.supervisor == 4_711)
    #expect(dumped(given.plan).count > 2_000, "a dump that shows nothing compares nothing")
    let memory = try #require(DriveMemory(bytes))
    let other = try #require(DriveMemory(opening: dup(memory.shared.file)))
    #expect(dumped(try other.handover().plan) == dumped(given.plan))
    // The rings are the same ones on both sides.
    memory.commands.writer.put(NumberedCommand(number: 9, words: CommandWords(.suspend)))
    #expect(other.commands.take()?.number == 9)
    other.answers.writer.put(DriveAnswer(number: 9, refusal: nil))
    #expect(memory.answers.take()?.number == 9)
  }

  private func dumped(_ plan: DrivePlan) -> String {
    var text = ""
    dump(plan, to: &text)
    return text
  }

  @Test("A byte that was changed, and an end that is missing, are refused")
  func damaged() throws {
    let bytes = try handover(segments: 2).bytes()
    for place in bytes.indices {
      var other = bytes
      other[place] ^= 0x10
      #expect(throws: DriveHandover.Problem.damaged, "byte \(place)") { try read(other) }
    }
    for count in 0..<bytes.count {
      #expect(throws: DriveHandover.Problem.damaged, "\(count) bytes") {
        try read(Array(bytes.prefix(count)))
      }
    }
    #expect(throws: Never.self) { try read(bytes + [1, 2, 3]) }
  }
}
