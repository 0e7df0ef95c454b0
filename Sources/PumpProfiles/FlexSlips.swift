import PumpTherapy
import PumpUnits

/// Finds what is valid in a pattern and looks like a slip of the hand.
///
/// Each may be said to be right.
struct FlexSlips {
  let report: Report

  /// A rate written per day among rates per hour, or the other way round.
  func checkUnits(_ rates: [Text]) {
    let daily = rates.filter { $0.value.hasSuffix("/day") }
    let hourly = rates.filter { $0.value.hasSuffix("/h") }
    guard !daily.isEmpty, !hourly.isEmpty else { return }
    let isDailyOdd = daily.count <= hourly.count
    for odd in isDailyOdd ? daily : hourly {
      guard let count = try? Dimension.doseRate.count(of: odd.value) else { continue }
      let other =
        isDailyOdd
        ? Format.decimal(count, per: 24_000_000_000) + " ug/h"
        : Format.decimal(count, per: 1_000_000_000) + " ug/day"
      report.ask(
        .mixedRateUnits, at: odd.place,
        "'\(odd.value)' stands among rates per \(isDailyOdd ? "hour" : "day"), and is \(other); "
          + "if the number was meant per \(isDailyOdd ? "hour" : "day"), write "
          + "'\(Self.swapped(odd.value, isDailyOdd))'")
    }
  }

  private static func swapped(_ rate: String, _ isDaily: Bool) -> String {
    (rate.split(separator: "/").first ?? "") + (isDaily ? "/h" : "/day")
  }

  /// 00:07 for seven o'clock.
  func checkTimes(_ times: [Text]) {
    for time in times {
      guard time.value.hasPrefix("00:"), let minutes = UInt64(time.value.suffix(2)),
        (1...23).contains(minutes)
      else { continue }
      report.ask(
        .hourLooksLikeMinute, at: time.place,
        "\(time.value) is \(minutes) min after midnight; for \(minutes) o'clock write "
          + "\"\(time.value.suffix(2)):00\"")
    }
  }

  /// A bolus that adds less than half of the basal under it, and takes hours: minutes were perhaps meant.
  func checkSpeed(
    _ boluses: [(start: TimeSpan, read: TherapyReader.ReadBolus)],
    over segments: [FlexPattern.BasalSegment]
  ) {
    for (start, read) in boluses {
      let basal = segments.last { $0.start <= start }?.flow ?? .zero
      let hours = read.bolus.duration.nanoseconds / TimeSpan.hour.nanoseconds
      guard hours >= 3, read.bolus.flow < basal else { continue }
      report.ask(
        .bolusSlowerThanBasal, at: read.place,
        "this bolus takes \(Format.span(read.bolus.duration)) and adds \(Format.flow(read.bolus.flow)) "
          + "to a basal of \(Format.flow(basal)): if minutes were meant, write min")
    }
  }

  /// Two equal boluses within an hour, and no row of them.
  func checkDoubles(_ boluses: [(start: TimeSpan, read: TherapyReader.ReadBolus)]) {
    for (index, entry) in boluses.enumerated().dropFirst() {
      let before = boluses[index - 1]
      func isPair(_ left: Int, _ right: Int) -> Bool {
        guard boluses.indices.contains(left), boluses.indices.contains(right) else { return false }
        return boluses[left].read.bolus == boluses[right].read.bolus
          && boluses[right].start - boluses[left].start <= .hour
      }
      guard isPair(index - 1, index), !isPair(index - 2, index - 1), !isPair(index, index + 1)
      else { continue }
      report.ask(
        .bolusTwice, at: entry.read.place,
        "the same bolus stands \(Format.span(entry.start - before.start)) before: was it written twice?"
      )
    }
  }
}
