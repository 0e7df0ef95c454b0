package import Foundation
import PumpJournal
package import PumpUnits

/// A history by days of the calendar and by hours of the clock, in micrograms.
package struct HistoryDays {
  package struct Dose: Encodable, Equatable {
    package var certain_ug = 0.0
    package var uncertain_ug = 0.0
    package var missed_ug = 0.0
  }

  package struct Day {
    /// Its midnight by the zone.
    package var begin: Date
    package var dose = Dose()
    /// The ledger's reservoir at its last count.
    package var reservoir: Volume?
    /// Whether the journal tells of the whole day.
    package var isWhole: Bool
  }

  /// Every day from the first record's to the last one's, also those without a step.
  package private(set) var days: [Day] = []
  /// What was given in each hour of the clock, 0 to 23, on the mean of the whole days; empty where there is none.
  package private(set) var meanOfHours: [Double] = []
  package private(set) var total = Dose()

  package init(_ history: DeliveryHistory) {
    guard let first = history.first, let last = history.last else { return }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = history.zone
    var places: [Date: Int] = [:]
    var at = calendar.startOfDay(for: first)
    // A clock that was set back by years must not make a million days.
    while at <= last, days.count < Self.most {
      let next = calendar.date(byAdding: .day, value: 1, to: at) ?? at.addingTimeInterval(86_400)
      places[at] = days.count
      days.append(Day(begin: at, isWhole: at >= first && next <= last))
      at = next
    }
    var sums = [Double](repeating: 0, count: 24)
    var steps = [Sum](repeating: Sum(), count: days.count)
    var all = Sum()
    for (hour, some) in history.hours.sorted(by: { $0.key < $1.key }) {
      all.add(some)
      guard let place = places[calendar.startOfDay(for: hour)] else { continue }
      steps[place].add(some)
      days[place].reservoir = history.levels[hour] ?? days[place].reservoir
      guard days[place].isWhole else { continue }
      var inHour = Sum()
      inHour.add(some)
      sums[calendar.component(.hour, from: hour)] += inHour.dose(history.worths).certain_ug
    }
    for place in days.indices { days[place].dose = steps[place].dose(history.worths) }
    total = all.dose(history.worths)
    let whole = days.count { $0.isWhole }
    if whole > 0 { meanOfHours = sums.map { $0 / Double(whole) } }
  }

  /// Thirty years.
  private static let most = 11_000

  /// Steps are summed as steps: a dose is rounded once.
  private struct Sum {
    private var steps: [Int: DeliveryHistory.Steps] = [:]

    mutating func add(_ more: [Int: DeliveryHistory.Steps]) {
      for (worth, some) in more { steps[worth, default: .init()] += some }
    }

    func dose(_ worths: [JournalBinding]) -> Dose {
      var dose = Dose()
      for (worth, some) in steps {
        func mass(_ steps: UInt64) -> Double {
          worths[worth].mass(ofSteps: steps)?.micrograms ?? 0
        }
        dose.certain_ug += mass(some.certain)
        dose.uncertain_ug += mass(some.uncertain)
        dose.missed_ug += mass(some.missed)
      }
      return dose
    }
  }
}

/// Whether the daily dose has risen over weeks: a need that rises may be tolerance, or a catheter that fails.
///
/// A rise of over 20 % is the figure at which a titration step is called too much; it is not a figure of a trend, so
/// it can be set.
package struct DoseTrend: Encodable, Equatable {
  package var before_ug_per_day: Double
  package var latest_ug_per_day: Double
  package var days: Int
  package var rise_percent: Double
  package var is_flagged: Bool

  /// - Parameters:
  ///   - days: So many whole days are held against as many before them.
  ///   - percent: A rise of more is flagged.
  /// - Returns: `nil` where the journal is too short to tell, or nothing was given before.
  package init?(_ history: HistoryDays, days: Int = 28, flaggedAbove percent: Double = 20) {
    let whole = history.days.filter(\.isWhole).map(\.dose.certain_ug)
    guard days > 0, whole.count >= 2 * days else { return nil }
    func mean(_ doses: ArraySlice<Double>) -> Double { doses.reduce(0, +) / Double(days) }
    before_ug_per_day = mean(whole.suffix(2 * days).prefix(days))
    latest_ug_per_day = mean(whole.suffix(days))
    guard before_ug_per_day > 0 else { return nil }
    self.days = days
    rise_percent = 100 * (latest_ug_per_day / before_ug_per_day - 1)
    is_flagged = rise_percent > percent
  }
}
