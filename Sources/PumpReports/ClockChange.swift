package import Foundation
package import PumpProfiles

/// What a change of the clocks means for a pattern: nothing, and that must be said.
package enum ClockChange {
  /// A line about the changes in a time; `nil` where there is none, or no daily pattern.
  ///
  /// The numbers are the zone's own: some change by half an hour, some change back within the time.
  package static func note(_ profile: Profile, from start: Date, to end: Date) -> String? {
    guard profile.mode == .flexDaily || profile.mode == .flexWeekly else { return nil }
    let zone = profile.timeZone
    let changes = changes(in: zone, from: start, to: end)
    guard let first = changes.first else { return nil }
    func day(_ date: Date) -> String { CalendarDay(date, in: zone).description }
    var text =
      "Note: clocks in \(zone.identifier) change on \(day(first.at)), by \(words(abs(first.by))). The "
      + "pattern keeps its elapsed time: from then on it runs \(words(abs(first.by))) "
      + "\(first.by > 0 ? "later" : "earlier") by the clock"
    var off = first.by
    for change in changes.dropFirst().prefix(3) {
      off += change.by
      text +=
        off == 0
        ? ", and from \(day(change.at)) on by the clock again"
        : ", from \(day(change.at)) on \(words(abs(off))) \(off > 0 ? "later" : "earlier")"
    }
    return text + ", unless it is anchored anew."
  }

  /// The same in lines of at most so many characters.
  package static func lines(_ profile: Profile, from start: Date, to end: Date, width: Int = 80)
    -> [String]
  {
    var lines: [String] = []
    for word in note(profile, from: start, to: end)?.split(separator: " ") ?? [] {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// The moments at which the zone's clocks change, and by how many seconds forward.
  private static func changes(in zone: TimeZone, from start: Date, to end: Date)
    -> [(at: Date, by: Int)]
  {
    var changes: [(at: Date, by: Int)] = []
    var at = start
    while changes.count < 64, let next = zone.nextDaylightSavingTimeTransition(after: at),
      next < end
    {
      let by =
        zone.secondsFromGMT(for: next) - zone.secondsFromGMT(for: next.addingTimeInterval(-1))
      if by != 0 { changes.append((next, by)) }
      at = next
    }
    return changes
  }

  private static func words(_ seconds: Int) -> String {
    switch seconds {
    case 3_600: "an hour"
    case 1_800: "half an hour"
    default: seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds) s"
    }
  }
}
