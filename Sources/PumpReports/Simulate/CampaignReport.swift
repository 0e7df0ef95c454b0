import Foundation
import PumpFiles
import PumpScenarios

/// A campaign's outcome for people and for programs.
package enum CampaignReport {
  private struct Machine: Encodable {
    var notice = "bench equipment: not a medical device, not for human use"
    var first_seed: UInt64
    var lives: Int
    var days: Double
    var faults: Int
    var alarms: Int
    var failures: [Failure]
  }

  private struct Failure: Encodable {
    var seed: UInt64
    var problems: [String]
  }

  /// Runs a campaign and tells what came of it.
  ///
  /// - Returns: Whether every rule was kept.
  package static func run(days: Int, seed: UInt64, json: String?) throws -> Bool {
    let bar = Bar()
    let verdicts = CampaignRunner.run(days: Double(days), firstSeed: seed) { bar.show($0) }
    bar.finish()
    let failures = verdicts.filter { !$0.problems.isEmpty }
    let simulated = verdicts.reduce(0) { $0 + $1.days }
    let faults = verdicts.reduce(0) { $0 + $1.faults }
    let alarms = verdicts.reduce(0) { $0 + $1.alarms }
    if json != "-" {
      var lines = [
        "fault campaign: \(Int(simulated)) days in \(verdicts.count) lives from seed \(seed) on",
        "  faults       \(TextColumns.grouped(UInt64(faults)))",
        "  alarms       \(TextColumns.grouped(UInt64(alarms)))",
        "  rules broken \(failures.count)",
      ]
      for failure in failures.prefix(20) {
        lines.append(
          "  seed \(failure.seed): \(failure.problems.prefix(3).joined(separator: "; "))")
      }
      if let first = failures.first {
        lines.append("again with: itpump simulate --campaign 1 --seed \(first.seed)")
      }
      try ProjectFiles.print(lines.joined(separator: "\n") + "\n")
    }
    if let json {
      let text = try JSONOutput.text(
        Machine(
          first_seed: seed, lives: verdicts.count, days: simulated, faults: faults,
          alarms: alarms,
          failures: failures.map { Failure(seed: $0.seed, problems: $0.problems) }))
      try ProjectFiles.write(text, to: json)
    }
    return failures.isEmpty
  }

  private final class Bar: @unchecked Sendable {
    private let lock = NSLock()
    private var bar = Console.Progress("campaign")

    func show(_ fraction: Double) { lock.withLock { bar.show(fraction) } }

    func finish() { lock.withLock { bar.finish() } }
  }
}
