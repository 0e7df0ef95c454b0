import Foundation
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits

/// What `itpump check` says of one file.
struct CheckReport: Encodable {
  struct Problem: Encodable {
    var severity: String
    var code: String
    var line: Int
    var column: Int
    var message: String
  }

  struct Summary: Encodable {
    var name: String
    var mode: String
    var drug: String
    var concentration_ug_per_ml: Double
    var dose_ug_per_day: Double
    var lowest_rate_ug_per_h: Double
    var highest_rate_ug_per_h: Double
    var lowest_flow_ul_per_h: Double
    var highest_flow_ul_per_h: Double
    var scheduled_boluses: Int
    var single_bolus_ug: Double?
    var patient_bolus_ug: Double?
    var patient_boluses_per_day: Int?
    var days_to_low_alarm: Double?
    var low_alarm_ul: Double
    var reservoir_ul: Double
  }

  var file: String
  var errors: Int
  var warnings: Int
  var problems: [Problem]
  var profile: Summary?

  var isClean: Bool { errors == 0 }

  init(_ file: String, _ diagnostics: [Diagnostic], _ profile: Profile?, now: Date) {
    self.file = file
    errors = diagnostics.count { $0.severity == .error }
    warnings = diagnostics.count - errors
    problems = diagnostics.map {
      Problem(
        severity: $0.severity.rawValue, code: $0.code.rawValue, line: $0.place.line,
        column: $0.place.column, message: $0.message)
    }
    self.profile = profile.map { Self.summary($0, now: now) }
    lines =
      diagnostics.map { $0.line(file: file) } + (profile.map { Self.lines($0, now: now) } ?? [])
  }

  private enum CodingKeys: CodingKey { case file, errors, warnings, problems, profile }
  private var lines: [String] = []

  /// The report for people.
  var text: String {
    let verdict =
      errors > 0
      ? "\(errors) error\(errors == 1 ? "" : "s")"
      : warnings > 0 ? "usable, \(warnings) warning\(warnings == 1 ? "" : "s")" : "clean"
    return (lines + ["\(file): \(verdict)", ""]).joined(separator: "\n")
  }

  private static func summary(_ profile: Profile, now: Date) -> Summary {
    let therapy = profile.prescription.therapy
    func rate(_ flow: FlowRate) -> Double {
      let dose = (try? profile.concentration.doseRate(of: flow, .up)) ?? .zero
      return (Double(dose.femtogramsPerDay) / 24e3).rounded() / 1e6
    }
    func mass(_ volume: Volume) -> Double {
      ((try? profile.concentration.mass(in: volume, .up)) ?? .zero).micrograms
    }
    func flow(_ flow: FlowRate) -> Double {
      (Double(flow.femtolitresPerDay) / 24e3).rounded() / 1e6
    }
    return Summary(
      name: profile.name, mode: profile.mode.rawValue, drug: profile.drug,
      concentration_ug_per_ml: Double(profile.concentration.nanogramsPerMillilitre) / 1_000,
      dose_ug_per_day: profile.meanDosePerDay.micrograms,
      lowest_rate_ug_per_h: rate(therapy.leastBasal),
      highest_rate_ug_per_h: rate(therapy.peakBasal),
      lowest_flow_ul_per_h: flow(therapy.leastBasal),
      highest_flow_ul_per_h: flow(therapy.peakBasal),
      scheduled_boluses: therapy.scheduledBoluses.count,
      single_bolus_ug: profile.singleBolus.map { mass($0.volume) },
      patient_bolus_ug: profile.prescription.patientBolus.map { mass($0.bolus.volume) },
      patient_boluses_per_day: profile.prescription.patientBolus?.maximumPerDay,
      days_to_low_alarm: span(profile, now).map { Double($0.nanoseconds) / 86_400e9 },
      low_alarm_ul: profile.reservoir.lowAlarm.microlitres,
      reservoir_ul: profile.reservoir.filled.microlitres)
  }

  private static func span(_ profile: Profile, _ now: Date) -> TimeSpan? {
    Reservoir.timeToUse(
      profile.reservoir.filled.lessening(by: profile.reservoir.lowAlarm),
      by: profile.prescription, from: profile.place(at: now))
  }

  private static func lines(_ profile: Profile, now: Date) -> [String] {
    let therapy = profile.prescription.therapy
    func rate(_ flow: FlowRate) -> String {
      let dose = (try? profile.concentration.doseRate(of: flow, .up)) ?? .zero
      return Format.decimal(dose.femtogramsPerDay, per: 24_000_000_000) + " µg/h"
    }
    let mean =
      profile.mode == .flexWeekly
      ? " on the mean of a week" : profile.mode == .periodic ? " on the mean" : ""
    var lines = [
      "  \(profile.name): \(profile.mode.rawValue), \(profile.drug) "
        + Format.concentration(profile.concentration),
      "    total a day   \(Format.mass(profile.meanDosePerDay))\(mean)",
      "    basal rate    \(rate(therapy.leastBasal)) to \(rate(therapy.peakBasal))",
      "    basal flow    \(Format.flow(therapy.leastBasal)) to \(Format.flow(therapy.peakBasal))",
    ]
    for bolus in therapy.scheduledBoluses.prefix(4) {
      lines.append("    bolus         " + describe(bolus, profile) + interval(profile))
    }
    if therapy.scheduledBoluses.count > 4 {
      lines.append("                  and \(therapy.scheduledBoluses.count - 4) more")
    }
    if let bolus = profile.singleBolus {
      lines.append("    single bolus  " + describe(bolus, profile))
    }
    if let rule = profile.prescription.patientBolus {
      lines.append(
        "    patient       \(describe(rule.bolus, profile)), lock-out \(Format.span(rule.lockout)), "
          + "at most \(rule.maximumPerDay) a day")
    }
    let days = span(profile, now).map { "in \(Format.span($0)), every permitted dose taken" }
    lines.append(
      "    low alarm     \(days ?? "never by itself") "
        + "(\(Format.volume(profile.reservoir.filled)) down to "
        + "\(Format.volume(profile.reservoir.lowAlarm)))")
    return lines
  }

  private static func interval(_ profile: Profile) -> String {
    guard profile.mode == .periodic, case .flex(let pattern) = profile.prescription.therapy else {
      return ""
    }
    return ", every \(Format.span(pattern.period))"
  }

  private static func describe(_ bolus: Bolus, _ profile: Profile) -> String {
    let mass = (try? profile.concentration.mass(in: bolus.volume, .up)) ?? .zero
    return "\(Format.mass(mass)) over \(Format.span(bolus.duration))"
  }
}

extension Therapy {
  /// The pattern's boluses, in order.
  var scheduledBoluses: [Bolus] {
    guard case .flex(let pattern) = self else { return [] }
    return pattern.boluses.map(\.bolus)
  }
}
