import ArgumentParser
import Foundation
import PumpClinic
import PumpFiles
import PumpReports

/// `itpump screening`: what comes next before there is a pump.
struct ScreeningCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "screening",
    abstract: "Say what comes next in a screening, or with which dose a pump begins.",
    discussion: """
      The record says what was given when, and what was seen: screening, time-zone, and trials, each as \
      {at: "2026-11-02 09:00", dose: 50 ug, over: 1 min, seen: none}; seen: response or reaction also says lasted: 6 h.
      """)

  @Argument(help: "The screening's record.", completion: .file(extensions: ["yaml"])) var record:
    String
  @Flag(help: "Print JSON instead of text.") var json = false

  func run() throws {
    let (read, diagnostics) = ScreeningReader.read(try ProjectFiles.text(record), now: Date())
    let report = ScreeningReport(try ProjectFiles.usable(read, diagnostics, record))
    try ProjectFiles.print(json ? JSONOutput.text(report) : report.text)
  }
}
