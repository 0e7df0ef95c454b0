package import Foundation
import PumpFiles
package import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits

/// What differs between two profiles, setting by setting, and what the change is judged as.
package struct DiffReport: Encodable {
  /// A setting that differs.
  package struct Setting: Encodable, Equatable {
    package var setting: String
    package var before: String
    package var now: String
    /// Of a dose: how much more, less than zero where it falls; absent where there was none before.
    package var more_percent: Double?
    fileprivate var rise: Int64?

    private enum CodingKeys: CodingKey { case setting, before, now, more_percent }

    fileprivate init(setting: String, before: String, now: String) {
      (self.setting, self.before, self.now) = (setting, before, now)
    }

    fileprivate init(_ change: SettingChange) {
      self.init(setting: change.setting, before: change.before, now: change.now)
      rise = change.rise
      more_percent = change.rise.map { (Double($0) / 10).rounded() / 100 }
    }
  }

  package var before: String
  package var now: String
  package var settings: [Setting] = []
  package var problems: [CheckReport.Problem]

  private enum CodingKeys: CodingKey { case before, now, settings, problems }
  private var diagnostics: [Diagnostic]

  /// Compares two profiles on their benches.
  ///
  /// - Parameters:
  ///   - old, new: Each with the name of its file.
  ///   - drugs: The library, whose titration steps the change is held against.
  ///   - now: When both would begin.
  package init(
    from old: (name: String, profile: Profile, bench: Bench),
    to new: (name: String, profile: Profile, bench: Bench), drugs: [Drug], now: Date
  ) {
    before = old.name
    self.now = new.name
    diagnostics = TitrationCheck.diagnostics(from: old.profile, to: new.profile, drugs: drugs)
    problems = diagnostics.map { CheckReport.Problem($0) }
    compareFilling(old.profile, new.profile)
    settings += new.profile.changes(from: old.profile).map { Setting($0) }
    comparePattern(old.profile, new.profile)
    let (before, after) = (
      Self.forecast(old.profile, old.bench, now), Self.forecast(new.profile, new.bench, now)
    )
    compare("low alarm in", before.alarm, after.alarm)
    compare("stops in", before.stop, after.stop)
  }

  /// Whether the change is refused.
  package var isRefused: Bool { diagnostics.contains { $0.severity == .error } }

  private mutating func compare(_ setting: String, _ before: String, _ now: String) {
    if before != now { settings.append(Setting(setting: setting, before: before, now: now)) }
  }

  private mutating func compareFilling(_ old: Profile, _ new: Profile) {
    compare(
      "concentration", Format.concentration(old.concentration),
      Format.concentration(new.concentration))
    compare(
      "capacity", Format.volume(old.reservoir.capacity), Format.volume(new.reservoir.capacity))
    compare(
      "reserve at", Format.volume(old.reservoir.reserve), Format.volume(new.reservoir.reserve))
    compare(
      "filled to", Format.volume(old.reservoir.filled), Format.volume(new.reservoir.filled))
    compare(
      "low alarm at", Format.volume(old.reservoir.lowAlarm), Format.volume(new.reservoir.lowAlarm))
  }

  private mutating func comparePattern(_ old: Profile, _ new: Profile) {
    let (before, after) = (old.prescription.therapy, new.prescription.therapy)
    compare(
      "lowest rate an hour", Self.hour(old, before.leastBasal), Self.hour(new, after.leastBasal))
    compare(
      "highest rate an hour", Self.hour(old, before.peakBasal), Self.hour(new, after.peakBasal))
    compare("boluses of the pattern", Self.boluses(old), Self.boluses(new))
    compare(
      "reason of patient boluses", old.patientBolusReason ?? "none",
      new.patientBolusReason ?? "none")
    compare("times of day", Self.times(old), Self.times(new))
    compare(
      "prescriber", old.prescribed.prescriber ?? "not said", new.prescribed.prescriber ?? "not said"
    )
    compare("reason", old.prescribed.reason ?? "not said", new.prescribed.reason ?? "not said")
  }

  private mutating func compare(_ setting: String, _ before: Mass, _ now: Mass) {
    guard Format.mass(before) != Format.mass(now) else { return }
    settings.append(Setting(SettingChange(setting, before, now)))
  }

  private static func hour(_ profile: Profile, _ flow: FlowRate) -> Mass {
    let perDay = (try? profile.concentration.doseRate(of: flow)) ?? .zero
    return Mass(femtograms: perDay.femtogramsPerDay / 24)
  }

  private static func words(_ profile: Profile, _ bolus: Bolus?) -> String {
    guard let bolus else { return "none" }
    let dose = (try? profile.concentration.mass(in: bolus.volume)) ?? .zero
    return "\(Format.mass(dose)) over \(Format.span(bolus.duration))"
  }

  private static func boluses(_ profile: Profile) -> String {
    let all = profile.prescription.therapy.scheduledBoluses.map { words(profile, $0) }
    guard !all.isEmpty else { return "none" }
    guard profile.mode == .periodic, case .flex(let pattern) = profile.prescription.therapy else {
      return all.joined(separator: "; ")
    }
    return "\(all.joined(separator: "; ")), every \(Format.span(pattern.period))"
  }

  private static func times(_ profile: Profile) -> String {
    let lines = PatternLines(profile: profile).lines.map {
      $0.split(separator: " ").joined(separator: " ")
    }
    return lines.isEmpty ? "none" : lines.joined(separator: "; ")
  }

  private static func forecast(_ profile: Profile, _ bench: Bench, _ now: Date)
    -> (alarm: String, stop: String)
  {
    let forecast = Forecast(profile, on: bench, from: profile.place(at: now))
    func words(_ span: TimeSpan?) -> String { span.map(Format.span) ?? "never by itself" }
    return (words(forecast.lowAlarmAfter), words(forecast.stopsAfter))
  }

  /// The report for people: what is short side by side, what is long one below the other.
  package var text: String {
    var lines = ["\(before), and now \(now)"]
    for each in settings {
      let (before, now) = (Visible.line(each.before), Visible.line(each.now))
      let name = "  " + each.setting.padding(toLength: 26, withPad: " ", startingAt: 0)
      let more = each.rise.map { " (\(Self.percent($0)))" } ?? ""
      if before.count + now.count <= 44 {
        lines.append("\(name)\(before) before, \(now) now\(more)")
      } else {
        lines.append("\(name)before: \(before)")
        lines.append(String(repeating: " ", count: 28) + "now:    \(now)\(more)")
      }
    }
    lines += diagnostics.map { $0.line(file: now) }
    let count = settings.count
    let verdict =
      count == 0
      ? "the two prescribe the same"
      : "\(count) setting\(count == 1 ? "" : "s") differ"
        + (count == 1 ? "s" : "")
    let judged =
      isRefused ? "; the change is refused" : problems.isEmpty ? "" : "; a clinician decides"
    return (lines + ["\(now): \(verdict)\(judged)", ""]).joined(separator: "\n")
  }

  /// Thousandths of a percent, as the titration check says them.
  private static func percent(_ rise: Int64) -> String {
    (rise < 0 ? "-" : "+") + Format.decimal(rise.magnitude, per: 1_000) + " %"
  }
}
