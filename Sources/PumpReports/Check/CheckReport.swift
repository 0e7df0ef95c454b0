package import Foundation
import PumpMessages
package import PumpProfiles
import PumpSafety
package import PumpTherapy
import PumpUnits

/// What `itpump check` says of one file.
package struct CheckReport: Encodable {
  package struct Problem: Encodable {
    package var severity: String
    package var code: String
    package var line: Int
    package var column: Int
    package var message: String

    init(_ diagnostic: Diagnostic) {
      severity = diagnostic.severity.rawValue
      code = diagnostic.code.rawValue
      (line, column) = (diagnostic.place.line, diagnostic.place.column)
      message = diagnostic.message
    }
  }

  package struct Summary: Encodable {
    package var name: String
    package var mode: String
    package var drug: String
    package var concentration_ug_per_ml: Double
    package var dose_ug_per_day: Double
    package var lowest_rate_ug_per_h: Double
    package var highest_rate_ug_per_h: Double
    package var lowest_flow_ul_per_h: Double
    package var highest_flow_ul_per_h: Double
    package var scheduled_boluses: Int
    package var single_bolus_ug: Double?
    package var patient_bolus_ug: Double?
    package var patient_boluses_per_day: Int?
    package var most_in_any_hour_ug: Double?
    package var most_in_any_day_ug: Double?
    package var days_to_low_alarm: Double?
    package var days_to_stop: Double?
    package var low_alarm_ul: Double
    package var reservoir_ul: Double
  }

  package var file: String
  package var errors: Int
  package var warnings: Int
  package var problems: [Problem]
  package var profile: Summary?

  package var isClean: Bool { errors == 0 }

  package init(
    _ file: String, _ diagnostics: [Diagnostic], _ loaded: (profile: Profile, bench: Bench)?,
    now: Date
  ) {
    self.file = file
    errors = diagnostics.count { $0.severity == .error }
    warnings = diagnostics.count - errors
    problems = diagnostics.map { Problem($0) }
    lines = diagnostics.map { $0.line(file: file) }
    guard let (profile, bench) = loaded else { return }
    let forecast = Forecast(profile, on: bench, from: profile.place(at: now))
    self.profile = Self.summary(profile, forecast)
    lines += Self.lines(profile, forecast)
  }

  private enum CodingKeys: CodingKey { case file, errors, warnings, problems, profile }
  private var lines: [String] = []

  /// The report for people.
  package var text: String {
    let verdict =
      errors > 0
      ? "\(errors) error\(errors == 1 ? "" : "s")"
      : warnings > 0 ? "usable, \(warnings) warning\(warnings == 1 ? "" : "s")" : "clean"
    return (lines + ["\(file): \(verdict)", ""]).joined(separator: "\n")
  }

  /// What the profile comes to, without a verdict.
  package static func figures(_ profile: Profile, _ bench: Bench, at now: Date) -> String {
    lines(profile, Forecast(profile, on: bench, from: profile.place(at: now)))
      .joined(separator: "\n")
  }

  private static func summary(_ profile: Profile, _ forecast: Forecast) -> Summary {
    let therapy = profile.prescription.therapy
    let figures = DoseFigures(profile)
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
      most_in_any_hour_ug: figures?.hour.dose.micrograms,
      most_in_any_day_ug: figures?.day.dose.micrograms,
      days_to_low_alarm: forecast.lowAlarmAfter.map { Double($0.nanoseconds) / 86_400e9 },
      days_to_stop: forecast.stopsAfter.map { Double($0.nanoseconds) / 86_400e9 },
      low_alarm_ul: profile.reservoir.lowAlarm.microlitres,
      reservoir_ul: profile.reservoir.filled.microlitres)
  }

  private static func lines(_ profile: Profile, _ forecast: Forecast) -> [String] {
    let therapy = profile.prescription.therapy
    func rate(_ flow: FlowRate) -> String {
      let dose = (try? profile.concentration.doseRate(of: flow, .up)) ?? .zero
      return Format.decimal(dose.femtogramsPerDay, per: 24_000_000_000) + " µg/h"
    }
    func range(_ least: String, _ most: String) -> String {
      least == most ? least : "\(least) to \(most)"
    }
    let mean =
      profile.mode == .flexWeekly
      ? " on the mean of a week" : profile.mode == .periodic ? " on the mean" : ""
    var total = "\(Format.mass(profile.meanDosePerDay))\(mean)"
    if let bolus = profile.singleBolus {
      let dose = (try? profile.concentration.mass(in: bolus.volume, .up)) ?? .zero
      total += ", and \(Format.mass(dose)) once, at the start"
    }
    var lines = [
      "  \(profile.name): \(profile.mode.rawValue), \(profile.drug) "
        + Format.concentration(profile.concentration),
      "    total a day   \(total)",
      "    basal rate    " + range(rate(therapy.leastBasal), rate(therapy.peakBasal)),
      "    basal flow    " + range(Format.flow(therapy.leastBasal), Format.flow(therapy.peakBasal)),
    ]
    lines += PatternLines(profile: profile).lines
    if profile.mode == .periodic {
      for bolus in therapy.scheduledBoluses {
        lines.append(
          "    bolus         " + describe(bolus, profile) + interval(profile)
            + ", the first one at the start")
      }
    }
    if let bolus = profile.singleBolus {
      lines.append("    single bolus  " + describe(bolus, profile) + ", at the start")
    }
    if let rule = profile.prescription.patientBolus {
      lines.append(
        "    patient       \(describe(rule.bolus, profile)), lock-out \(Format.span(rule.lockout)), "
          + "at most \(rule.maximumPerDay) a day")
    }
    lines += worst(profile)
    let fills =
      "\(Format.volume(profile.reservoir.filled)) down to \(Format.volume(profile.reservoir.lowAlarm))"
    let rule = profile.prescription.patientBolus == nil ? "" : ", every permitted dose taken"
    let alarm = forecast.lowAlarmAfter.map { "in \(Format.span($0))\(rule)" }
    lines.append("    low alarm     \(alarm ?? "never by itself") (\(fills))")
    if let stops = forecast.stopsAfter {
      lines.append("    stops         in \(Format.span(stops)), at the reserve")
    }
    return lines
  }

  /// The worst case of an hour and of a day, everything counted that may be given.
  private static func worst(_ profile: Profile) -> [String] {
    let isNothing =
      profile.mode == .stopped && profile.singleBolus == nil
      && profile.prescription.patientBolus == nil
    guard let figures = DoseFigures(profile), !isNothing else { return [] }
    let counted =
      (profile.singleBolus == nil ? [] : ["single bolus"])
      + (profile.prescription.patientBolus == nil ? [] : ["permitted patient boluses"])
    let with = counted.isEmpty ? "" : ", \(counted.joined(separator: " and ")) counted"
    func line(_ name: String, _ most: DoseFigures.Most, _ window: TimeSpan) -> String {
      let from =
        profile.mode == .flexDaily || profile.mode == .flexWeekly
        ? most.from.map {
          ", from \(PatternLines.place($0, in: profile)) to "
            + PatternLines.place($0 + window, in: profile)
        } : nil
      return "    \(name)at most \(Format.mass(most.dose))\(from ?? "")\(with)"
    }
    return [line("any hour      ", figures.hour, .hour), line("any 24 h      ", figures.day, .day)]
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
  package var scheduledBoluses: [Bolus] {
    guard case .flex(let pattern) = self else { return [] }
    return pattern.boluses.map(\.bolus)
  }
}
