import Foundation
import PumpProfiles
import PumpUnits

/// The basal rate over time in block characters, with boluses marked above it, in 80 columns.
package struct TerminalPlot {
  private static let columns = 64
  private static let rows = 8
  private static let margin = 12
  private let report: PlanReport

  package init(_ report: PlanReport) { self.report = report }

  private var span: Double { Double(report.plan.span.nanoseconds) }

  package var lines: [String] {
    let rows = report.plan.rows
    let top = rows.map { report.rate($0.basal) }.max() ?? 0
    // What a column shows is its mean: a peak of minutes is no rate of a day.
    var heights = [Double](repeating: 0, count: Self.columns)
    for row in rows {
      let from = Double(row.start.nanoseconds) / span * Double(Self.columns)
      let to = Double(row.end.nanoseconds) / span * Double(Self.columns)
      for column in Int(from)..<max(Int(from), min(Self.columns, Int(to.rounded(.up)))) {
        let share = min(to, Double(column + 1)) - max(from, Double(column))
        heights[column] += report.rate(row.basal) * max(0, share)
      }
    }
    var lines: [String] = []
    if let marks { lines.append(left("bolus") + "  " + marks) }
    let label = Format.decimal(UInt64((top * 1e6).rounded()), per: 1_000_000) + " µg/h"
    for row in stride(from: Self.rows - 1, through: 0, by: -1) {
      let bar = heights.map { height -> Character in
        let eighths = top > 0 ? Int((height / top * Double(Self.rows * 8)).rounded()) - row * 8 : 0
        return Array(" ▁▂▃▄▅▆▇█")[min(8, max(0, eighths))]
      }
      lines.append(left(row == Self.rows - 1 ? label : "") + " ┤" + String(bar))
    }
    lines.append(left("0") + " └" + String(repeating: "─", count: Self.columns))
    lines.append(left("") + "  " + axis)
    return lines
  }

  private func left(_ text: String) -> String {
    String(repeating: " ", count: max(0, Self.margin - text.count)) + text
  }

  /// A mark over each column in which boluses begin: how many, where there are more than one.
  private var marks: String? {
    var counts = [Int](repeating: 0, count: Self.columns)
    for bolus in report.plan.boluses {
      let column = Int(Double(bolus.start.nanoseconds) / span * Double(Self.columns))
      counts[min(Self.columns - 1, column)] += 1
    }
    guard counts.contains(where: { $0 > 0 }) else { return nil }
    return counts.map { $0 == 0 ? " " : $0 == 1 ? "▼" : $0 < 10 ? "\($0)" : "+" }.joined()
  }

  /// The times under the plot, as many as fit.
  private var axis: String {
    let end = report.moment(.epoch + report.plan.span)
    var axis = [Character](repeating: " ", count: Self.columns)
    var free = 0
    for tick in TimeTicks(from: report.start, to: end, in: report.profile.timeZone).ticks {
      let place = tick.date.timeIntervalSince(report.start) * 1e9 / span * Double(Self.columns)
      let at = min(Int(place), Self.columns - tick.label.count)
      guard at >= free else { continue }
      for (offset, character) in tick.label.enumerated() { axis[at + offset] = character }
      free = at + tick.label.count + 1
    }
    return String(axis).replacingOccurrences(of: " +$", with: "", options: .regularExpression)
  }
}
