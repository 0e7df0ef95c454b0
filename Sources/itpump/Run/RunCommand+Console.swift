import ArgumentParser
import Foundation
import PumpBench
import PumpFiles
import PumpProfiles
import PumpReports
import PumpSafety
import PumpService
import PumpSession
import PumpUnits

/// A run on a board with a firmware of its own.
extension RunCommand {
  /// Runs it on a board with a firmware of its own.
  func run(_ profile: Profile, _ bench: Bench, over console: Board.Console) throws {
    guard record == nil else {
      throw ProjectFiles.Problem(
        description: "--record: a firmware keeps its own record: --journal copies its journal")
    }
    if let copy = journaling.journal, FileManager.default.fileExists(atPath: copy) {
      throw ProjectFiles.Problem(
        description: "\(copy): error: is there already; name a new file for the copy of the journal"
      )
    }
    var report: FirmwareReport
    do {
      let folder = options.board.map { PathParts.folder(of: $0) } ?? ""
      let line = try FirmwareLine(console, in: folder.isEmpty ? "." : folder)
      let moment = try start.map { try StartArgument.resolve($0, in: profile.timeZone) } ?? Date()
      var run = FirmwareRun(
        profile: profile, bench: bench, on: line, moment: moment, span: span?.span,
        isConfirmed: confirm, isRefilled: journaling.refilled, isAfterOutage: afterOutage,
        endsRunning: endRunning, fault: driveFault, acknowledged: acknowledge, socket: socket,
        ahead: start == nil ? 0 : moment.timeIntervalSinceNow)
      report = try run.run()
    } catch let problem as FirmwareConsole.Problem {
      throw ProjectFiles.Problem(description: "\(bench.board.name): error: \(problem)")
    }
    var isKept = true
    if let copy = journaling.journal {
      do {
        try report.journalData.write(to: URL(fileURLWithPath: copy))
        report.journal = copy
        if report.hasWrapped {
          Console.note(
            "warning: the board's journal has given up its first records: \(copy) holds the others, and "
              + "'itpump log' opens a journal from its first record on only")
        }
      } catch {
        isKept = false
        Console.note("\(copy): error: can't be written; check the folder and its permissions")
      }
    }
    if json != "-" { try ProjectFiles.print(report.text) }
    if let json {
      let text = try JSONOutput.text(report.machine)
      try ProjectFiles.write(text, to: json)
    }
    if !report.isClean || !isKept { throw ExitCode(1) }
  }
}
