public import Foundation
public import PumpProfiles
import PumpUnits

/// Reads the record of a screening: what was given when, and what was seen.
public struct ScreeningReader {
  /// What a record holds.
  public struct Record: Sendable {
    public var reference: String
    public var timeZone: TimeZone
    public var screening: Screening
  }

  /// Reads a record.
  ///
  /// - Parameter now: Nothing was given later.
  /// - Returns: The record, where there was no error, and every problem found.
  public static func read(_ text: String, now: Date) -> (record: Record?, diagnostics: [Diagnostic])
  {
    let report = Report()
    let keys = ["screening", "time-zone", "trials"]
    guard let root = YAMLDocument.root(of: text, keys: keys, report: report) else {
      return (nil, report.sorted)
    }
    let reference = root.text("screening", hint: "P-0042")
    let known = root.timeZone("time-zone")
    let trialKeys = ["at", "dose", "over", "seen", "lasted"]
    let entries = root.entries("trials", keys: trialKeys, isRequired: false) ?? []
    guard let reference, let known else { return (nil, report.sorted) }
    var screening: Screening?
    for entry in entries {
      guard let trial = trial(entry, known, now, report) else { break }
      var taken = screening ?? Screening(from: trial.given)
      do throws(Screening.Problem) {
        try taken.take(trial)
      } catch {
        report.add(.outOfRange, at: entry.place, words(error, in: known))
        break
      }
      screening = taken
    }
    guard !report.hasErrors else { return (nil, report.sorted) }
    let whole = screening ?? Screening(from: .distantPast)
    return (Record(reference: reference.value, timeZone: known, screening: whole), report.sorted)
  }

  private static func trial(
    _ entry: Fields, _ zone: TimeZone, _ now: Date, _ report: Report
  ) -> Screening.Trial? {
    let at = entry.text("at", hint: "\"2026-11-02 09:00\"")
    let dose = entry.quantity("dose", .mass, example: "50 ug")
    let over = entry.quantity("over", .duration, example: "1 min")
    let seen = entry.choice("seen", among: ["none", "response", "reaction"], isRequired: false)
    let isLasting = seen != nil && seen?.value != "none"
    let lasted = entry.quantity("lasted", .duration, example: "6 h", isRequired: isLasting)
    if let lasted, !isLasting {
      report.add(.wrongShape, at: lasted.place, "'lasted' is of a response: write seen: response")
    }
    guard let at, let dose, let over else { return nil }
    guard let given = moment(at.value, zone) else {
      report.add(
        .badTime, at: at.place,
        "'\(at.value)' is no time that this zone has once: write year-month-day and hours:minutes, such as "
          + "\"2026-11-02 09:00\"")
      return nil
    }
    guard given <= now else {
      report.add(.outOfRange, at: at.place, "'\(at.value)' has not come yet: is the date right?")
      return nil
    }
    let observed: Screening.Observation
    switch (seen?.value, lasted) {
    case ("none", _): observed = .noResponse
    case ("response", let lasted?):
      observed = .response(lasting: TimeSpan(nanoseconds: lasted.count))
    case ("reaction", let lasted?):
      observed = .responseWithReaction(lasting: TimeSpan(nanoseconds: lasted.count))
    case (nil, _) where !entry.present.contains("seen"): observed = .notYet
    default: return nil
    }
    return Screening.Trial(
      given: given, dose: Mass(femtograms: dose.count), over: TimeSpan(nanoseconds: over.count),
      observed: observed)
  }

  /// A local time, where it comes once: not in the hour that a change of clocks leaves out or repeats.
  private static func moment(_ text: String, _ zone: TimeZone) -> Date? {
    guard
      let match = text.wholeMatch(of: /([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}):([0-9]{2})/),
      let day = CalendarDay(String(match.1)), let hour = Int(match.2), let minute = Int(match.3),
      hour < 24, minute < 60
    else { return nil }
    let parts = DateComponents(
      year: day.year, month: day.month, day: day.day, hour: hour, minute: minute)
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    guard let date = calendar.date(from: parts),
      calendar.dateComponents([.day, .hour, .minute], from: date)
        == DateComponents(day: day.day, hour: hour, minute: minute)
    else { return nil }
    // The same clock time an hour or half an hour before or after.
    let isTwice = [-7_200, -3_600, -1_800, 1_800, 3_600, 7_200].contains { shift in
      let other = date.addingTimeInterval(TimeInterval(shift))
      return calendar.dateComponents([.day, .hour, .minute], from: other)
        == DateComponents(day: day.day, hour: hour, minute: minute)
    }
    return isTwice ? nil : date
  }

  private static func words(_ problem: Screening.Problem, in zone: TimeZone) -> String {
    switch problem {
    case .wrongStep(let given, let expected):
      "\(Format.mass(given)) is not the step that comes now: \(Format.mass(expected))"
    case .tooSoon(_, let notBefore):
      "less than \(Format.span(Screening.apart)) after the bolus before: not before "
        + moment(notBefore, in: zone)
    case .tooFast(let over):
      "a screening bolus takes at least \(Format.span(Screening.shortest)), not \(Format.span(over))"
    case .tooSlow(let over):
      "a bolus over \(Format.span(over)) is none: a screening bolus takes some minutes"
    case .impossibleResponse(let lasting):
      "a response of \(lasting.isZero ? "no time" : Format.span(lasting)): write how long it really lasted"
    case .notObserved(let dose):
      "the bolus of \(Format.mass(dose)) before it has no observation: write seen: none or seen: response"
    case .afterTheEnd(let dose): "\(Format.mass(dose)) after the screening had ended"
    }
  }

  /// A moment with its day and its zone.
  package static func moment(_ date: Date, in zone: TimeZone) -> String {
    let words = DateFormatter()
    words.locale = Locale(identifier: "en_US_POSIX")
    words.timeZone = zone
    words.dateFormat = "yyyy-MM-dd HH:mm zzz"
    return words.string(from: date)
  }
}
