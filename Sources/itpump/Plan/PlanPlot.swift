import Foundation
import PumpProfiles
import PumpUnits

/// Dose over time as SVG: the basal rate with its boluses above, the dose so far below.
struct PlanPlot {
  private let report: PlanReport
  private let width = 960.0
  private let left = 80.0
  private let right = 30.0
  private let rateTop = 96.0
  private let rateHeight = 200.0
  private let doseTop = 372.0
  private let doseHeight = 180.0

  init(_ report: PlanReport) { self.report = report }

  private var rows: [DeliveryPlan.Row] { report.plan.rows }
  private var seconds: Double { Double(report.plan.span.nanoseconds) / 1e9 }

  var svg: String {
    let profile = report.profile
    var out = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 640" font-family="sans-serif" \
      font-size="13" role="img" aria-label="Dose over time of \(profile.name)">
      <rect width="960" height="640" fill="#fff"/>
      <text x="\(left)" y="30" font-size="19" font-weight="bold">\(profile.name)</text>
      <text x="\(left)" y="52" fill="#444">\(profile.drug) \
      \(Format.concentration(profile.concentration)), \(profile.mode.rawValue), \
      \(profile.population); total \(Format.mass(report.plan.dose)) in \
      \(Format.span(report.plan.span)), \(Format.volume(report.plan.volume))</text>
      """
    ]
    out += ratePanel + dosePanel
    out.append(
      """
      <text x="\(left)" y="626" fill="#a00">Bench equipment: not a medical device, not for human \
      use. Planned, not delivered.</text>
      </svg>
      """)
    return out.joined(separator: "\n") + "\n"
  }

  private func x(_ instant: Instant) -> Double {
    left + (width - left - right) * Double(instant.nanoseconds) / 1e9 / seconds
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }

  /// A round number at or above a value, for the top of an axis.
  private static func ceiling(_ value: Double) -> Double {
    guard value > 0 else { return 1 }
    let power = pow(10, floor(log10(value)))
    return [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].first { $0 * power >= value * 1.0001 }.map {
      $0 * power
    }
      ?? value
  }

  private var ratePanel: [String] {
    let top = Self.ceiling(rows.map { report.rate($0.basal) }.max() ?? 0)
    func y(_ rate: Double) -> Double { rateTop + rateHeight * (1 - min(1, rate / top)) }
    var out = ["<text x=\"\(left)\" y=\"82\" font-weight=\"bold\">Basal rate, µg/h</text>"]
    out += axes(top: rateTop, height: rateHeight, most: top)
    for row in rows where report.rate(row.basal) > 0 {
      let (x0, x1, y0) = (x(row.start), x(row.end), y(report.rate(row.basal)))
      out.append(
        "<rect x=\"\(Self.number(x0))\" y=\"\(Self.number(y0))\" "
          + "width=\"\(Self.number(max(0.5, x1 - x0)))\" "
          + "height=\"\(Self.number(rateTop + rateHeight - y0))\" fill=\"#9ec5e8\"/>"
          + "<line x1=\"\(Self.number(x0))\" y1=\"\(Self.number(y0))\" x2=\"\(Self.number(x1))\" "
          + "y2=\"\(Self.number(y0))\" stroke=\"#1b5e9b\" stroke-width=\"2\"/>")
      if x1 - x0 > 78 {
        out.append(
          "<text x=\"\(Self.number((x0 + x1) / 2))\" y=\"\(Self.number(y0 + 17))\" "
            + "text-anchor=\"middle\">\(shown(report.rate(row.basal))) µg/h</text>")
      }
    }
    return out + bolusMarks
  }

  /// A bolus is minutes in a day: drawn as a mark with its dose, not to the rate's scale.
  private var bolusMarks: [String] {
    let boluses = report.plan.boluses
    guard !boluses.isEmpty else { return [] }
    func words(_ dose: Mass, _ span: TimeSpan) -> String {
      "\(Format.mass(dose)) over \(Format.span(span))"
    }
    let kinds = Set(boluses.map { words($0.dose, $0.end - $0.start) })
    let isOneKind = kinds.count == 1
    let legend = isOneKind ? kinds.first ?? "" : "with its dose and time where there is room"
    var out = [
      "<text x=\"\(width - right)\" y=\"82\" text-anchor=\"end\" fill=\"#b3471d\">"
        + "▼ bolus: \(legend); not to scale</text>"
    ]
    var lastLabel = -1000.0
    for row in boluses {
      let at = x(row.start)
      out.append(
        "<line x1=\"\(Self.number(at))\" y1=\"\(rateTop)\" x2=\"\(Self.number(at))\" "
          + "y2=\"\(rateTop + rateHeight)\" stroke=\"#b3471d\" stroke-width=\"2\"/>"
          + "<path d=\"M \(Self.number(at - 6)) \(rateTop - 4) h 12 l -6 10 z\" fill=\"#b3471d\"/>")
      guard !isOneKind, at - lastLabel > 150 else { continue }
      lastLabel = at
      let isLeft = at > width - 220
      out.append(
        "<text x=\"\(Self.number(isLeft ? at - 9 : at + 9))\" y=\"\(rateTop + 14)\" "
          + "text-anchor=\"\(isLeft ? "end" : "start")\" fill=\"#b3471d\">"
          + words(row.dose, row.end - row.start) + "</text>")
    }
    return out
  }

  private var dosePanel: [String] {
    let total = report.plan.dose.micrograms
    let top = Self.ceiling(total)
    func y(_ dose: Double) -> Double { doseTop + doseHeight * (1 - dose / top) }
    var out = ["<text x=\"\(left)\" y=\"358\" font-weight=\"bold\">Dose so far, µg</text>"]
    out += axes(top: doseTop, height: doseHeight, most: top)
    var sum = 0.0
    var points = ["\(left),\(Self.number(y(0)))"]
    for row in rows {
      sum += row.dose.micrograms
      points.append("\(Self.number(x(row.end))),\(Self.number(y(sum)))")
    }
    out.append(
      "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"#2e7d32\" "
        + "stroke-width=\"2.5\"/>")
    out.append(
      "<text x=\"\(width - right)\" y=\"\(Self.number(y(total) - 8))\" text-anchor=\"end\" "
        + "fill=\"#2e7d32\" font-weight=\"bold\">\(Format.mass(report.plan.dose))</text>")
    return out
  }

  private func shown(_ value: Double) -> String {
    Format.decimal(UInt64((value * 1e6).rounded()), per: 1_000_000)
  }

  private func axes(top: Double, height: Double, most: Double) -> [String] {
    var out: [String] = []
    for part in 0...4 {
      let y = top + height * (1 - Double(part) / 4)
      out.append(
        "<line x1=\"\(left)\" y1=\"\(y)\" x2=\"\(width - right)\" y2=\"\(y)\" stroke=\"#ddd\"/>"
          + "<text x=\"\(left - 8)\" y=\"\(y + 4)\" text-anchor=\"end\">"
          + "\(shown(most * Double(part) / 4))</text>")
    }
    let days = seconds / 86_400
    let isByDay = days > 1 && days <= 10
    let parts = isByDay ? Int(days.rounded(.down)) : days > 10 ? 6 : 8
    for part in 0...parts {
      let place = isByDay ? Double(part) / days : Double(part) / Double(parts)
      let at = left + (width - left - right) * place
      let date = report.start.addingTimeInterval(seconds * place)
      let label =
        days > 1
        ? String(report.moments.full(date).dropFirst(9).prefix(5)) : report.moments.time(date)
      out.append(
        "<line x1=\"\(at)\" y1=\"\(top + height)\" x2=\"\(at)\" y2=\"\(top + height + 5)\" "
          + "stroke=\"#888\"/><text x=\"\(at)\" y=\"\(top + height + 20)\" "
          + "text-anchor=\"middle\">\(label)</text>")
    }
    return out
  }
}
