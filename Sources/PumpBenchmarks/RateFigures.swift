import Foundation
import PumpFiles
package import PumpLinux
import PumpProfiles
import PumpReports
package import PumpUnits

/// The highest step rate that this machine keeps.
package struct RateFigures: Encodable {
  private let span: TimeSpan
  private let top: UInt64
  private var kept_steps_per_second: UInt64?
  private let span_s: Double
  private var trials: [RateSearch.Trial] = []
  /// What the system did not permit.
  package private(set) var denials: [String] = []

  private enum CodingKeys: CodingKey { case kept_steps_per_second, span_s, trials, denials }

  /// `null` where nothing was kept, and not left out.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(kept_steps_per_second, forKey: .kept_steps_per_second)
    try values.encode(span_s, forKey: .span_s)
    try values.encode(trials, forKey: .trials)
    try values.encode(denials, forKey: .denials)
  }

  /// Measures.
  ///
  /// - Parameters:
  ///   - top: The highest rate to try, in steps a second.
  ///   - span: How long it must be kept.
  /// - Throws: `ProjectFiles.Problem`.
  package init(
    upTo top: UInt64, for span: TimeSpan, _ wish: RealTimeThread.Wish, _ pace: PacedClock.Pace
  ) throws {
    span_s = Double(span.nanoseconds) / 1e9
    self.span = span
    self.top = top
    var trials: [RateSearch.Trial] = []
    var denials: [String] = []
    let trialSpan = min(span, TimeSpan(seconds: 2))
    kept_steps_per_second = try RateSearch.highest(
      upTo: top, for: span, trying: trialSpan
    ) { rate, span in
      Console.note("\(rate) steps/s for \(Format.span(span))")
      let task = try EdgeTask(rate: rate, span: span, pace: pace, withBareLoop: false)
      guard let thread = RealTimeThread.start(wish, task) else {
        throw ProjectFiles.Problem(description: "error: the system has no thread left")
      }
      thread.join()
      let trial = RateSearch.Trial(
        rate: rate, span: span, missed: task.missed, lateness: task.controller)
      trials.append(trial)
      denials = task.denials
      return trial.is_kept
    }
    self.trials = trials
    self.denials = denials
  }

  /// For people.
  package var table: String {
    func time(_ nanoseconds: UInt64) -> String {
      TextColumns.right(String(format: "%.1f µs", Double(nanoseconds) / 1e3), 12)
    }
    var lines = ["   steps/s       for    missed         p50         p99       p99.9       worst"]
    for trial in trials {
      lines.append(
        TextColumns.right(TextColumns.grouped(trial.rate_steps_per_second), 10)
          + TextColumns.right(String(format: "%.0f s", trial.span_s), 10)
          + TextColumns.right(TextColumns.grouped(trial.missed_steps), 10)
          + time(trial.lateness.p50_ns) + time(trial.lateness.p99_ns)
          + time(trial.lateness.p999_ns) + time(trial.lateness.worst_ns)
          + (trial.is_kept ? "" : "   not kept"))
    }
    let words = Format.span(span)
    if let kept = kept_steps_per_second {
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
