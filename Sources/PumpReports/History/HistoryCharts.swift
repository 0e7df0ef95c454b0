import Foundation
import PumpFiles
import PumpProfiles

/// The plots of a history, as SVG that stands in a page.
struct HistoryCharts {
  let report: HistoryReport
  private let width = 960.0
  private let left = 84.0
  private let right = 30.0
  private let top = 34.0
  private let height = 150.0
  private var bottom: Double { top + height }

  init(_ report: HistoryReport) { self.report = report }

  private var days: [HistoryDays.Day] { report.days.days }

  /// A bar for each day: given, may have been given besides, and missed.
  var dailyDoses: String {
    guard let first = days.first else { return "" }
    let most = PlanPlot.ceiling(
      days.map { $0.dose.certain_ug + $0.dose.uncertain_ug + $0.dose.missed_ug }.max() ?? 0)
    let slot = (width - left - right) / Double(days.count)
    var out = head("Dose of each day, µg: given, uncertain, missed") + scale(most)
    for (place, day) in days.enumerated() {
      let x = left + slot * Double(place)
      var from = 0.0
      let parts = [
        (day.dose.certain_ug, "#9ec5e8"), (day.dose.uncertain_ug, "#b3471d"),
        (day.dose.missed_ug, "#fff"),
      ]
      for (dose, colour) in parts where dose > 0 {
        out.append(bar(x, slot, from, from + dose, most, colour, isOutlined: colour == "#fff"))
        from += dose
      }
      if from > 0, days.count <= 16 {
        out.append(
          label(x + slot * 0.43, y(from, most) - 4, report.mass(day.dose.certain_ug), "middle"))
      }
    }
    out += dates(from: first.begin, slot)
    out.append(label(width - right, 14, "blue given, brown uncertain, white missed", "end"))
    return svg(out, "Dose of each day")
  }

  /// The mean of each hour of the clock; the night is shaded.
  var dosesByHour: String {
    let hours = report.days.meanOfHours
    guard hours.count == 24 else { return "" }
    let most = PlanPlot.ceiling(hours.max() ?? 0)
    let slot = (width - left - right) / 24
    var out = head("Dose by hour of the day, µg, on the mean of the whole days")
    for (from, to) in [(0, 6), (22, 24)] {
      out.append(
        "<rect x=\"\(number(left + slot * Double(from)))\" y=\"\(top)\" width=\"\(number(slot * Double(to - from)))\" "
          + "height=\"\(height)\" fill=\"#eee\"/>")
    }
    out += scale(most)
    for (hour, dose) in hours.enumerated() {
      let x = left + slot * Double(hour)
      if dose > 0 { out.append(bar(x, slot, 0, dose, most, "#9ec5e8")) }
      out.append(label(x, bottom + 17, String(format: "%02d", hour), "middle"))
    }
    out.append(label(width - right, bottom + 17, "24", "middle"))
    out.append(label(width - right, 14, "22:00 to 06:00 is shaded", "end"))
    return svg(out, "Dose by hour of the day")
  }

  /// The ledger's reservoir at the end of each day.
  var reservoir: String {
    let levels = days.enumerated().compactMap { place, day in
      day.reservoir.map { (place, $0.microlitres / 1_000) }
    }
    guard let first = days.first, levels.count > 1 else { return "" }
    let most = PlanPlot.ceiling(levels.map(\.1).max() ?? 0)
    let slot = (width - left - right) / Double(days.count)
    let points = levels.map { place, level in
      "\(number(left + slot * (Double(place) + 0.5))),\(number(y(level, most)))"
    }
    var out = head("Reservoir by the ledger, mL, at the last count of each day") + scale(most)
    out.append(
      "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"#555\" stroke-width=\"2\"/>"
    )
    out += dates(from: first.begin, slot)
    return svg(out, "Reservoir by the ledger")
  }

  // MARK: - Parts

  private func number(_ value: Double) -> String { PlanPlot.number(value) }

  private func y(_ value: Double, _ most: Double) -> Double { bottom - height * value / most }

  private func svg(_ parts: [String], _ name: String) -> String {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 \(number(bottom + 28))\" font-family=\"sans-serif\" "
      + "font-size=\"12\" role=\"img\" aria-label=\"\(Visible.xml(name))\">\n"
      + parts.joined(separator: "\n") + "\n</svg>\n"
  }

  private func head(_ text: String) -> [String] {
    [
      "<text x=\"\(left)\" y=\"14\" font-size=\"13\" font-weight=\"bold\">\(Visible.xml(text))</text>"
    ]
  }

  private func label(_ x: Double, _ y: Double, _ text: String, _ anchor: String) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"11\" text-anchor=\"\(anchor)\">\(Visible.xml(text))</text>"
  }

  private func bar(
    _ x: Double, _ slot: Double, _ from: Double, _ to: Double, _ most: Double, _ colour: String,
    isOutlined: Bool = false
  ) -> String {
    "<rect x=\"\(number(x))\" y=\"\(number(y(to, most)))\" width=\"\(number(max(0.4, slot * 0.86)))\" "
      + "height=\"\(number(height * (to - from) / most))\" fill=\"\(colour)\""
      + (isOutlined ? " stroke=\"#888\" stroke-dasharray=\"3 2\"" : "") + "/>"
  }

  private func scale(_ most: Double) -> [String] {
    (0...4).map { part in
      let value = most * Double(part) / 4
      let at = number(y(value, most))
      let text = String(format: "%g", value)
      return
        "<line x1=\"\(left)\" y1=\"\(at)\" x2=\"\(width - right)\" y2=\"\(at)\" stroke=\"#ddd\"/>"
        + label(left - 8, y(value, most) + 4, text, "end")
    }
  }

  /// The days that an axis names, as many as have room.
  private func dates(from begin: Date, _ slot: Double) -> [String] {
    // So wide is a weekday with its date.
    let every = max(1, Int((104 / slot).rounded(.up)))
    return stride(from: 0, to: days.count, by: every).compactMap { place in
      let x = left + slot * Double(place)
      guard x + 90 <= width else { return nil }
      let text = String(report.moments.full(days[place].begin).dropLast(6))
      return label(x, bottom + 17, text, "start")
    }
  }
}
