import ArgumentParser
import PumpBenchmarks
import PumpFiles
import PumpReports
import PumpUnits

/// `itpump bench rate`: the highest step rate that this machine keeps.
struct RateBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rate",
    abstract: "Find the highest step rate that this machine keeps.",
    discussion: """
      The whole controller drives a simulated plant in real time, faster and faster, and the highest rate \
      is proved over --span. A rate is kept where no step is given up, and at most one step in a thousand \
      is so late that the next one is due. A driver file's maximum-rate should be well below it.
      """)

  @Option(
    help: .init("How long the rate must be kept, 2s to 600s; 60s if not given.", valueName: "time"),
    transform: SpanArgument.parse)
  var span = SpanArgument(TimeSpan(seconds: 60))

  @Option(
    help: .init(
      "The highest rate to try, 125 to 20000 steps/s.", valueName: "steps/s"))
  var top: UInt64 = 20_000

  @Option(help: .init("Write the figures as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @OptionGroup(title: "Real time") var realTime: RealTimeOptions

  func validate() throws {
    guard (TimeSpan(seconds: 2)...TimeSpan(seconds: 600)).contains(span.span) else {
      throw ValidationError("--span: 2s to 600s")
    }
    guard (RateSearch.lowest...20_000).contains(top) else {
      throw ValidationError("--top: 125 to 20000")
    }
  }

  func run() throws {
    let figures = try RateFigures(upTo: top, for: span.span, realTime.wish, realTime.pace)
    for denial in figures.denials { Console.note("warning: \(denial)") }
    try ProjectFiles.put(figures, figures.table, json: json)
  }
}
