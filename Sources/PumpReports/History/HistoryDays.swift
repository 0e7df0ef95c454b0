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
    /// Its midnight by the zone, and the next one.
    package var begin: Date
    package var end: Date
    package var dose = Dose()
    /// The same by what the steps were worth, in the order of the history's worths.
    package var parts: [(worth: Int, dose: Dose)] = []
    /// The ledger's reservoir at its last count.
    package var reservoir: Volume?
    /// Whether a therapy ran on all of it, an hour at most left out: an outage or a hold makes no mean.
    package var isWhole = false
  }

  /// Every day from the first record's to the last one's, also those without a step.
  package private(set) var days: [Day] = []
  /// What was given in an hour of the clock, 0 to 23, on the mean of the whole days; empty where there is none.
  package private(set) var meanOfHours: [Double] = []
  /// All steps, also those of times when the clock had not been set.
  package private(set) var total = Dose()
  /// Those alone.
  package private(set) var undated = Dose()

  package init(_ history: DeliveryHistory) {
    var all = Sum()
    for some in history.hours.values { all.add(some) }
    all.add(history.undated)
    total = all.dose(history.worths)
    var without = Sum()
    without.add(history.undated)
    undated = without.dose(history.worths)
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = history.zone
    lay(history, calendar)
    var places: [Date: Int] = [:]
    for (place, day) in days.enumerated() { places[day.begin] = place }
    var sums = [Sum](repeating: Sum(), count: days.count)
    for (hour, some) in history.hours {
      if let place = places[calendar.startOfDay(for: hour)] { sums[place].add(some) }
    }
    for place in days.indices {
      days[place].dose = sums[place].dose(history.worths)
      days[place].parts = sums[place].parts(history.worths)
    }
    for (hour, level) in history.levels.sorted(by: { $0.key < $1.key }) {
      if let place = places[calendar.startOfDay(for: hour)] { days[place].reservoir = level }
    }
    setMeans(history, calendar)
  }

  private mutating func lay(_ history: DeliveryHistory, _ calendar: Calendar) {
    guard let first = history.first, let last = history.last else { return }
    var at = calendar.startOfDay(for: first)
    // A clock that was wrong by years must not make a million days.
    while at <= last, days.count < Self.most {
      let next = calendar.date(byAdding: .day, value: 1, to: at) ?? at.addingTimeInterval(86_400)
      var day = Day(begin: at, end: next)
      let ran = history.running.map { run in
        max(0, min(next, run.until ?? last).timeIntervalSince(max(at, run.from)))
      }.reduce(0, +)
      day.isWhole = at >= first && next <= last && ran >= next.timeIntervalSince(at) - 3_600
      days.append(day)
      at = next
    }
  }

  /// An hour that comes twice in a night, or not at all, counts as often as it came.
  private mutating func setMeans(_ history: DeliveryHistory, _ calendar: Calendar) {
    var sums = [Double](repeating: 0, count: 24)
    var times = [Double](repeating: 0, count: 24)
    for day in days where day.isWhole {
      var at = day.begin
      while at < day.end {
        times[calendar.component(.hour, from: at)] += 1
        at += 3_600
      }
    }
    let whole = Set(days.filter(\.isWhole).map(\.begin))
    for (hour, some) in history.hours where whole.contains(calendar.startOfDay(for: hour)) {
      var sum = Sum()
      sum.add(some)
      sums[calendar.component(.hour, from: hour)] += sum.dose(history.worths).certain_ug
    }
    guard times.contains(where: { $0 > 0 }) else { return }
    meanOfHours = zip(sums, times).map { $1 > 0 ? $0 / $1 : 0 }
  }

  /// Thirty years.
  private static let most = 11_000

  /// Steps are summed as steps: a dose is rounded once.
  private struct Sum {
    private var steps: [Int: DeliveryHistory.Steps] = [:]

    mutating func add(_ more: [Int: DeliveryHistory.Steps]) {
      for (worth, some) in more { steps[worth, default: .init()] += some }
    }

    func parts(_ worths: [JournalBinding]) -> [(worth: Int, dose: Dose)] {
      steps.sorted { $0.key < $1.key }.map { worth, some in
        func mass(_ steps: UInt64) -> Double {
          worths[worth].mass(ofSteps: steps)?.micrograms ?? 0
        }
        let dose = Dose(
          certain_ug: mass(some.certain), uncertain_ug: mass(some.uncertain),
          missed_ug: mass(some.missed))
        return (worth, dose)
      }
    }

    func dose(_ worths: [JournalBinding]) -> Dose {
      parts(worths).reduce(into: Dose()) { sum, part in
        sum.certain_ug += part.dose.certain_ug
        sum.uncertain_ug += part.dose.uncertain_ug
        sum.missed_ug += part.dose.missed_ug
      }
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
