import Foundation
import PumpFiles
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpUnits

extension PlanPlot {
  func heading(_ text: String, _ panel: Panel) -> String {
    // Above the marks, so that no label lies on it.
    let y = panel.top == rate.top ? panel.top - 62 : panel.top - 12
    return "<text x=\"\(left)\" y=\"\(y)\" font-weight=\"bold\">\(text)</text>"
  }

  func line(_ points: [(Double, Double)], _ colour: String) -> String {
    // More points than pixels say nothing.
    var kept: [(Double, Double)] = []
    for (index, point) in points.enumerated() {
      let isNear = kept.last.map { point.0 - $0.0 < 0.5 } ?? false
      if !isNear || index == points.count - 1 { kept.append(point) }
    }
    let text = kept.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
    return "<polyline points=\"\(text)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2.2\"/>"
  }

  func axes(_ panel: Panel, most: Double, parts: Int = 4) -> [String] {
    var out: [String] = []
    for part in 0...parts {
      let y = panel.bottom - panel.height * Double(part) / Double(parts)
      out.append(
        "<line x1=\"\(left)\" y1=\"\(y)\" x2=\"\(width - right)\" y2=\"\(y)\" stroke=\"#ddd\"/>"
          + "<text x=\"\(left - 8)\" y=\"\(y + 4)\" text-anchor=\"end\">"
          + "\(shown(most * Double(part) / Double(parts)))</text>")
    }
    var free = -Double.infinity
    for tick in TimeTicks(from: report.start, to: end, in: report.profile.timeZone).ticks {
      let at = x(seconds: tick.date.timeIntervalSince(report.start))
      let size = 7.4 * Double(tick.label.count)
      let from = min(max(4, at - size / 2), width - 4 - size)
      out.append(
        "<line x1=\"\(Self.number(at))\" y1=\"\(panel.bottom)\" x2=\"\(Self.number(at))\" "
          + "y2=\"\(panel.bottom + 5)\" stroke=\"#888\"/>")
      guard from >= free else { continue }
      free = from + size + 8
      out.append(
        "<text x=\"\(Self.number(from))\" y=\"\(panel.bottom + 19)\" font-size=\"12\">"
          + "\(tick.label)</text>")
    }
    return out
  }
}
