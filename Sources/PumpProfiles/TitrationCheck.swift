import PumpUnits

/// Checks the change from one profile to the next against the drug's titration steps.
public enum TitrationCheck {
  /// Compares daily doses.
  ///
  /// - Returns: Nothing where the dose does not rise, or by no more than is usual; a start from nothing is asked
  ///   about.
  public static func diagnostics(from old: Profile, to new: Profile, drugs: [Drug]) -> [Diagnostic]
  {
    let start = SourcePlace(line: 1, column: 1)
    guard old.concentration == new.concentration else {
      return [
        Diagnostic(
          .concentrationChanged, at: start,
          "from \(Format.concentration(old.concentration)) to "
            + "\(Format.concentration(new.concentration)): that needs a refill and a bridge, for "
            + "the old solution still fills the catheter")
      ]
    }
    let before = old.meanDosePerDay
    let after = new.meanDosePerDay
    guard let limits = drugs.first(where: { $0.name == new.drug })?.populations[new.population]
    else { return [] }
    guard !before.isZero else {
      guard !after.isZero else { return [] }
      return [
        Diagnostic(
          .doseStepAboveSoftLimit, at: start,
          "from nothing to \(Format.mass(after)) a day: after an interruption the tolerance may be "
            + "lost, so begin as for a new patient; a clinician decides",
          severity: .warning)
      ]
    }
    if after < before { return decrease(from: before, to: after, limits, at: start) }
    guard let increase = try? scaled((after - before).count, by: 100_000, over: before.count, .down)
    else { return [] }
    let shown =
      "from \(Format.mass(before)) to \(Format.mass(after)) a day, "
      + "\(Format.decimal(increase, per: 1_000)) % more"
    if increase > limits.hardIncrease {
      return [
        Diagnostic(
          .doseStepAboveHardLimit, at: start,
          "\(shown): above the limit of \(Format.decimal(limits.hardIncrease, per: 1_000)) % in 24 h"
        )
      ]
    }
    guard increase > limits.softIncrease else { return [] }
    return [
      Diagnostic(
        .doseStepAboveSoftLimit, at: start,
        "\(shown): above the usual \(Format.decimal(limits.softIncrease, per: 1_000)) % in 24 h; "
          + "a clinician decides",
        severity: .warning)
    ]
  }

  /// An abrupt cut brings withdrawal; an overdose needs one all the same, so it is never refused.
  private static func decrease(
    from before: Mass, to after: Mass, _ limits: Drug.Population, at place: SourcePlace
  ) -> [Diagnostic] {
    guard let cut = try? scaled((before - after).count, by: 100_000, over: before.count, .down),
      cut > limits.softDecrease
    else { return [] }
    return [
      Diagnostic(
        .doseCutAboveSoftLimit, at: place,
        "from \(Format.mass(before)) to \(Format.mass(after)) a day, "
          + "\(Format.decimal(cut, per: 1_000)) % less: above the usual "
          + "\(Format.decimal(limits.softDecrease, per: 1_000)) %; withdrawal threatens; a clinician decides",
        severity: .warning)
    ]
  }
}
