import Foundation
import PumpProfiles
import PumpUnits

/// The basal rate over time in block characters, with boluses marked above it.
struct TerminalPlot {
  private static let columns = 72
  private static let rows = 8
  private let report: PlanReport

  init(_ report: PlanReport) { self.report = report }

  var lines: [String] {
    let span = Double(report.plan.span.nanoseconds)
    let basal = report.plan.rows
    let top = basal.map { report.rate($0.basal) }.max() ?? 0
    var heights = [Double](repeating: 0, count: Self.columns)
    for row in basal {
      let from = Int(Double(row.start.nanoseconds) / span * Double(Self.columns))
      let to = Int((Double(row.end.nanoseconds) / span * Double(Self.columns)).rounded(.up))
      for column in from..<max(from, min(Self.columns, to)) {
        heights[column] = max(heights[column], report.rate(row.basal))
      }
    }
    var marks = [Character](repeating: " ", count: Self.columns)
    for row in report.plan.boluses {
      marks[
        min(Self.columns - 1, Int(Double(row.start.nanoseconds) / span * Double(Self.columns)))] =
        "▼"
    }
    let label = Format.decimal(UInt64((top * 1e6).rounded()), per: 1_000_000) + " µg/h"
    let width = 12
    func left(_ text: String) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    var lines: [String] = []
    if marks.contains("▼") { lines.append(left("bolus") + "  " + String(marks)) }
    for row in stride(from: Self.rows - 1, through: 0, by: -1) {
      let bar = heights.map { height -> Character in
        let eighths = top > 0 ? Int((height / top * Double(Self.rows * 8)).rounded()) - row * 8 : 0
        return Array(" ▁▂▃▄▅▆▇█")[min(8, max(0, eighths))]
      }
      lines.append(left(row == Self.rows - 1 ? label : "") + " ┤" + String(bar))
    }
    lines.append(left("0") + " └" + String(repeating: "─", count: Self.columns))
    lines.append(left("") + "  " + axis(span))
    return lines
  }

  /// The times under the plot: midnights of up to ten days, else quarters.
  private func axis(_ span: Double) -> String {
    let days = span / 86_400e9
    let isByDay = days > 1 && days <= 10
    let parts = isByDay ? Int(days.rounded(.down)) : 4
    var axis = [Character](repeating: " ", count: Self.columns + 8)
    for part in 0...parts {
      let place = isByDay ? Double(part) / days : Double(part) / 4
      let date = report.start.addingTimeInterval(span / 1e9 * place)
      let text =
        days > 1
        ? String(report.moments.full(date).dropFirst(9).prefix(5)) : report.moments.time(date)
      let isLast = place > 0.99
      let at = Int(place * Double(Self.columns)) - (isLast && !isByDay ? text.count : 0)
      for (offset, character) in text.enumerated() { axis[max(0, at) + offset] = character }
    }
    return String(axis).replacingOccurrences(of: " +$", with: "", options: .regularExpression)
  }
}
