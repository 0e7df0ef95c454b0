import ArgumentParser
import Foundation
import PumpDrive
import PumpFiles
import PumpHAL
import PumpJournal
import PumpLinux
import PumpMessages
import PumpProfiles
import PumpReports
import PumpSafety
import PumpService
import PumpSession
import PumpUnits

/// How a run ends, and what is said of it.
extension RunCommand {
  /// Says where the records of a journal are whose file was taken from its name.
  static func tell(_ place: JournalPlace, _ path: String) -> String {
    switch place {
    case .restored:
      Console.note(
        "warning: \(path) was removed while the run wrote to it: a copy has its name again")
      return path
    case .moved(let number):
      let kept = "\(path).kept-\(number)"
      Console.note(
        "warning: \(path) was replaced while the run wrote to it: this run's records are in \(kept); put "
          + "that in its place before the next run")
      return kept
    case .lost:
      Console.note(
        "error: \(path) was removed while the run wrote to it, and no copy could be made: write down the "
          + "steps below")
      return path
    }
  }

  static func describe(_ end: ChildProcess.End) -> String {
    switch end {
    case .exited(let code): "ended with code \(code)"
    case .killed(let signal): "was killed by signal \(signal)"
    }
  }

  /// Ends a run that never began.
  func giveUp(_ control: SupervisedRun) throws {
    control.orderStop()
    _ = control.join()
    guard let obstacle = control.obstacle else {
      if control.stoppedBy != nil { throw ProjectFiles.Problem(description: "not begun: stopped") }
      // A drive that could not claim its lines has said so.
      if control.end == .exited(3) { throw ExitCode(1) }
      throw ProjectFiles.Problem(
        description: "error: not begun: the drive's process "
          + (control.end.map(Self.describe) ?? "did not start"))
    }
    throw ProjectFiles.Problem(description: "error: not begun: \(obstacle.title)")
  }

  func finish(
    _ control: SupervisedRun, _ monitor: RunMonitor, _ ending: RunEnding, _ profile: Profile,
    _ bench: Bench, _ start: Date,
    _ books: JournalBooks
  ) throws {
    guard let outcome = ending.outcome else {
      throw ProjectFiles.Problem(description: "error: the real-time thread ended without a result")
    }
    if record != nil, !ending.isRecordWhole {
      Console.note(
        "warning: the record has an early end: the drive died or the disk did not keep up")
    }
    if ending.lostMessages > 0 {
      Console.note(
        "warning: \(ending.lostMessages) messages of the real-time thread were lost because disk or "
          + "terminal did not keep up: lateness, alarms and digest below are incomplete, the ledger "
          + "is not")
    }
    if !control.isJournalWhole {
      Console.note(
        "error: the journal's disk did not take the run's end: its last steps are uncertain at the next start"
      )
    }
    let recordFailure = monitor.closeRecord()
    var report = RunReport(
      profile: profile, bench: bench, start: start, outcome: outcome, events: monitor.events,
      lateness: monitor.lateness, digest: monitor.digest.value, books: books)
    report.processorShare =
      Double(ending.processorTime.nanoseconds) / Double(max(1, ending.elapsed.nanoseconds))
    report.troubles = monitor.troubles
    report.indexPulses = monitor.indexPulses
    report.glitches = monitor.glitches
    report.lateWakes = monitor.lateWakes
    report.lostMessages = ending.lostMessages
    var failure = recordFailure
    func attempt(_ work: () throws -> Void) {
      do { try work() } catch { failure = failure ?? error }
    }
    if json != "-" { attempt { try ProjectFiles.printSurely(report.text) } }
    if let json {
      attempt {
        let text = try JSONOutput.text(report.machine)
        try ProjectFiles.write(text, to: json)
      }
    }
    if let failure { throw failure }
    if !report.isClean || !control.isJournalWhole { throw ExitCode(1) }
  }
}
