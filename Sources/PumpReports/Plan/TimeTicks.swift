package import Foundation

/// The moments that an axis of time names: hours of a day, days of a week, weeks, months.
package struct TimeTicks {
  package struct Tick {
    package var date: Date
    package var label: String
  }

  package let ticks: [Tick]

  /// Ticks from one moment to another, in a zone: midnights are the zone's own, also where clocks change.
  package init(from start: Date, to end: Date, in zone: TimeZone) {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    let days = end.timeIntervalSince(start) / 86_400
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = zone
    let step: (component: Calendar.Component, value: Int)
    switch days {
    case ...1.5: (step, formatter.dateFormat) = ((.hour, 3), "HH:mm")
    case ...11: (step, formatter.dateFormat) = ((.day, 1), "EEE yyyy-MM-dd")
    case ...75: (step, formatter.dateFormat) = ((.day, 7), "EEE yyyy-MM-dd")
    default: (step, formatter.dateFormat) = ((.month, days > 200 ? 2 : 1), "yyyy-MM-dd")
    }
    var at = Self.first(step.component, from: start, calendar)
    var ticks: [Tick] = []
    while at <= end, ticks.count < 64 {
      if at >= start { ticks.append(Tick(date: at, label: formatter.string(from: at))) }
      guard let next = calendar.date(byAdding: step.component, value: step.value, to: at), next > at
      else { break }
      at = next
    }
    self.ticks = ticks
  }

  private static func first(_ component: Calendar.Component, from start: Date, _ calendar: Calendar)
    -> Date
  {
    let day = calendar.startOfDay(for: start)
    guard component == .month else { return day }
    let parts = calendar.dateComponents([.year, .month], from: start)
    return calendar.date(from: parts) ?? day
  }
}
