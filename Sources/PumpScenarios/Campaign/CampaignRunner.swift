import Foundation

/// Many seeds on all processors.
package enum CampaignRunner {
  /// Lives through seeds until so many days are simulated.
  ///
  /// - Returns: The verdicts, in the order of their seeds.
  package static func run(
    days: Double, firstSeed: UInt64, progress: @escaping @Sendable (Double) -> Void
  )
    -> [Campaign.Verdict]
  {
    let state = State(nextSeed: firstSeed)
    let workers = max(1, ProcessInfo.processInfo.activeProcessorCount)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while let seed = state.take(upTo: days) {
        let verdict: Campaign.Verdict
        do { verdict = try Campaign(seed: seed).run() } catch {
          verdict = Campaign.Verdict(
            seed: seed, days: 0.01, faults: 0, alarms: 0, problems: ["not begun: \(error)"])
        }
        progress(state.add(verdict) / days)
      }
    }
    return state.verdicts.sorted { $0.seed < $1.seed }
  }

  private final class State: @unchecked Sendable {
    private let lock = NSLock()
    private var nextSeed: UInt64
    private var days = 0.0
    private(set) var verdicts: [Campaign.Verdict] = []

    init(nextSeed: UInt64) { self.nextSeed = nextSeed }

    func take(upTo most: Double) -> UInt64? {
      lock.withLock {
        guard days < most else { return nil }
        // The last seed is followed by the first.
        defer { nextSeed &+= 1 }
        return nextSeed
      }
    }

    func add(_ verdict: Campaign.Verdict) -> Double {
      lock.withLock {
        verdicts.append(verdict)
        days += verdict.days
        return days
      }
    }
  }
}
