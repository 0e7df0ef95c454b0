import ArgumentParser
import Foundation
import PumpBenchmarks
import PumpFiles
import PumpLinux
import PumpProfiles
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

  struct Figures: Encodable {
    var kept_steps_per_second: UInt64?
    var span_s: Double
    var trials: [RateSearch.Trial] = []
    var denials: [String] = []

    enum CodingKeys: CodingKey { case kept_steps_per_second, span_s, trials, denials }

    /// `null` where nothing was kept, and not left out.
    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(kept_steps_per_second, forKey: .kept_steps_per_second)
      try values.encode(span_s, forKey: .span_s)
      try values.encode(trials, forKey: .trials)
      try values.encode(denials, forKey: .denials)
    }
  }

  func run() throws {
    var figures = Figures(span_s: Double(span.span.nanoseconds) / 1e9)
    let trialSpan = min(span.span, TimeSpan(seconds: 2))
    figures.kept_steps_per_second = try RateSearch.highest(
      upTo: top, for: span.span, trying: trialSpan
    ) { rate, span in
      Console.note("\(rate) steps/s for \(Format.span(span))")
      let task = try EdgeTask(rate: rate, span: span, pace: realTime.pace, withBareLoop: false)
      guard let thread = RealTimeThread.start(realTime.wish, task) else {
        throw ProjectFiles.Problem(description: "error: the system has no thread left")
      }
      thread.join()
      let trial = RateSearch.Trial(
        rate: rate, span: span, missed: task.missed, lateness: task.controller)
      figures.trials.append(trial)
      figures.denials = task.denials
      return trial.is_kept
    }
    for denial in figures.denials { Console.note("warning: \(denial)") }
    if let json {
      let text = try JSONOutput.text(figures)
      if json == "-" { return try ProjectFiles.print(text) }
      try ProjectFiles.write(text, to: json)
    }
    try ProjectFiles.print(table(figures))
  }

  private func table(_ figures: Figures) -> String {
    func time(_ nanoseconds: UInt64) -> String {
      TextColumns.right(String(format: "%.1f µs", Double(nanoseconds) / 1e3), 12)
    }
    var lines = ["   steps/s       for    missed         p50         p99       p99.9       worst"]
    for trial in figures.trials {
      lines.append(
        TextColumns.right(TextColumns.grouped(trial.rate_steps_per_second), 10)
          + TextColumns.right(String(format: "%.0f s", trial.span_s), 10)
          + TextColumns.right(TextColumns.grouped(trial.missed_steps), 10)
          + time(trial.lateness.p50_ns) + time(trial.lateness.p99_ns)
          + time(trial.lateness.p999_ns) + time(trial.lateness.worst_ns)
          + (trial.is_kept ? "" : "   not kept"))
    }
    let words = Format.span(span.span)
    if let kept = figures.kept_steps_per_second {
      let end = kept == top ? ", the highest that was tried" : ""
      lines.append("This machine keeps \(TextColumns.grouped(kept)) steps/s for \(words)\(end).")
    } else {
      lines.append(
        "This machine keeps not even \(RateSearch.lowest) steps/s for \(words): see what else runs on it."
      )
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
