package import Foundation
import PumpMessages
package import PumpProfiles
import PumpSafety
import PumpScenarios
import PumpTherapy
package import PumpUnits

/// A delivery plan for people and for programs.
package struct PlanReport {
  package let profile: Profile
  package let bench: Bench
  package let plan: DeliveryPlan
  package let start: Date
  package let moments: Moments

  package init(profile: Profile, bench: Bench, plan: DeliveryPlan, start: Date) {
    self.profile = profile
    self.bench = bench
    self.plan = plan
    self.start = start
    moments = Moments(profile.timeZone)
  }

  /// A flow's dose rate in µg/h.
  package func rate(_ flow: FlowRate) -> Double {
    let dose = (try? plan.concentration.doseRate(of: flow, .up)) ?? .zero
    return (Double(dose.femtogramsPerDay) / 24e3).rounded() / 1e6
  }

  package func moment(_ instant: Instant) -> Date { start.after(instant) }

  /// The kind of therapy; one that is none says so.
  package var modeWords: String {
    profile.mode.rawValue + (profile.mode == .minimumRate ? " (no treatment)" : "")
  }

  /// What the patient may ask for on top, which no sum here holds.
  package var patientWords: String? {
    profile.prescription.patientBolus.map { rule in
      let dose = (try? plan.concentration.mass(in: rule.bolus.volume, .up)) ?? .zero
      return
        "not in it: patient boluses of \(Format.mass(dose)), at most \(rule.maximumPerDay) a day"
    }
  }

  package var text: String {
    let end = moment(.epoch + plan.span)
    var lines = [
      "\(profile.name): \(modeWords), \(profile.drug) "
        + "\(Format.concentration(profile.concentration)), on \(bench.board.name)",
      "Planned from \(moments.full(start)) to \(moments.full(end)), \(profile.timeZone.identifier).",
    ]
    lines += ClockChange.lines(profile, from: start, to: end)
    lines += ["Bench equipment: not a medical device, not for human use.", ""]
    if let refusal { lines += [refusal, ""] }
    lines += TerminalPlot(self).lines + [""]
    lines.append("  from               until           basal rate     bolus       dose     volume")
    lines += plan.rows.prefix(60).map(line)
    if plan.rows.count > 60 {
      lines.append("  and \(plan.rows.count - 60) more rows; see --csv or --json")
    }
    lines += [
      "",
      "  total in \(Format.span(plan.span)): \(Format.mass(plan.dose)), "
        + "\(Format.volume(plan.volume)), \(TextColumns.grouped(plan.steps)) steps",
    ]
    if let patientWords { lines.append("  \(patientWords)") }
    return (lines + reservoir).joined(separator: "\n") + "\n"
  }

  /// What would be refused, if anything.
  private var refusal: String? {
    plan.forecast.refusal.map {
      "  REFUSED      \(plan.forecast.refusesBolus ? "the single bolus" : "the therapy"): \($0.words)"
    }
  }

  /// When the reservoir is low and empty: the same dates as `check` and `simulate` tell.
  private var reservoir: [String] {
    guard let due = plan.forecast.lowAlarmAfter else { return ["  refill due: never by itself"] }
    let rule = profile.prescription.patientBolus == nil ? "" : ", every permitted bolus taken"
    var lines = ["  refill due \(moments.full(moment(.epoch + due)))\(rule)"]
    if let stops = plan.forecast.stopsAfter {
      let words = "delivery stops \(moments.full(moment(.epoch + stops)))"
      if rule.isEmpty { lines[0] += "; \(words)" } else { lines.append("  \(words) then") }
    }
    if let stop = plan.stop {
      lines.append(
        "  THE RESERVOIR IS AT ITS RESERVE on \(moments.full(moment(stop))): nothing is delivered after"
      )
    }
    return lines
  }

  private func line(_ row: DeliveryPlan.Row) -> String {
    let from = moments.full(moment(row.start)).dropFirst(4)
    let to = moments.full(moment(row.end)).dropFirst(9)
    let rate =
      Format.decimal(UInt64((self.rate(row.basal) * 1e6).rounded()), per: 1_000_000) + " µg/h"
    return "  \(from) - \(to)"
      + TextColumns.right(rate, 14)
      + TextColumns.right(row.bolus.map { Format.mass($0.dose) } ?? "-", 10)
      + TextColumns.right(Format.mass(row.dose), 11)
      + TextColumns.right(Format.volume(row.volume), 11)
  }

  package struct RowRecord: Encodable {
    package var start: String
    package var end: String
    package var start_s: Double
    package var end_s: Double
    package var basal_ug_per_h: Double
    package var bolus_ug: Double
    package var dose_ug: Double
    package var volume_ul: Double
    package var steps: UInt64
  }

  package struct Machine: Encodable {
    package var notice =
      "planned, not delivered; bench equipment: not a medical device, not for human use"
    package var profile: String
    package var board: String
    package var mode: String
    package var time_zone: String
    package var concentration_ug_per_ml: Double
    package var refusal: String?
    package var dose_ug: Double
    package var volume_ul: Double
    package var steps: UInt64
    /// Patient boluses that are permitted on top; the dates count them, the sums don't.
    package var patient_bolus_ug: Double?
    package var patient_boluses_per_day: Int?
    package var refill_due: String?
    package var delivery_stops: String?
    package var rows: [RowRecord]
  }

  package var machine: Machine {
    func date(_ after: TimeSpan?) -> String? {
      after.map { moments.machine(moment(.epoch + $0)) }
    }
    return Machine(
      profile: profile.name, board: bench.board.name, mode: profile.mode.rawValue,
      time_zone: profile.timeZone.identifier,
      concentration_ug_per_ml: Double(plan.concentration.nanogramsPerMillilitre) / 1_000,
      refusal: plan.forecast.refusal.map(\.words), dose_ug: plan.dose.micrograms,
      volume_ul: plan.volume.microlitres, steps: plan.steps,
      patient_bolus_ug: profile.prescription.patientBolus.map {
        ((try? plan.concentration.mass(in: $0.bolus.volume, .up)) ?? .zero).micrograms
      },
      patient_boluses_per_day: profile.prescription.patientBolus?.maximumPerDay,
      refill_due: date(plan.forecast.lowAlarmAfter),
      delivery_stops: date(plan.forecast.stopsAfter), rows: plan.rows.map(record))
  }

  private func record(_ row: DeliveryPlan.Row) -> RowRecord {
    RowRecord(
      start: moments.machine(moment(row.start)), end: moments.machine(moment(row.end)),
      start_s: Double(row.start.nanoseconds) / 1e9, end_s: Double(row.end.nanoseconds) / 1e9,
      basal_ug_per_h: rate(row.basal), bolus_ug: row.bolus?.dose.micrograms ?? 0,
      dose_ug: row.dose.micrograms, volume_ul: row.volume.microlitres, steps: row.steps)
  }

  package var csv: String {
    let header =
      "start,end,start_s,end_s,basal_ug_per_h,bolus_ug,dose_ug,volume_ul,steps\n"
    return header
      + plan.rows.map(record).map {
        "\($0.start),\($0.end),\($0.start_s),\($0.end_s),\($0.basal_ug_per_h),"
          + "\($0.bolus_ug),\($0.dose_ug),\($0.volume_ul),\($0.steps)\n"
      }.joined()
  }
}
