import Foundation
import PumpProfiles
import PumpUnits

/// What is planned for each day of the calendar, from midnight to midnight of the profile's zone.
package struct DailyDoses {
  package struct Day {
    /// From the plan's start, in seconds.
    package var start: Double
    package var end: Double
    /// In µg, and how much of it in boluses.
    package var total = 0.0
    package var boluses = 0.0
  }

  package private(set) var doses: [Day] = []

  package init(_ report: PlanReport) {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = report.profile.timeZone
    let span = Double(report.plan.span.nanoseconds) / 1e9
    var at = 0.0
    while at < span {
      let date = report.start.addingTimeInterval(at)
      let midnight =
        calendar.date(byAdding: .day, value: 1, to: calendar.startOfDay(for: date))?
        .timeIntervalSince(report.start) ?? at + 86_400
      let end = min(span, max(midnight, at + 1))
      doses.append(Day(start: at, end: end))
      at = end
    }
    var day = 0
    for row in report.plan.rows {
      let (from, to) = (Double(row.start.nanoseconds) / 1e9, Double(row.end.nanoseconds) / 1e9)
      guard to > from else { continue }
      while day + 1 < doses.count, doses[day].end <= from { day += 1 }
      // A row that goes over midnight is shared by time.
      var place = day
      while place < doses.count, doses[place].start < to {
        let share = (min(to, doses[place].end) - max(from, doses[place].start)) / (to - from)
        doses[place].total += row.dose.micrograms * share
        doses[place].boluses += (row.bolus?.dose.micrograms ?? 0) * share
        place += 1
      }
    }
  }
}
