import ArgumentParser
import Foundation
import PumpBench
import PumpFiles
import PumpLinux
import PumpProfiles
import PumpReports
import PumpService

/// How a run ends, and what is said of it.
extension RunCommand {
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
          + (control.end?.words ?? "did not start"))
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
    ending.tellLosses(isRecorded: record != nil, isJournalWhole: control.isJournalWhole)
    let recordFailure = monitor.closeRecord()
    let report = monitor.report(profile, bench, start, outcome, ending, books)
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
