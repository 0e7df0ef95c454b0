import ArgumentParser
import PumpBenchmarks
import PumpFiles
import PumpReports

/// `itpump bench`: how fast and how exact things are on this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract:
      "Measure this machine: the core's speed, the lateness of edges, the highest rate, a GPIO write.",
    subcommands: [
      CoreBench.self, EdgeBench.self, RateBench.self, GPIOBench.self, JournalBench.self,
    ],
    defaultSubcommand: CoreBench.self)
}

extension ProjectFiles {
  /// Gives figures to whom they are for: programs, people, or both.
  static func put(_ figures: some Encodable, _ table: String, json: String?) throws {
    if let json {
      let text = try JSONOutput.text(figures)
      if json == "-" { return try print(text) }
      try write(text, to: json)
    }
    try print(table)
  }
}

/// `itpump bench core`: the planner and the whole simulated stack.
struct CoreBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "core",
    abstract: "Measure the planner and the whole simulated stack on this machine.",
    discussion: """
      Times are medians of several runs in this process. The error is the largest distance between \
      a planned step and the definition of its programme, worked out with integers that share \
      nothing with the planner.
      """)

  @Option(help: .init("Write the figures as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @Option(help: .init("Runs of each programme, 1 to 99; the median counts.", valueName: "number"))
  var runs = 7

  @Option(help: .init("Which programmes, of abcde.", valueName: "letters"))
  var only = "abcde"

  func validate() throws {
    guard !only.isEmpty, only.allSatisfy("abcde".contains) else {
      throw ValidationError("--only: letters of abcde")
    }
    guard (1...99).contains(runs) else { throw ValidationError("--runs: 1 to 99") }
  }

  func run() throws {
    let figures = try CoreFigures(only: only, runs: runs)
    try ProjectFiles.put(figures, figures.table, json: json)
  }
}
