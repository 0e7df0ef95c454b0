import ArgumentParser
import Foundation
import PumpFiles
import PumpProfiles
import PumpUnits

/// A length of time with its unit, such as `24h` or `"90 min"`.
struct SpanArgument: ExpressibleByArgument {
  let span: TimeSpan

  init?(argument: String) {
    guard let count = try? Dimension.duration.count(of: argument), count > 0 else { return nil }
    span = TimeSpan(nanoseconds: count)
  }

  init(_ span: TimeSpan) { self.span = span }

  /// Reads a time, or says what is wrong with it.
  static func parse(_ text: String) throws -> Self {
    do {
      let count = try Dimension.duration.count(of: text)
      guard count > 0 else { throw ValidationError("a time longer than zero, such as 24h") }
      return Self(TimeSpan(nanoseconds: count))
    } catch let problem as PumpProfiles.Dimension.Problem {
      throw ValidationError(problem.message)
    }
  }

  var defaultValueDescription: String { Format.span(span) }
}

/// A moment of the wall clock, `2026-11-22T08:00` or with seconds, read in the profile's time zone; or with an
/// offset of its own, `2026-10-25T02:30+01:00`.
struct StartArgument: ExpressibleByArgument {
  let text: String
  private let face: String
  /// Seconds east of Greenwich; `nil` where the zone says.
  private let offset: Int?

  init?(argument: String) {
    let pattern =
      /([12][0-9]{3}-[0-9]{2}-[0-9]{2})(T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)?(Z|[+-][01][0-9]:[0-5][0-9])?/
    guard let match = argument.wholeMatch(of: pattern), let day = CalendarDay(String(match.1)),
      // A recording counts nanoseconds since 1970, and a patient's pump began after it.
      (1971...2199).contains(day.year), match.2 != nil || match.3 == nil
    else { return nil }
    text = argument
    let time = match.2.map(String.init) ?? "T00:00:00"
    face = String(match.1) + time + (time.count == 6 ? ":00" : "")
    offset = match.3.map { shift in
      guard shift != "Z" else { return 0 }
      let parts = shift.dropFirst().split(separator: ":").compactMap { Int($0) }
      return (parts[0] * 3_600 + parts[1] * 60) * (shift.hasPrefix("-") ? -1 : 1)
    }
  }

  /// The moment in a zone; `nil` where a change of its clocks skips it.
  func date(in zone: TimeZone) -> Date? {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = offset.flatMap { TimeZone(secondsFromGMT: $0) } ?? zone
    formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss"
    return formatter.date(from: face)
  }

  /// The same time with each offset that the zone has then, where its clocks show it twice.
  func readings(in zone: TimeZone) -> [String] {
    guard offset == nil, let date = date(in: zone) else { return [] }
    var shifts: Set<Int> = [zone.secondsFromGMT(for: date)]
    for hours in [-1.0, -0.5, 0.5, 1.0] {
      let other = date.addingTimeInterval(hours * 3_600)
      // The same face of the clock, an offset apart.
      let shift = zone.secondsFromGMT(for: date) - zone.secondsFromGMT(for: other)
      if Double(shift) == hours * 3_600 { shifts.insert(zone.secondsFromGMT(for: other)) }
    }
    guard shifts.count > 1 else { return [] }
    return shifts.sorted(by: >).map { shift in
      let minutes = abs(shift) / 60
      return face.dropLast(3) + (shift < 0 ? "-" : "+")
        + String(format: "%02d:%02d", minutes / 60, minutes % 60)
    }
  }

  /// The moment asked for, or the present day's midnight in the profile's zone.
  static func resolve(_ start: StartArgument?, in zone: TimeZone) throws -> Date {
    guard let start else {
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = zone
      return calendar.startOfDay(for: Date())
    }
    guard let date = start.date(in: zone) else {
      throw ProjectFiles.Problem(
        description:
          "--start \(start.text): error: \(zone.identifier) has no such time; its clocks "
          + "skip it")
    }
    let readings = start.readings(in: zone)
    guard readings.isEmpty else {
      throw ProjectFiles.Problem(
        description:
          "--start \(start.text): error: \(zone.identifier) has this time twice, for its clocks "
          + "go back; write one of \(readings.joined(separator: ", "))")
    }
    return date
  }
}
