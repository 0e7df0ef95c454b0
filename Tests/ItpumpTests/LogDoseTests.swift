import Foundation
import PumpJournal
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpReports

@Suite(
  "The journal's steps and volumes are told as doses, by what each session says that they hold")
struct LogDoseTests {
  /// A microstep of 156.25 pL at 500 µg/mL: 64,000 of them hold 5 µg.
  private func binding(_ microgramsPerMillilitre: UInt64 = 500) throws -> JournalBinding {
    JournalBinding(
      step: try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1),
      concentration: Concentration(microgramsPerMillilitre: microgramsPerMillilitre))
  }

  private func record(_ entry: JournalEntry, session: UInt32 = 1) -> JournalRecord {
    JournalRecord(sequence: 7, session: session, at: .epoch, wallSeconds: 0, entry: entry)
  }

  private let grant = JournalEntry.grant(
    StepCounts(certain: 64_000, uncertain: 12_800, missed: 6_400), upTo: 102_400,
    until: .epoch + TimeSpan(minutes: 1))
  /// 2 µL: 1 µg.
  private let volume = Volume(microlitres: 2)

  @Test("Steps and boluses have their dose beside them; where nobody knows it, nothing is made up")
  func words() throws {
    let worth = try binding()
    // The counts are sums over all sessions, of whatever drug: only what is permitted now has a dose.
    let told = grant.words(at: .epoch, worth)
    #expect(told.contains("permitted (2 µg) for") && told.contains("steps certain, "), "\(told)")
    #expect(!grant.words(at: .epoch).contains("("))
    let boluses: [JournalEntry] = [
      .command(.bolus, volume.femtolitres, isAccepted: true),
      .command(.prime, volume.femtolitres, isAccepted: true),
      .asked(ticket: 1, .bolus, volume.femtolitres, Operator(user: 1, role: .clinician)),
      .answered(ticket: 1, .bolus, volume.femtolitres, .accepted),
      .event(.bolusBegan(.single, volume)), .event(.bolusEnded(.single, volume, isWhole: true)),
      .event(.bolusDropped(volume)),
    ]
    for entry in boluses {
      #expect(entry.words(at: .epoch, worth).contains("(1 µg)"), "\(entry)")
      #expect(!entry.words(at: .epoch).contains("µg)"), "\(entry)")
    }
    #expect(
      JournalEntry.event(.forgone(steps: 6_400)).words(at: .epoch, worth).contains("(0.5 µg)"))
    // A filling is no dose.
    let refill = JournalEntry.command(.refill, volume.femtolitres, isAccepted: true)
    #expect(!refill.words(at: .epoch, worth).contains("("))
  }

  @Test("JSON and CSV have the same doses in numbers, in as many columns as are named")
  func row() throws {
    let moments = Moments(.gmt)
    let permitted = LogRow(record(grant), moments, try binding())
    #expect(permitted.dose_ug == 2 && permitted.certain_steps == 64_000)
    let bolus = LogRow(record(.event(.bolusBegan(.single, volume))), moments, try binding())
    #expect(bolus.dose_ug == 1)
    let unknown = LogRow(record(grant), moments)
    #expect(unknown.dose_ug == nil && unknown.certain_steps == 64_000)
    let columns = LogRow.header.split(separator: ",")
    let place = try #require(columns.firstIndex(of: "dose_ug"))
    for each in [permitted, bolus, unknown] {
      let fields = each.csv.split(separator: ",", omittingEmptySubsequences: false)
      #expect(fields.count >= columns.count)
      #expect(fields[place] == (each.dose_ug.map { "\($0)" } ?? ""), "\(each.csv)")
    }
  }

  @Test(
    "Each session's records are judged by what that session says, and by no other where it is lost")
  func sessions() throws {
    var worth = StepWorth()
    func opened(_ binding: JournalBinding?) -> JournalEntry {
      .opened(boot: 1, clock: .zero, servedSince: .epoch, binding)
    }
    let (weak, strong) = (try binding(500), try binding(2_000))
    worth.note(record(opened(weak), session: 1))
    worth.note(record(grant, session: 1))
    worth.note(record(opened(nil), session: 2))
    // The third session's beginning is lost.
    worth.note(record(grant, session: 3))
    worth.note(record(opened(strong), session: 4))
    let told = (UInt32(1)...5).map { worth.of(record(grant, session: $0)) }
    #expect(told == [weak, nil, nil, strong, nil])
  }

  @Test("The patient's button is named as itself: it is no user of the system")
  func button() {
    let asked = JournalEntry.asked(ticket: 1, .patientBolus, 0, .button)
    #expect(asked.words(at: .epoch).contains("the patient's button asks for patient-bolus"))
    // Root in the patient's role is somebody.
    let root = JournalEntry.asked(ticket: 1, .patientBolus, 0, Operator(user: 0, role: .patient))
    #expect(root.words(at: .epoch).contains("patient (user 0) asks for"))
  }
}
