import ArgumentParser
import PumpFiles
import PumpReports

/// `itpump report`: what a pump was to give and what it gave, to be printed.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make a page to print of a pump's journal: prescription, doses, alarms, changes.",
    discussion: """
      The page is one HTML file that needs nothing else. Everything in it is read from the journal, also while a run \
      writes to it. Without a file a few lines are printed.
      """)

  @Argument(
    help: "The journal; 'itpump run' names it at its end.",
    completion: .file(extensions: ["journal"]))
  var journal: String

  @Option(
    name: .shortAndLong, help: .init("Write the page; - for standard output.", valueName: "file"))
  var output: String?

  @Option(help: .init("Write the same as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @Option(
    help: .init(
      "The trend holds so many days against as many before them, 1 to 366.", valueName: "days"))
  var trendDays = 28

  @Option(help: .init("A rise of more is flagged, 1 to 1000.", valueName: "percent"))
  var rise = 20

  @OptionGroup var options: FileOptions

  func validate() throws {
    guard (1...366).contains(trendDays) else { throw ValidationError("--trend-days: 1 to 366") }
    guard (1...1_000).contains(rise) else { throw ValidationError("--rise: 1 to 1000") }
    guard output != "-" || json != "-" else {
      throw ValidationError("only one of --output and --json can go to standard output")
    }
  }

  func run() throws {
    try ProjectFiles.checkOutputs([output, json], inputs: [journal])
    let past = try JournalPast(journal, options.files)
    let report = past.report(trendDays: trendDays, flaggedAbove: Double(rise))
    if let output { try ProjectFiles.write(HistoryPage(report).html, to: output) }
    if let json { try ProjectFiles.write(JSONOutput.text(HistoryMachine(report)), to: json) }
    if output != "-", json != "-" { try ProjectFiles.print(report.text) }
  }
}
