import Foundation
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits

/// A delivery plan for people and for programs.
struct PlanReport {
  let profile: Profile
  let bench: Bench
  let plan: DeliveryPlan
  let start: Date
  let moments: Moments

  init(profile: Profile, bench: Bench, plan: DeliveryPlan, start: Date) {
    self.profile = profile
    self.bench = bench
    self.plan = plan
    self.start = start
    moments = Moments(profile.timeZone)
  }

  /// A flow's dose rate in µg/h.
  func rate(_ flow: FlowRate) -> Double {
    let dose = (try? plan.concentration.doseRate(of: flow, .up)) ?? .zero
    return (Double(dose.femtogramsPerDay) / 24e3).rounded() / 1e6
  }

  var text: String {
    var lines = [
      "\(profile.name): \(profile.mode.rawValue), \(profile.drug) "
        + "\(Format.concentration(profile.concentration)), on \(bench.board.name)",
      "Bench equipment: not a medical device, not for human use.", "",
    ]
    let end = start.after(.epoch + plan.span)
    if let note = ClockChange.note(profile, from: start, to: end) { lines.insert(note, at: 1) }
    lines += TerminalPlot(self).lines + [""]
    lines.append(
      "  from                    until       basal rate  bolus over it         dose       volume"
        + "       steps")
    lines += plan.rows.prefix(60).map(line)
    if plan.rows.count > 60 {
      lines.append("  and \(plan.rows.count - 60) more rows; see --csv or --json")
    }
    lines += [
      "",
      "  total in \(Format.span(plan.span)): \(Format.mass(plan.dose)), "
        + "\(Format.volume(plan.volume)), \(TextColumns.grouped(plan.steps)) steps",
    ]
    if let rule = profile.prescription.patientBolus {
      let dose = (try? plan.concentration.mass(in: rule.bolus.volume, .up)) ?? .zero
      lines.append(
        "  not in it: patient boluses of \(Format.mass(dose)), at most \(rule.maximumPerDay) a day")
    }
    let usable = profile.reservoir.filled.lessening(by: profile.reservoir.lowAlarm)
    if plan.volume > usable {
      lines.append(
        "  the reservoir reaches its alarm level after \(Format.volume(usable)): a refill lies within "
          + "this plan")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func line(_ row: DeliveryPlan.Row) -> String {
    let from = start.after(row.start)
    let to = start.after(row.end)
    let rate =
      Format.decimal(UInt64((self.rate(row.basal) * 1e6).rounded()), per: 1_000_000) + " µg/h"
    return "  \(moments.full(from))  - \(moments.full(to).dropFirst(15))"
      + TextColumns.right(rate, 16)
      + TextColumns.right(row.bolus.map { Format.mass($0.dose) } ?? "-", 15)
      + TextColumns.right(Format.mass(row.dose), 13)
      + TextColumns.right(Format.volume(row.volume), 13)
      + TextColumns.right(TextColumns.grouped(row.steps), 12)
  }

  struct RowRecord: Encodable {
    var start: String
    var end: String
    var start_s: Double
    var end_s: Double
    var basal_ug_per_h: Double
    var bolus_ug: Double
    var dose_ug: Double
    var volume_ul: Double
    var steps: UInt64
  }

  struct Machine: Encodable {
    var notice = "bench equipment: not a medical device, not for human use"
    var profile: String
    var board: String
    var concentration_ug_per_ml: Double
    var dose_ug: Double
    var volume_ul: Double
    var steps: UInt64
    var rows: [RowRecord]
  }

  var machine: Machine {
    Machine(
      profile: profile.name, board: bench.board.name,
      concentration_ug_per_ml: Double(plan.concentration.nanogramsPerMillilitre) / 1_000,
      dose_ug: plan.dose.micrograms, volume_ul: plan.volume.microlitres, steps: plan.steps,
      rows: plan.rows.map(record))
  }

  private func record(_ row: DeliveryPlan.Row) -> RowRecord {
    RowRecord(
      start: moments.machine(start.after(row.start)), end: moments.machine(start.after(row.end)),
      start_s: Double(row.start.nanoseconds) / 1e9, end_s: Double(row.end.nanoseconds) / 1e9,
      basal_ug_per_h: rate(row.basal), bolus_ug: row.bolus?.dose.micrograms ?? 0,
      dose_ug: row.dose.micrograms, volume_ul: row.volume.microlitres, steps: row.steps)
  }

  var csv: String {
    let header =
      "start,end,start_s,end_s,basal_ug_per_h,bolus_ug,dose_ug,volume_ul,steps\n"
    return header
      + plan.rows.map(record).map {
        "\($0.start),\($0.end),\($0.start_s),\($0.end_s),\($0.basal_ug_per_h),"
          + "\($0.bolus_ug),\($0.dose_ug),\($0.volume_ul),\($0.steps)\n"
      }.joined()
  }
}
