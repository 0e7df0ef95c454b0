import Foundation
import PumpFiles
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpUnits

/// What is planned as SVG, from a day to a year: rate or daily dose with the boluses, the dose so far, and
/// the reservoir down to its end.
package struct PlanPlot {
  let report: PlanReport
  let width = 960.0
  let left = 84.0
  let right = 30.0
  let rate = Panel(top: 176, height: 160)
  private let dose = Panel(top: 392, height: 120)
  private let reservoir = Panel(top: 568, height: 90)

  struct Panel {
    var top: Double
    var height: Double
    var bottom: Double { top + height }
  }

  package init(_ report: PlanReport) { self.report = report }

  private var plan: DeliveryPlan { report.plan }
  private var seconds: Double { Double(plan.span.nanoseconds) / 1e9 }
  var end: Date { report.moment(.epoch + plan.span) }
  /// Beyond some days single rates are too many to see: then each day has its dose.
  private var isByDay: Bool { seconds > 11 * 86_400 }

  package var svg: String {
    let profile = report.profile
    func safe(_ text: String) -> String { Visible.xml(text) }
    var out = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 740" font-family="sans-serif" \
      font-size="13" role="img" aria-label="Planned dose over time of \(safe(profile.name))">
      <rect width="960" height="740" fill="#fff"/>
      <text x="\(left)" y="28" font-size="19" font-weight="bold">\(safe(profile.name)): planned, not \
      delivered</text>
      <text x="\(left)" y="50" fill="#444">\(safe(profile.drug)) \
      \(Format.concentration(profile.concentration)), lot \(safe(profile.lot)), expires \
      \(profile.expires); \(report.modeWords), \(safe(profile.population))</text>
      <text x="\(left)" y="69" fill="#444">\(report.moments.full(report.start)) to \
      \(report.moments.full(end)), \(safe(profile.timeZone.identifier)); total \
      \(Format.mass(plan.dose)), \(Format.volume(plan.volume))</text>
      """
    ]
    if let words = report.patientWords, plan.forecast.refusal == nil {
      out.append(
        "<text x=\"\(left)\" y=\"88\" fill=\"#b3471d\">\(safe(words))</text>")
    }
    if let refusal = plan.forecast.refusal {
      out.append(
        "<text x=\"\(left)\" y=\"90\" fill=\"#a00\" font-weight=\"bold\">REFUSED: "
          + "\(plan.forecast.refusesBolus ? "the single bolus" : "the therapy"): "
          + "\(safe(refusal.words))</text>")
    }
    let notes = ClockChange.lines(profile, from: report.start, to: end, width: 125)
    for (row, note) in notes.prefix(2).enumerated() {
      out.append(
        "<text x=\"\(left)\" y=\"\(694 + 15 * row)\" font-size=\"12\" fill=\"#444\">\(safe(note))</text>"
      )
    }
    out += isByDay ? dailyPanel : ratePanel
    out += dosePanel + reservoirPanel + ends
    out.append(
      """
      <text x="\(left)" y="726" fill="#a00">Bench equipment: not a medical device, not for human \
      use.</text>
      </svg>
      """)
    return out.joined(separator: "\n") + "\n"
  }

  func x(_ instant: Instant) -> Double { x(seconds: Double(instant.nanoseconds) / 1e9) }

  func x(seconds at: Double) -> Double { left + (width - left - right) * at / seconds }

  static func number(_ value: Double) -> String { String(format: "%.1f", value) }

  func shown(_ value: Double) -> String {
    Format.decimal(UInt64((value * 1e6).rounded()), per: 1_000_000)
  }

  /// A round number at or above a value, for the top of an axis.
  static func ceiling(_ value: Double) -> Double {
    guard value > 0 else { return 1 }
    let power = pow(10, floor(log10(value)))
    let steps = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10]
    return steps.first { $0 * power >= value * 1.0001 }.map { $0 * power } ?? value
  }

  // MARK: - Rates and daily doses

  private var ratePanel: [String] {
    let top = Self.ceiling(plan.rows.map { report.rate($0.basal) }.max() ?? 0)
    var out = [heading("Basal rate, µg/h", rate)] + axes(rate, most: top)
    var lastLabel = -1_000.0
    for stretch in stretches where stretch.rate > 0 {
      let value = stretch.rate
      let (x0, x1) = (x(stretch.start), x(stretch.end))
      let y = rate.top + rate.height * (1 - min(1, value / top))
      out.append(
        "<rect x=\"\(Self.number(x0))\" y=\"\(Self.number(y))\" "
          + "width=\"\(Self.number(max(0.5, x1 - x0)))\" "
          + "height=\"\(Self.number(rate.bottom - y))\" fill=\"#9ec5e8\"/>"
          + "<line x1=\"\(Self.number(x0))\" y1=\"\(Self.number(y))\" x2=\"\(Self.number(x1))\" "
          + "y2=\"\(Self.number(y))\" stroke=\"#1b5e9b\" stroke-width=\"2\"/>")
      let middle = (x0 + x1) / 2
      guard x1 - x0 > 74, middle - lastLabel > 74 else { continue }
      lastLabel = middle
      out.append(
        "<text x=\"\(Self.number(middle))\" y=\"\(Self.number(min(y + 17, rate.bottom - 4)))\" "
          + "text-anchor=\"middle\">\(shown(value)) µg/h</text>")
    }
    return out + bolusMarks
  }

  /// The basal rates, each as long as it lasts: a bolus over one divides the plan's rows, not the rate.
  private var stretches: [(start: Instant, end: Instant, rate: Double)] {
    var stretches: [(start: Instant, end: Instant, rate: Double)] = []
    for row in plan.rows {
      let rate = report.rate(row.basal)
      if let last = stretches.last, last.rate == rate, last.end == row.start {
        stretches[stretches.count - 1].end = row.end
      } else {
        stretches.append((row.start, row.end, rate))
      }
    }
    return stretches
  }

  /// Boluses are minutes in a day: marks above the rates, not to their scale, each with its own label where
  /// there is room for all, else counted.
  private var bolusMarks: [String] {
    let boluses = plan.boluses
    guard !boluses.isEmpty else { return [] }
    func words(_ bolus: (start: Instant, end: Instant, dose: Mass)) -> String {
      "\(Format.mass(bolus.dose)) over \(Format.span(bolus.end - bolus.start))"
        + (bolus.end == .epoch + plan.span ? ", its rest is later" : "")
    }
    let isCrowded = boluses.count > 100
    var out = boluses.map { bolus -> String in
      let at = Self.number(x(bolus.start))
      return isCrowded
        ? "<line x1=\"\(at)\" y1=\"\(rate.top - 12)\" x2=\"\(at)\" y2=\"\(rate.top - 2)\" "
          + "stroke=\"#b3471d\" stroke-width=\"0.6\"/>"
        : "<path d=\"M \(Self.number(x(bolus.start) - 5)) \(rate.top - 11) h 10 l -5 9 z\" "
          + "fill=\"#b3471d\"/>"
    }
    let placed = LabelRows(
      boluses.map { (x($0.start), words($0)) }, rows: 3, from: left, to: width - right)
    if let placed {
      for label in placed.labels {
        let y = rate.top - 16 - 14 * Double(label.row)
        out.append(
          "<text x=\"\(Self.number(label.x))\" y=\"\(Self.number(y))\" font-size=\"12\" "
            + "fill=\"#b3471d\">\(label.text)</text>")
        if label.row > 0 {
          out.append(
            "<line x1=\"\(Self.number(label.mark))\" y1=\"\(Self.number(y + 2))\" "
              + "x2=\"\(Self.number(label.mark))\" y2=\"\(rate.top - 11)\" stroke=\"#b3471d\" "
              + "stroke-width=\"0.6\"/>")
        }
      }
      return out + [legend("▼ bolus: dose and duration, not to scale")]
    }
    return out + [legend("▼ \(counted(boluses.map(words)))", isLong: true)]
  }

  /// How many there are of each kind, the commonest first.
  private func counted(_ words: [String]) -> String {
    var counts: [String: Int] = [:]
    for word in words { counts[word, default: 0] += 1 }
    let kinds = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = kinds.prefix(4).map { "\($0.value) × \($0.key)" }.joined(separator: "; ")
    let more = kinds.count > 4 ? "; and \(kinds.count - 4) other kinds" : ""
    return "\(words.count) boluses: \(shown)\(more)"
  }

  /// What the marks mean: beside the heading, or below it where it is long.
  private func legend(_ text: String, isLong: Bool = false) -> String {
    let place =
      isLong
      ? "x=\"\(left)\" y=\"\(rate.top - 42)\""
      : "x=\"\(width - right)\" y=\"\(rate.top - 62)\" text-anchor=\"end\""
    return "<text \(place) font-size=\"12\" fill=\"#b3471d\">\(text)</text>"
  }

  private var dailyPanel: [String] {
    let days = DailyDoses(report)
    let top = Self.ceiling(days.doses.map(\.total).max() ?? 0)
    var out = [heading("Dose of each day, µg", rate)] + axes(rate, most: top)
    func bar(_ day: DailyDoses.Day, _ from: Double, _ to: Double, _ colour: String) -> String {
      let (x0, x1) = (x(seconds: day.start), x(seconds: day.end))
      let height = rate.height * (to - from) / top
      let y = rate.bottom - rate.height * to / top
      return "<rect x=\"\(Self.number(x0))\" y=\"\(Self.number(y))\" "
        + "width=\"\(Self.number(max(0.4, (x1 - x0) * 0.86)))\" height=\"\(Self.number(height))\" "
        + "fill=\"\(colour)\"/>"
    }
    for day in days.doses {
      out.append(bar(day, 0, day.total - day.boluses, "#9ec5e8"))
      if day.boluses > 0 { out.append(bar(day, day.total - day.boluses, day.total, "#d98c6a")) }
    }
    let boluses = plan.boluses
    guard !boluses.isEmpty else { return out }
    let words = boluses.map { "\(Format.mass($0.dose)) over \(Format.span($0.end - $0.start))" }
    return out + [legend("brown: \(counted(words))", isLong: true)]
  }

  // MARK: - Dose so far, reservoir

  private var dosePanel: [String] {
    let total = plan.dose.micrograms
    let top = Self.ceiling(total)
    var sum = 0.0
    var points: [(Double, Double)] = [(left, dose.bottom)]
    for row in plan.rows {
      sum += row.dose.micrograms
      points.append((x(row.end), dose.bottom - dose.height * sum / top))
    }
    let y = dose.bottom - dose.height * total / top
    return [heading("Planned dose, summed, µg", dose)] + axes(dose, most: top)
      + [
        line(points, "#2e7d32"),
        "<text x=\"\(width - right)\" y=\"\(Self.number(y - 8))\" text-anchor=\"end\" "
          + "fill=\"#2e7d32\" font-weight=\"bold\">\(Format.mass(plan.dose))</text>",
      ]
  }

  private var reservoirPanel: [String] {
    let filled = report.profile.reservoir.filled.microlitres / 1_000
    let top = Self.ceiling(filled)
    var used = 0.0
    func y(_ millilitres: Double) -> Double {
      reservoir.bottom - reservoir.height * max(0, millilitres) / top
    }
    var points: [(Double, Double)] = [(left, y(filled))]
    for row in plan.rows {
      used += row.volume.microlitres / 1_000
      points.append((x(row.end), y(filled - used)))
    }
    // The two levels may lie close together: their names stand at either end.
    func level(_ volume: Volume, _ name: String, _ colour: String, isLeft: Bool) -> String {
      let at = Self.number(y(volume.microlitres / 1_000))
      return "<line x1=\"\(left)\" y1=\"\(at)\" x2=\"\(width - right)\" y2=\"\(at)\" "
        + "stroke=\"\(colour)\" stroke-dasharray=\"5 4\"/><text "
        + "x=\"\(isLeft ? left + 4 : width - right - 4)\" "
        + "y=\"\(Self.number(y(volume.microlitres / 1_000) - 3))\" "
        + "text-anchor=\"\(isLeft ? "start" : "end")\" "
        + "font-size=\"11\" fill=\"\(colour)\" stroke=\"white\" stroke-width=\"4\" "
        + "paint-order=\"stroke\">\(name) \(Format.volume(volume))</text>"
    }
    return [heading("Reservoir, mL", reservoir)] + axes(reservoir, most: top, parts: 2)
      + [
        level(report.profile.reservoir.lowAlarm, "low alarm", "#b26a00", isLeft: false),
        level(report.profile.reservoir.reserve, "reserve", "#a00", isLeft: true),
        line(points, "#555"),
      ]
  }

  /// Where the reservoir is low, and where delivery stops.
  private var ends: [String] {
    var out: [String] = []
    func mark(_ instant: Instant, _ text: String, _ colour: String, y: Double) {
      let at = x(instant)
      let isLeft = at > width / 2
      out.append(
        "<line x1=\"\(Self.number(at))\" y1=\"\(rate.top)\" x2=\"\(Self.number(at))\" "
          + "y2=\"\(reservoir.bottom)\" stroke=\"\(colour)\" stroke-width=\"1.5\"/>"
          + "<text x=\"\(Self.number(isLeft ? at - 6 : at + 6))\" y=\"\(y)\" "
          + "text-anchor=\"\(isLeft ? "end" : "start")\" fill=\"\(colour)\" font-weight=\"bold\">"
          + "\(text) \(report.moments.full(report.moment(instant)))</text>")
    }
    if let low = plan.lowAlarm { mark(low, "reservoir low", "#b26a00", y: dose.top + 16) }
    if let stop = plan.stop {
      mark(stop, "at the reserve, delivery stops", "#a00", y: dose.top + 34)
    }
    return out
  }
}
