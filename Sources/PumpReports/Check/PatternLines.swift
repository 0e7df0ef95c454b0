import Foundation
package import PumpProfiles
import PumpTherapy
package import PumpUnits

/// A pattern's times as people read them: days that are the same stand together.
package struct PatternLines {
  private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  package let profile: Profile

  /// A line for each time at which something begins; none without a pattern of the day.
  package var lines: [String] {
    guard profile.mode == .flexDaily || profile.mode == .flexWeekly,
      case .flex(let pattern) = profile.prescription.therapy
    else { return [] }
    let count = Int(pattern.period.nanoseconds / TimeSpan.day.nanoseconds)
    let days = (0..<count).map { entries(pattern, day: UInt64($0)) }
    var lines: [String] = []
    var told: [[String]] = []
    for day in days where !told.contains(day) {
      told.append(day)
      let same = days.indices.filter { days[$0] == day }
      let name = count == 1 ? "every day" : Self.names(same)
      for (index, entry) in day.enumerated() {
        let head = index == 0 ? name : ""
        lines.append("    \(head.padding(toLength: 14, withPad: " ", startingAt: 0))\(entry)")
      }
    }
    return lines
  }

  private func entries(_ pattern: FlexPattern, day: UInt64) -> [String] {
    let from = TimeSpan(days: day)
    let until = from + .day
    var entries: [(at: TimeSpan, text: String)] = []
    for segment in pattern.segments where segment.start >= from && segment.start < until {
      let rate = (try? profile.concentration.doseRate(of: segment.flow, .up)) ?? .zero
      let perHour = Format.decimal(rate.femtogramsPerDay, per: 24_000_000_000)
      entries.append((segment.start - from, "\(perHour) µg/h"))
    }
    for entry in pattern.boluses where entry.start >= from && entry.start < until {
      let dose = (try? profile.concentration.mass(in: entry.bolus.volume, .up)) ?? .zero
      entries.append(
        (
          entry.start - from,
          "bolus \(Format.mass(dose)) over \(Format.span(entry.bolus.duration))"
        ))
    }
    return entries.enumerated()
      .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
      .map { "\(Self.time($0.element.at))  \($0.element.text)" }
  }

  /// A place of a day as its time.
  package static func time(_ place: TimeSpan) -> String {
    let minutes = place.nanoseconds / 60_000_000_000 % 1_440
    func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(minutes / 60)):\(two(minutes % 60))"
  }

  /// A place of a pattern as its day and time.
  package static func place(_ place: TimeSpan, in profile: Profile) -> String {
    guard profile.mode == .flexWeekly else { return time(place) }
    return days[Int(place.nanoseconds / TimeSpan.day.nanoseconds) % 7] + " " + time(place)
  }

  /// `Mon-Fri`, `Sat, Sun`.
  private static func names(_ indices: [Int]) -> String {
    let isRun = indices.count > 2 && indices.count == (indices.last ?? 0) - (indices.first ?? 0) + 1
    if isRun, let first = indices.first, let last = indices.last {
      return "\(days[first])-\(days[last])"
    }
    return indices.map { days[$0] }.joined(separator: ",")
  }
}
