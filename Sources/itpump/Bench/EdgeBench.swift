import ArgumentParser
import PumpBenchmarks
import PumpFiles
import PumpReports
import PumpUnits

/// `itpump bench edges`: how late edges are at 1 kHz, beside loops that do nothing else.
struct EdgeBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edges",
    abstract: "Measure the lateness of edges at 1 kHz on this machine.",
    discussion: """
      The whole controller drives a simulated plant in real time, and the clock is read again right \
      before each step. It alternates with a bare C loop that wakes early and spins as it does, and \
      with cyclictest where that is installed; a machine's noise shows in all of them.
      """)

  @Option(
    help: .init("Each run's length, 1s to 600s; 10s if not given.", valueName: "time"),
    transform: SpanArgument.parse)
  var span = SpanArgument(TimeSpan(seconds: 10))

  @Option(help: .init("Rounds, 1 to 99; medians count.", valueName: "number"))
  var pairs = 5

  @Option(help: .init("Write the figures as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @OptionGroup(title: "Real time") var realTime: RealTimeOptions

  func validate() throws {
    guard (1...99).contains(pairs) else { throw ValidationError("--pairs: 1 to 99") }
    guard (TimeSpan(seconds: 1)...TimeSpan(seconds: 600)).contains(span.span) else {
      throw ValidationError("--span: 1s to 600s")
    }
  }

  func run() throws {
    let figures = try EdgeFigures(span: span.span, pairs: pairs, realTime.wish, realTime.pace)
    for denial in figures.denials { Console.note("warning: \(denial)") }
    try ProjectFiles.put(figures, figures.table, json: json)
  }
}
