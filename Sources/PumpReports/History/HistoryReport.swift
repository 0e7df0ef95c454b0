package import Foundation
import PumpFiles
import PumpMessages
import PumpProfiles

/// What `itpump report` tells of a pump: its prescription, and what its journal says was given.
package struct HistoryReport {
  /// The prescription that the journal keeps.
  package struct Prescription {
    /// Its text, as it was confirmed.
    package var text: String
    /// What can be worked out from it; `nil` where its files are not there any more.
    package var plan: PlanReport?
    /// What it comes to, as `check` says it.
    package var summary: String?

    /// When it was written in the journal.
    package var since: Date

    package init(text: String, plan: PlanReport?, summary: String?, since: Date) {
      (self.text, self.plan, self.summary, self.since) = (text, plan, summary, since)
    }
  }

  package let journal: String
  package let history: DeliveryHistory
  package let days: HistoryDays
  package let trend: DoseTrend?
  package let prescription: Prescription?
  /// The alarms that stand at the journal's end, a bit each.
  package let standing: UInt64
  /// The drugs and lots that the journal has had in the reservoir.
  package let pastFillings: [PastFilling]
  package let printed: Date
  package let moments: Moments
  private let calendarDay: DateFormatter
  private let stamps: DateFormatter

  package init(
    journal: String, history: DeliveryHistory, prescription: Prescription?, standing: UInt64,
    pastFillings: [PastFilling] = [], printed: Date, trendDays: Int = 28,
    flaggedAbove percent: Double = 20
  ) {
    self.journal = journal
    self.history = history
    self.prescription = prescription
    self.standing = standing
    self.pastFillings = pastFillings
    self.printed = printed
    days = HistoryDays(history)
    trend = DoseTrend(days, days: trendDays, flaggedAbove: percent)
    moments = Moments(history.zone)
    func formatter(_ format: String) -> DateFormatter {
      let formatter = DateFormatter()
      formatter.locale = Locale(identifier: "en_US_POSIX")
      formatter.timeZone = history.zone
      formatter.dateFormat = format
      return formatter
    }
    calendarDay = formatter("yyyy-MM-dd")
    stamps = formatter("EEE yyyy-MM-dd HH:mm:ss XXX")
  }

  /// A day of the calendar, as `2026-11-22`.
  package func day(_ date: Date) -> String { calendarDay.string(from: date) }

  /// The few lines that a terminal shows.
  package var text: String {
    let total = days.total
    var lines = ["\(Visible.line(journal)): \(period)"]
    lines.append("  given         \(mass(total.certain_ug)), by the count of steps")
    if total.uncertain_ug > 0 {
      lines.append("  uncertain     \(mass(total.uncertain_ug)) may have been given besides")
    }
    if total.missed_ug > 0 {
      lines.append(
        "  missed        \(mass(total.missed_ug)) were due, not given, and never will be")
    }
    if unknownSteps > 0 {
      lines.append("  without dose  \(unknownSteps) steps: nobody knows what they held")
    }
    lines.append("  whole days    \(wholeDays)")
    lines.append("  trend         \(trendWords)")
    lines.append("  alarms        \(history.alarms.count), \(standingWords)")
    return lines.joined(separator: "\n") + "\n"
  }

  /// Steps of sessions that do not say what a step is worth.
  var unknownSteps: UInt64 { history.worthless.certain + history.worthless.uncertain }

  /// A moment with its offset: in the night of a clock change an hour comes twice.
  func stamp(_ date: Date) -> String { stamps.string(from: date) }

  var period: String {
    guard let first = history.first, let last = history.last else { return "no record" }
    return "\(moments.full(first)) to \(moments.full(last)), \(history.zone.identifier)"
  }

  var wholeDays: String {
    let doses = days.days.filter(\.isWhole).map(\.dose.certain_ug)
    guard let least = doses.min(), let most = doses.max() else { return "none yet" }
    let mean = doses.reduce(0, +) / Double(doses.count)
    return "\(doses.count): \(mass(mean)) a day on the mean, \(mass(least)) to \(mass(most))"
  }

  var trendWords: String {
    guard let trend else { return "too short to tell" }
    let words =
      "\(mass(trend.before_ug_per_day)) a day, then \(mass(trend.latest_ug_per_day)), over \(trend.days) days each: "
      + String(format: "%+.1f %%", trend.rise_percent)
    return trend.is_flagged
      ? "RISING: \(words). Suspect tolerance, catheter or pump before the dose is raised again"
      : words
  }

  var standingWords: String {
    let names = Alarm.allCases.filter { standing & $0.bit != 0 }.map(\.name)
    return names.isEmpty ? "none stands" : "\(names.joined(separator: ", ")) standing"
  }

  func mass(_ micrograms: Double) -> String { StatusText.mass(micrograms) }
}
