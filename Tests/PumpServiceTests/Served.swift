import Foundation
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

/// A pump of 0.15625 nL a step with 500 ug/mL, an hour after its session was opened.
enum Served {
  static func continuous(_ microlitresPerDay: UInt64) throws -> Prescription {
    Prescription(
      therapy: .continuous(
        try FlowRate(delivering: Volume(microlitres: microlitresPerDay), over: .day)),
      concentration: Concentration(microgramsPerMillilitre: 500))
  }

  static func facts(_ prescription: Prescription? = nil) throws -> PumpFacts {
    let limit = Mass(femtograms: 2_000_000_000_000)
    let profile = Profile(
      name: "p", population: "adult-spinal", drug: "baclofen",
      concentration: Concentration(microgramsPerMillilitre: 500), lot: "A1",
      expires: try #require(CalendarDay("2030-01-01")),
      reservoir: try Reservoir(
        capacity: Volume(microlitres: 20_000), filled: Volume(microlitres: 18_000),
        lowAlarm: Volume(microlitres: 2_000), reserve: Volume(microlitres: 1_000)),
      catheterVolume: Volume(microlitres: 200), timeZone: .gmt, mode: .continuous,
      prescription: try prescription ?? continuous(240),
      limits: DoseLimits(
        perHour: .init(soft: limit, hard: limit), perDay: .init(soft: limit, hard: limit)),
      singleBolus: nil, patientBolusReason: nil)
    let drug = try #require(DrugLoader.load(text("Profiles/drugs/baclofen.yaml")).drug)
    let board = try #require(BenchLoader.board(text("Hardware/boards/simulator.yaml")).board)
    let driver = try #require(BenchLoader.driver(text("Hardware/drivers/drv8825.yaml")).driver)
    let head = try #require(BenchLoader.pump(text("Hardware/pumps/peristaltic-50ul.yaml")).pump)
    let bench = try #require(BenchLoader.bench(board: board, driver: driver, pump: head).0)
    return PumpFacts(
      profile: profile, drugs: [drug], bench: bench,
      step: try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1), board: "b",
      journal: nil, startedBy: "x", openedOn: Date(timeIntervalSince1970: 1_800_000_000),
      opened: .epoch)
  }

  static func text(_ path: String) throws -> String {
    let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: top.appendingPathComponent(path), encoding: .utf8)
  }

  static func status() -> SessionStatus {
    SessionStatus(
      at: .epoch + .hour, position: 12,
      drive: DriveDetail(
        state: .delivering, flow: FlowRate(femtolitresPerDay: 240_000_000_000),
        reservoir: Volume(microlitres: 17_990)), waitsFor: nil,
      counts: StepCounts(certain: 64_000), carried: StepCounts(), cutBy: nil, isHeld: false,
      isTesting: false, standing: Alarm.reservoirLow.bit, present: 0, critical: 0,
      lastHour: Mass(femtograms: 5_000_000_000), lastDay: Mass(femtograms: 5_000_000_000))
  }
}
