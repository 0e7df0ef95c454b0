import Foundation
import PumpProfiles

/// What a summer-time switch means for a pattern: nothing, and that must be said.
enum ClockChange {
  /// A line about the first switch in a time; `nil` where there is none, or no daily pattern.
  static func note(_ profile: Profile, from start: Date, to end: Date) -> String? {
    guard profile.mode == .flexDaily || profile.mode == .flexWeekly,
      let change = profile.timeZone.nextDaylightSavingTimeTransition(after: start), change < end
    else { return nil }
    return "Note: clocks in \(profile.timeZone.identifier) change on "
      + "\(CalendarDay(change, in: profile.timeZone)). The pattern keeps its elapsed time, so from "
      + "then on it runs an hour off the clock until it is anchored anew."
  }
}
