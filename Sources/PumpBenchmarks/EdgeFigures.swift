import Foundation
import PumpFiles
package import PumpLinux
import PumpReports
package import PumpUnits

/// How late edges are at 1 kHz, beside loops that do nothing else.
package struct EdgeFigures: Encodable {
  private var controller: [EdgeRow] = []
  private var bare_c_loop: [EdgeRow] = []
  private var cyclictest: [EdgeRow] = []
  /// What the system did not permit.
  package private(set) var denials: [String] = []

  /// Measures.
  ///
  /// - Parameters:
  ///   - span: Each run's length.
  ///   - pairs: Rounds; medians count.
  /// - Throws: `ProjectFiles.Problem`.
  package init(
    span: TimeSpan, pairs: Int, _ wish: RealTimeThread.Wish, _ pace: PacedClock.Pace
  ) throws {
    var bar = Console.Progress("measuring")
    for pair in 0..<pairs {
      let task = try EdgeTask(
        rate: 1_000, span: span, pace: pace, withBareLoop: true)
      guard let thread = RealTimeThread.start(wish, task) else {
        throw ProjectFiles.Problem(description: "error: the system has no thread left")
      }
      thread.join()
      controller.append(task.controller)
      bare_c_loop.append(task.bare ?? .empty)
      denials = task.denials
      if let row = Cyclictest.run(span, priority: wish.priority) {
        cyclictest.append(row)
      }
      bar.show(Double(pair + 1) / Double(pairs))
    }
    bar.finish()
  }

  /// For people.
  package var table: String {
    var lines = [
      "  medians of the runs       p50        p99      p99.9      worst   processor   allocations"
    ]
    for (name, rows) in [
      ("controller", controller), ("bare C loop", bare_c_loop),
      ("cyclictest", cyclictest),
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
    let ratios = zip(controller, bare_c_loop).map {
      Double($0.p99_ns) / Double(max(1, $1.p99_ns))
    }.sorted()
    lines.append(
      String(
        format: "  p99 beside the bare C loop's: %.2f (median of pairs)", ratios[ratios.count / 2]))
    return lines.joined(separator: "\n") + "\n"
  }
}
