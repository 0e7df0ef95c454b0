import Foundation
import PumpPlan
import PumpTherapy
import PumpUnits
import Yams

extension TherapyReader {
  /// Whether the motor can run a basal without a ramp, and more often than once an hour.
  func checkBasal(_ flow: FlowRate, at place: SourcePlace, written: String) {
    guard let bench else { return }
    let motor = bench.driver.motor
    let rate = motor.startRate == 0 ? motor.maximumRate : motor.startRate
    let fastest = (try? bench.step.flow(ofStepsPerSecond: rate)) ?? .maximum
    if flow > fastest {
      report.add(
        .flowUnreachable, at: place,
        "'\(written)' needs \(Format.flow(flow)); this bench delivers at most "
          + "\(Format.flow(fastest)) without a ramp")
    }
    guard let volume = try? flow.volume(in: .hour), let steps = try? bench.step.steps(in: volume),
      steps < 1, !flow.isZero
    else { return }
    report.add(
      .flowBelowStep, at: place,
      "'\(written)' is less than one step of this bench in an hour", severity: .warning)
  }

  /// Whether the motor can follow a bolus over a basal.
  func checkReach(_ read: ReadBolus, over basal: FlowRate) {
    guard let bench else { return }
    let fastest =
      (try? bench.step.flow(ofStepsPerSecond: bench.driver.motor.maximumRate)) ?? .maximum
    guard let sum = try? read.bolus.flow.adding(basal), sum <= fastest else {
      report.add(
        .flowUnreachable, at: read.place,
        "the bolus and its basal need \(Format.flow(read.bolus.flow)); this bench delivers at most "
          + Format.flow(fastest))
      return
    }
  }

  /// The patient's rule, off unless enabled with a reason.
  func patientBolus(_ root: Fields) -> (rule: PatientBolusRule, place: SourcePlace, reason: String)?
  {
    let keys = ["enabled", "reason", "dose", "over", "lockout", "at-most-per-day"]
    guard let fields = root.fields("patient-bolus", keys: keys, isRequired: false),
      let isEnabled = fields.flag("enabled")
    else { return nil }
    guard isEnabled else {
      // What is written is read all the same, so that a slip does not wait until it is enabled.
      for (key, dimension, example) in [
        ("dose", Dimension.mass, "25 ug"), ("over", .duration, "10 min"),
        ("lockout", .duration, "8 h"),
      ] {
        _ = fields.quantity(key, dimension, example: example, isRequired: false)
      }
      _ = fields.count("at-most-per-day", in: 1...24, isRequired: false)
      return nil
    }
    let reason =
      fields.present.contains("reason")
      ? fields.text("reason", hint: "why this patient") : nil
    if reason.map({ $0.value.trimmingCharacters(in: .whitespaces).count < 10 }) ?? true {
      report.add(
        .patientBolusForBaclofen, at: reason?.place ?? fields.place,
        "no label allows patient boluses of intrathecal baclofen: say in 'reason', in at least ten "
          + "letters, why this patient needs them")
    }
    let bolus = bolus(fields)
    let lockout = fields.quantity("lockout", .duration, example: "8 h")
    let most = fields.count("at-most-per-day", in: 1...24)
    guard let bolus, let lockout, let most else { return nil }
    if let distance = limits?.leastDistance, lockout.count < distance.count {
      report.add(
        .bolusTooNear, at: lockout.place,
        "a lock-out of \(lockout.text.value) is less than the drug library asks for between two boluses: "
          + Format.span(distance))
    }
    guard lockout.count >= bolus.bolus.duration.count else {
      report.add(
        .bolusLongerThanLockout, at: lockout.place,
        "the bolus takes \(Format.span(bolus.bolus.duration)), longer than the lock-out of "
          + lockout.text.value)
      return nil
    }
    guard
      let rule = try? PatientBolusRule(
        bolus: bolus.bolus, lockout: TimeSpan(count: lockout.count), maximumPerDay: Int(most))
    else { return nil }
    return (rule, bolus.place, reason?.value ?? "")
  }
}
