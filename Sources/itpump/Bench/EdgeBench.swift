import ArgumentParser
import Foundation
import PumpBenchmarks
import PumpFiles
import PumpLinux
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

  struct Figures: Encodable {
    var controller: [EdgeRow] = []
    var bare_c_loop: [EdgeRow] = []
    var cyclictest: [EdgeRow] = []
    var denials: [String] = []
  }

  func run() throws {
    var figures = Figures()
    var bar = Console.Progress("measuring")
    for pair in 0..<pairs {
      let task = try EdgeTask(
        rate: 1_000, span: span.span, pace: realTime.pace, withBareLoop: true)
      guard let thread = RealTimeThread.start(realTime.wish, task) else {
        throw ProjectFiles.Problem(description: "error: the system has no thread left")
      }
      thread.join()
      figures.controller.append(task.controller)
      figures.bare_c_loop.append(task.bare ?? .empty)
      figures.denials = task.denials
      if let row = Cyclictest.run(span.span, priority: realTime.priority) {
        figures.cyclictest.append(row)
      }
      bar.show(Double(pair + 1) / Double(pairs))
    }
    bar.finish()
    for denial in figures.denials { Console.note("warning: \(denial)") }
    if let json {
      let text = try JSONOutput.text(figures)
      if json == "-" { return try ProjectFiles.print(text) }
      try ProjectFiles.write(text, to: json)
    }
    try ProjectFiles.print(Self.table(figures))
  }

  private static func table(_ figures: Figures) -> String {
    var lines = [
      "  medians of the runs       p50        p99      p99.9      worst   processor   allocations"
    ]
    for (name, rows) in [
      ("controller", figures.controller), ("bare C loop", figures.bare_c_loop),
      ("cyclictest", figures.cyclictest),
    ] where !rows.isEmpty {
      func median(_ value: (EdgeRow) -> UInt64) -> String {
        let sorted = rows.map(value).sorted()
        return String(format: "%.2f µs", Double(sorted[sorted.count / 2]) / 1e3)
      }
      let shares = rows.compactMap(\.processor_share).sorted()
      let share = shares.isEmpty ? "-" : String(format: "%.1f %%", shares[shares.count / 2] * 100)
      let allocations = rows.compactMap(\.allocations).max().map { "\($0)" } ?? "-"
      lines.append(
        "  " + name.padding(toLength: 18, withPad: " ", startingAt: 0)
          + TextColumns.right(median(\.p50_ns), 10) + TextColumns.right(median(\.p99_ns), 10)
          + TextColumns.right(median(\.p999_ns), 10) + TextColumns.right(median(\.worst_ns), 10)
          + TextColumns.right(share, 11) + TextColumns.right(allocations, 13))
    }
    let ratios = zip(figures.controller, figures.bare_c_loop).map {
      Double($0.p99_ns) / Double(max(1, $1.p99_ns))
    }.sorted()
    lines.append(
      String(
        format: "  p99 beside the bare C loop's: %.2f (median of pairs)", ratios[ratios.count / 2]))
    return lines.joined(separator: "\n") + "\n"
  }
}
