import ArgumentParser
import Foundation
import PumpFiles
import PumpProfiles
import PumpReports
import PumpUnits

/// `itpump plan`: what will be delivered, and when.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what a profile will deliver and when, as a table, a plot, JSON, CSV or SVG.")

  @Argument(help: "The profile.", completion: .file(extensions: ["yaml"]))
  var profile: String

  @Option(help: .init("How many days, 1 to 366.", valueName: "number"))
  var days: UInt64 = 1

  @Option(
    help: .init(
      "When it begins, such as 2026-11-22, in the profile's time zone; today's midnight if not "
        + "given.", valueName: "time"))
  var start: StartArgument?

  @Option(help: .init("Write the plan as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @Option(help: .init("Write the plan as CSV; - for standard output.", valueName: "file"))
  var csv: String?

  @Option(help: .init("Draw dose over time as SVG.", valueName: "file"))
  var svg: String?

  @OptionGroup var options: FileOptions

  func validate() throws {
    guard (1...366).contains(days) else { throw ValidationError("--days: 1 to 366") }
    guard json != "-" || csv != "-" else {
      throw ValidationError("only one of --json and --csv can go to standard output")
    }
  }

  func run() throws {
    let (profile, bench) = try options.load(
      self.profile, now: start?.date(in: .gmt) ?? Date(), outputs: [json, csv, svg])
    let start = try StartArgument.resolve(start, in: profile.timeZone)
    let plan = DeliveryPlan(
      profile, on: bench, from: profile.place(at: start), lasting: TimeSpan(days: days))
    let report = PlanReport(profile: profile, bench: bench, plan: plan, start: start)
    let outputs = [
      (json, { try JSONOutput.text(report.machine) }), (csv, { report.csv }),
      (svg, { PlanPlot(report).svg }),
    ]
    for (path, text) in outputs {
      guard let path else { continue }
      try ProjectFiles.write(try text(), to: path)
    }
    if json != "-", csv != "-", svg != "-" { try ProjectFiles.print(report.text) }
  }
}
