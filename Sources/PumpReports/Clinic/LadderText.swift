package import Foundation
package import PumpClinic
package import PumpProfiles
import PumpUnits

/// A ladder of doses as a dated plan.
package struct LadderText {
  package let text: String

  /// - Parameter date: Its first day; each step is a day later.
  package init(_ ladder: TitrationLadder, profile: Profile, from date: Date) {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .current
    var lines = ["\(profile.name), \(profile.population): now \(Format.mass(ladder.start)) a day"]
    var before = ladder.start
    for (number, dose) in ladder.doses.enumerated() {
      let day = calendar.date(byAdding: .day, value: number, to: date) ?? date
      let change = SettingChange("", before, dose).rise.map {
        ($0 < 0 ? "-" : "+") + Format.decimal($0.magnitude, per: 1_000) + " %"
      }
      lines.append(
        "  \(String(number + 1).padding(toLength: 4, withPad: " ", startingAt: 0))"
          + "not before \(CalendarDay(day, in: .current))  "
          + "\(Format.mass(dose).padding(toLength: 12, withPad: " ", startingAt: 0)) a day  (\(change ?? ""))"
      )
      before = dose
    }
    lines.append(
      ladder.doses.isEmpty
        ? "Nothing changes."
        : "A plan, and no order: a clinician decides on each step by what the one before has done.")
    text = lines.joined(separator: "\n") + "\n"
  }

  package static func words(_ problem: TitrationLadder.Problem) -> String {
    switch problem {
    case .fromNothing:
      "nothing is given, or the minimum rate: a therapy begins with twice what a screening bolus needed, by no ladder"
    case .toNothing:
      "to nothing leads no ladder: a stop is a clinician's order of its own, and brings withdrawal"
    case .aboveLimit(let most): "above the limit of \(Format.mass(most)) a day"
    case .noStep: "the drug library permits no step in this direction, or the way takes over a year"
    }
  }
}
