import Foundation
package import PumpFiles
import PumpPlant
package import PumpScenarios

extension QuietCampaign {
  /// Runs lives on all processors until so many days are simulated, and tells what alarmed without a cause.
  ///
  /// - Returns: Whether nothing did.
  package static func report(days: Int, seed: UInt64, files: ProjectFiles, json: String?) throws
    -> Bool
  {
    let now = Date()
    var lives = try lives(files, seeds: seed..<seed &+ min(1_000, .max - seed), now: now)
    // In an order that mixes all kinds, the same for a seed.
    var random = SplitMix64(seed: seed)
    for index in stride(from: lives.count - 1, to: 0, by: -1) {
      lives.swapAt(index, Int(random.next() % UInt64(index + 1)))
    }
    let work = Work(lives, days: Double(days))
    DispatchQueue.concurrentPerform(
      iterations: max(1, ProcessInfo.processInfo.activeProcessorCount)
    ) {
      _ in
      while let life = work.next() { work.add(run(life, start: now)) }
    }
    work.finish()
    let failures = work.verdicts.filter { !$0.problems.isEmpty }.sorted { $0.name < $1.name }
    let simulated = work.verdicts.reduce(0) { $0 + $1.days }
    if json != "-" {
      var lines = [
        "campaign without faults: \(Int(simulated)) days in \(work.verdicts.count) of \(lives.count) lives, "
          + "from seed \(seed) on",
        "  alarms without a cause \(failures.reduce(0) { $0 + $1.problems.count })",
      ]
      for failure in failures.prefix(20) {
        lines.append("  \(failure.name): \(failure.problems.prefix(3).joined(separator: "; "))")
      }
      try ProjectFiles.print(lines.joined(separator: "\n") + "\n")
    }
    if let json {
      try ProjectFiles.write(
        JSONOutput.text(
          Machine(
            first_seed: seed, lives: work.verdicts.count, days: simulated,
            failures: failures.map { .init(life: $0.name, problems: $0.problems) })), to: json)
    }
    return failures.isEmpty
  }

  private struct Machine: Encodable {
    struct Failure: Encodable {
      var life: String
      var problems: [String]
    }

    var notice = "bench equipment: not a medical device, not for human use"
    var first_seed: UInt64
    var lives: Int
    var days: Double
    var failures: [Failure]
  }

  /// What is to be done, shared by the workers.
  private final class Work: @unchecked Sendable {
    private let lock = NSLock()
    private let lives: [Life]
    private let wanted: Double
    private var taken = 0
    private var days = 0.0
    private var bar = Console.Progress("campaign")
    private(set) var verdicts: [Verdict] = []

    init(_ lives: [Life], days: Double) {
      self.lives = lives
      wanted = days
    }

    func next() -> Life? {
      lock.withLock {
        guard taken < lives.count, days < wanted else { return nil }
        taken += 1
        return lives[taken - 1]
      }
    }

    func add(_ verdict: Verdict) {
      lock.withLock {
        verdicts.append(verdict)
        days += verdict.days
        bar.show(min(days / wanted, 1))
      }
    }

    func finish() { lock.withLock { bar.finish() } }
  }
}
