import Foundation
import PumpTherapy
import PumpUnits
import Yams

/// Reads a flex pattern: the same for every day, or one for each weekday.
struct FlexReader {
  let reader: TherapyReader
  private var report: Report { reader.report }

  static let weekdays = [
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
  ]
  static let mostEntriesPerDay = 48

  init(reader: TherapyReader) { self.reader = reader }

  func flex(_ therapy: Fields) -> TherapyReader.Read? {
    let keys = ["time-zone", "every-day"] + Self.weekdays
    guard let fields = therapy.fields("flex", keys: keys) else { return nil }
    let zone = fields.timeZone("time-zone")
    let isDaily = fields.present.contains("every-day")
    let named = Self.weekdays.filter(fields.present.contains)
    guard isDaily != !named.isEmpty else {
      report.add(
        isDaily ? .wrongShape : .missingKey, at: fields.place,
        "'flex' has either 'every-day' or all of monday to sunday")
      return nil
    }
    let days = isDaily ? ["every-day"] : Self.weekdays
    let read = days.enumerated().map { index, day in
      self.day(fields, day, offset: TimeSpan(days: UInt64(index)))
    }
    guard let zone, !read.contains(where: { $0 == nil }) else { return nil }
    let entries = read.compactMap { $0 }
    let segments = entries.flatMap(\.segments)
    let boluses = entries.flatMap(\.boluses)
    checkOverlap(boluses, period: TimeSpan(days: UInt64(days.count)))
    let slips = FlexSlips(report: report)
    slips.checkUnits(entries.flatMap(\.units))
    slips.checkTimes(entries.flatMap(\.times))
    slips.checkSpeed(boluses.map { ($0.start, $0.read) }, over: segments)
    slips.checkDoubles(boluses.map { ($0.start, $0.read) })
    let peak = segments.map(\.flow).max() ?? .zero
    guard !peak.isZero || !boluses.isEmpty else {
      report.add(.outOfRange, at: fields.place, "this pattern delivers nothing; write stopped")
      return nil
    }
    for entry in boluses { reader.checkReach(entry.read, over: peak) }
    guard
      let pattern = try? FlexPattern(
        period: TimeSpan(days: UInt64(days.count)), segments: segments,
        boluses: boluses.map { .init(start: $0.start, bolus: $0.read.bolus) })
    else { return nil }
    return .init(
      therapy: .flex(pattern), mode: isDaily ? .flexDaily : .flexWeekly, timeZone: zone)
  }

  private struct Day {
    var segments: [FlexPattern.BasalSegment] = []
    var boluses: [PlacedBolus] = []
    /// The rates and the times as they were written.
    var units: [Text] = []
    var times: [Text] = []
  }

  private struct PlacedBolus {
    var start: TimeSpan
    var read: TherapyReader.ReadBolus
  }

  private func day(_ fields: Fields, _ name: String, offset: TimeSpan) -> Day? {
    guard let nodes = fields.sequence(name) else { return nil }
    guard nodes.count <= Self.mostEntriesPerDay else {
      report.add(
        .flexTooManyEntries, at: fields.place(of: name),
        "a day has at most \(Self.mostEntriesPerDay) entries, not \(nodes.count)")
      return nil
    }
    var day = Day()
    var isWhole = true
    var lastRate: (time: TimeSpan, shown: String)?
    var lastBolus: (time: TimeSpan, shown: String)?
    for node in nodes {
      guard
        let entry = Fields(
          node, keys: ["from", "rate", "dose", "over"], what: "a flex entry", report: report)
      else {
        isWhole = false
        continue
      }
      let time = time(entry)
      if let time { day.times.append(Text(value: time.shown, place: time.place)) }
      let isRate = entry.present.contains("rate")
      guard isRate != (entry.present.contains("dose") || entry.present.contains("over")) else {
        report.add(
          isRate ? .wrongShape : .missingKey, at: entry.place,
          "a flex entry has either a 'rate', or a 'dose' and 'over'")
        isWhole = false
        continue
      }
      let shown = time?.shown ?? ""
      if !isRate, let dose = entry.text("dose", hint: "25 ug", isRequired: false),
        (try? Dimension.doseRate.count(of: dose.value)) != nil
      {
        report.add(
          .wrongUnit, at: dose.place,
          "'\(dose.value)' is a rate: write 'rate: \(dose.value)'; a bolus has a dose such as 25 ug, "
            + "and 'over'")
        isWhole = false
        continue
      }
      if isRate {
        isWhole = order(time, after: lastRate, kind: "rate") && isWhole
        guard let flow = reader.doseFlow(entry, "rate"), let time else {
          isWhole = false
          continue
        }
        lastRate = (time.span, shown)
        if let rate = entry.text("rate", hint: "12 ug/h") { day.units.append(rate) }
        day.segments.append(.init(start: offset + time.span, flow: flow))
      } else {
        isWhole = order(time, after: lastBolus, kind: "bolus") && isWhole
        guard let bolus = reader.bolus(entry), let time else {
          isWhole = false
          continue
        }
        lastBolus = (time.span, shown)
        day.boluses.append(PlacedBolus(start: offset + time.span, read: bolus))
      }
    }
    guard isWhole else { return nil }
    // A day that names no rate is one of boluses alone.
    if day.segments.isEmpty, !day.boluses.isEmpty {
      day.segments = [.init(start: offset, flow: .zero)]
    }
    guard day.segments.first?.start == offset else {
      report.add(
        .flexWithoutStart, at: fields.place(of: name),
        "'\(name)' must begin with a rate from \"00:00\", so that every minute has its rate")
      return nil
    }
    return day
  }

  private func time(_ entry: Fields) -> (span: TimeSpan, place: SourcePlace, shown: String)? {
    guard let text = entry.text("from", hint: "\"06:30\"") else { return nil }
    guard let match = text.value.wholeMatch(of: /([01][0-9]|2[0-3]):([0-5][0-9])/),
      let hours = UInt64(match.1), let minutes = UInt64(match.2)
    else {
      report.add(
        .badTime, at: text.place,
        "'\(text.value)' is not a time of day; write hours and minutes from \"00:00\" to \"23:59\"")
      return nil
    }
    return (TimeSpan(minutes: hours * 60 + minutes), text.place, text.value)
  }

  /// Whether an entry comes after the one before it of its kind.
  private func order(
    _ time: (span: TimeSpan, place: SourcePlace, shown: String)?,
    after last: (time: TimeSpan, shown: String)?, kind: String
  ) -> Bool {
    guard let time, let last, time.span <= last.time else { return true }
    if time.span == last.time {
      report.add(
        .flexOverlap, at: time.place, "two entries of a \(kind) begin at \(time.shown); keep one")
    } else {
      report.add(
        .flexUnordered, at: time.place,
        "the \(kind) at \(time.shown) stands after the one at \(last.shown); order them by time")
    }
    return false
  }

  private func checkOverlap(_ boluses: [PlacedBolus], period: TimeSpan) {
    for (index, entry) in boluses.enumerated() {
      let next = index + 1 < boluses.count ? boluses[index + 1].start : boluses[0].start + period
      if let distance = reader.limits?.leastDistance, entry.start + distance > next {
        report.add(
          .bolusTooNear, at: entry.read.place,
          "the next bolus begins \(Format.span(next - entry.start)) after this one; the drug library asks for "
            + "\(Format.span(distance)) between two")
      }
      guard entry.start + entry.read.bolus.duration > next else { continue }
      report.add(
        .flexOverlap, at: entry.read.place,
        "this bolus would still run when the next one begins; one bolus runs at a time")
    }
  }
}
