package import Foundation
package import PumpProfiles
package import PumpReports
package import PumpService
import PumpUnits

extension RunEnding {
  /// Says what the run's own account of itself does not hold.
  package func tellLosses(isRecorded: Bool, isJournalWhole: Bool) {
    if isRecorded, !isRecordWhole {
      Console.note(
        "warning: the record has an early end: the drive died or the disk did not keep up")
    }
    if lostMessages > 0 {
      Console.note(
        "warning: \(lostMessages) messages of the real-time thread were lost because disk or "
          + "terminal did not keep up: lateness, alarms and digest below are incomplete, the ledger "
          + "is not")
    }
    if !isJournalWhole {
      Console.note(
        "error: the journal's disk did not take the run's end: its last steps are uncertain at the next start"
      )
    }
  }
}

extension RunMonitor {
  /// What is told of a run that has ended.
  package func report(
    _ profile: Profile, _ bench: Bench, _ start: Date, _ outcome: RunOutcome, _ ending: RunEnding,
    _ books: JournalBooks
  ) -> RunReport {
    var report = RunReport(
      profile: profile, bench: bench, start: start, outcome: outcome, events: events,
      lateness: lateness, digest: digest.value, books: books)
    report.processorShare =
      Double(ending.processorTime.nanoseconds) / Double(max(1, ending.elapsed.nanoseconds))
    report.troubles = troubles
    report.indexPulses = indexPulses
    report.glitches = glitches
    report.lateWakes = lateWakes
    report.lostMessages = ending.lostMessages
    return report
  }
}
