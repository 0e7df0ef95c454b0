import PumpDrive
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpUnits
import Testing

@Suite("The tables of alarms and refusals are the code's, row by row")
struct DocumentedTablesTests {
  /// The cells of a table's rows, by the heading above it.
  private func rows(under heading: String) throws -> [[String]] {
    let text = try Files.text("Hardware/alarms-and-commands.md")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let start = try #require(lines.firstIndex(of: "## \(heading)"))
    let part = lines[(start + 1)...].prefix { !$0.hasPrefix("## ") }
    let table = part.filter { $0.hasPrefix("|") }.dropFirst(2)
    return table.map { line in
      line.split(separator: "|").map { cell in
        String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
    }
  }

  @Test("Each alarm has its row, with its priority, its sounds and what it does with delivery")
  func alarms() throws {
    let rows = try rows(under: "Alarms")
    #expect(rows.map { $0[0] } == Alarm.allCases.map(\.name))
    let cadence = AlarmCadence()
    for (alarm, row) in zip(Alarm.allCases, rows) {
      try #require(row.count == 6, "\(alarm.name)")
      let isCritical = alarm.priority == .critical
      #expect(row[1] == (isCritical ? "critical" : "non-critical"), "\(alarm.name)")
      let interval = isCritical ? cadence.critical : cadence.nonCritical
      #expect(row[2] == Format.span(interval), "\(alarm.name)")
      let silence =
        isCritical ? cadence.longestCriticalSilence : cadence.longestNonCriticalSilence
      #expect(row[3] == (silence == .day ? "24 h" : Format.span(silence)), "\(alarm.name)")
      #expect(row[4] == (alarm.stopsDelivery ? "stops" : "goes on"), "\(alarm.name)")
      #expect(!row[5].isEmpty)
    }
    #expect(Set(Alarm.allCases.map(\.title)).count == Alarm.allCases.count)
  }

  @Test("Each refusal has its row, with its words")
  func refusals() throws {
    let all: [Refusal] = [
      .notPossible(in: .delivering), .bolusInProgress, .concentrationDiffers, .noBolusInProgress,
      .overlapsScheduledBolus(at: .epoch), .doseLimit(.hour), .needsConfirmation(.day),
      .beyondMotor, .reservoirTooLow(Volume(microlitres: 5)), .patientBolusNotPrescribed,
      .lockedOut(until: .epoch), .dailyMaximum(until: .epoch), .alarm(.reservoirLow),
      .selfTestRuns, .noSuchAlarm, .overfilled, .commandInProgress, .journalFailed,
      .bolusTooLarge(Mass(femtograms: 100_000_000_000)),
      .bolusNeedsConfirmation(Mass(femtograms: 75_000_000_000)),
      .bolusTooFast(TimeSpan(minutes: 1)), .hasChanged, .ticketUsed,
      .bolusTooSoon(until: .epoch),
    ]
    let rows = try rows(under: "Refusals")
    #expect(rows.map { $0[0] } == all.map(\.name))
    #expect(all.map { Int($0.code.number) } == Array(1...all.count))
    for (refusal, row) in zip(all, rows) {
      #expect(Refusal(number: refusal.code.number, detail: refusal.code.detail) == refusal)
      #expect(row[1] == refusal.words)
      #expect(row.count == 3 && !row[2].isEmpty)
    }
  }
}
