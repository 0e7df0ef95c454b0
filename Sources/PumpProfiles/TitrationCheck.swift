import PumpTherapy
import PumpUnits

/// Checks the change from one profile to the next against the drug's titration steps.
///
/// A percentage binds the mean day and the 24 h with the most alike: a week's worst day is a dose of its own. Of boluses
/// at an interval of up to 24 h the mean counts, for an interval that does not divide the day puts one more into some
/// windows of 24 h. The peak of an hour and what may be given in 24 h with every bolus, the patient's and a single one
/// too, are named where they rise by more than the usual step: a percentage of an hour would forbid every change from
/// continuous to boluses.
public enum TitrationCheck {
  /// Compares doses.
  ///
  /// - Returns: Nothing where no dose rises, or by no more than is usual; a start from nothing, or from a rate that is
  ///   no treatment, is asked about, and so is a large cut.
  public static func diagnostics(from old: Profile, to new: Profile, drugs: [Drug]) -> [Diagnostic]
  {
    guard old.concentration == new.concentration else {
      return [
        Diagnostic(
          .concentrationChanged, at: start,
          "from \(Format.concentration(old.concentration)) to "
            + "\(Format.concentration(new.concentration)): that needs a refill and a bridge, for "
            + "the old solution still fills the catheter")
      ]
    }
    guard let limits = limits(old, new, drugs) else { return [] }
    let mean = Step(before: old.meanDosePerDay, after: new.meanDosePerDay, of: "a day")
    guard !mean.before.isZero, old.mode != .minimumRate else {
      return restart(from: old, to: new) + peaks(from: old, to: new, limits, beyond: [])
    }
    let most = Step(
      before: old.mostOfDay, after: new.mostOfDay, of: "in the 24 h with the most")
    return rise(mean, most, limits) + cut(mean, limits)
      + peaks(from: old, to: new, limits, beyond: [mean, most])
  }

  /// The new population's limits; where it changes, no step is larger than the old one's permits.
  private static func limits(_ old: Profile, _ new: Profile, _ drugs: [Drug]) -> Drug.Population? {
    let populations = drugs.first { $0.name == new.drug }?.populations
    guard var limits = populations?[new.population] else { return nil }
    if let before = populations?[old.population] {
      limits.softIncrease = min(limits.softIncrease, before.softIncrease)
      limits.hardIncrease = min(limits.hardIncrease, before.hardIncrease)
      limits.softDecrease = min(limits.softDecrease, before.softDecrease)
    }
    return limits
  }

  private static let start = SourcePlace(line: 1, column: 1)

  private static func warning(_ message: String) -> Diagnostic {
    Diagnostic(
      .doseStepAboveSoftLimit, at: start, "\(message); a clinician decides", severity: .warning)
  }

  /// A dose before and after a change, and what it is a dose of.
  private struct Step {
    var before: Mass
    var after: Mass
    var of: String

    /// In thousandths of a percent, rounded down; zero where it does not rise.
    var increase: UInt64 {
      guard after > before else { return 0 }
      guard !before.isZero else { return .max }
      return (try? scaled((after - before).count, by: 100_000, over: before.count, .down)) ?? .max
    }

    var words: String {
      guard !before.isZero else { return "from nothing to \(Format.mass(after)) \(of)" }
      return "from \(Format.mass(before)) to \(Format.mass(after)) \(of), "
        + "\(Format.decimal(increase, per: 1_000)) % more"
    }

    /// Whether it rises by more than another, by a tenth of a percent: masses are rounded.
    func risesBeyond(_ other: Self) -> Bool { increase / 100 > other.increase / 100 }
  }

  /// After an interruption a therapy starts anew: no percentage of nothing.
  private static func restart(from old: Profile, to new: Profile) -> [Diagnostic] {
    guard !new.meanDosePerDay.isZero, new.mode != .minimumRate else { return [] }
    let before = old.mode == .minimumRate ? "the minimum rate, which is no treatment," : "nothing"
    return [
      warning(
        "from \(before) to \(Format.mass(new.meanDosePerDay)) a day: after an interruption the "
          + "tolerance may be lost, so begin as for a new patient")
    ]
  }

  private static func rise(_ mean: Step, _ most: Step, _ limits: Drug.Population) -> [Diagnostic] {
    let increase = max(mean.increase, most.increase)
    let words = most.risesBeyond(mean) ? most.words : mean.words
    if increase > limits.hardIncrease {
      return [
        Diagnostic(
          .doseStepAboveHardLimit, at: start,
          "\(words): above the limit of \(Format.decimal(limits.hardIncrease, per: 1_000)) % in 24 h"
        )
      ]
    }
    guard increase > limits.softIncrease else { return [] }
    return [
      warning(
        "\(words): above the usual \(Format.decimal(limits.softIncrease, per: 1_000)) % in 24 h")
    ]
  }

  /// The peak of an hour, and what may be given in 24 h, where they rise by more than the dose does and than is usual.
  private static func peaks(
    from old: Profile, to new: Profile, _ limits: Drug.Population, beyond told: [Step]
  ) -> [Diagnostic] {
    guard let before = DoseFigures(old), let after = DoseFigures(new) else { return [] }
    // A therapy that starts anew has been named; what it adds to that is a bolus.
    let hasBolus = new.singleBolus != nil || new.prescription.patientBolus != nil
    guard !told.isEmpty || hasBolus else { return [] }
    return [
      Step(
        before: before.hour.dose, after: after.hour.dose,
        of: "in the hour with the most, every bolus counted"),
      Step(before: before.day.dose, after: after.day.dose, of: "in 24 h with every bolus counted"),
    ].filter { step in
      step.increase > limits.softIncrease && told.allSatisfy { step.risesBeyond($0) }
    }.map { warning($0.words) }
  }

  /// An abrupt cut brings withdrawal; an overdose needs one all the same, so it is never refused.
  private static func cut(_ mean: Step, _ limits: Drug.Population) -> [Diagnostic] {
    guard mean.after < mean.before,
      let cut = try? scaled(
        (mean.before - mean.after).count, by: 100_000, over: mean.before.count, .down),
      cut > limits.softDecrease
    else { return [] }
    return [
      Diagnostic(
        .doseCutAboveSoftLimit, at: start,
        "from \(Format.mass(mean.before)) to \(Format.mass(mean.after)) a day, "
          + "\(Format.decimal(cut, per: 1_000)) % less: above the usual "
          + "\(Format.decimal(limits.softDecrease, per: 1_000)) %; withdrawal threatens; a clinician decides",
        severity: .warning)
    ]
  }
}

extension Profile {
  /// What a percentage of a day's dose is held against beside the mean.
  fileprivate var mostOfDay: Mass {
    if mode == .periodic, case .flex(let pattern) = prescription.therapy, pattern.period <= .day {
      return meanDosePerDay
    }
    let volume = (try? prescription.therapy.mostVolume(inAny: .day)) ?? .zero
    return (try? concentration.mass(in: volume)) ?? .zero
  }
}
