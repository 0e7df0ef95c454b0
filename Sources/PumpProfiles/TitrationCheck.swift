import PumpUnits

/// Checks the change from one profile to the next against the drug's titration steps.
public enum TitrationCheck {
  /// Compares daily doses.
  ///
  /// - Returns: Nothing where the dose does not rise, or by no more than is usual.
  public static func diagnostics(from old: Profile, to new: Profile, drugs: [Drug]) -> [Diagnostic]
  {
    let before = old.meanDosePerDay
    let after = new.meanDosePerDay
    guard after > before, !before.isZero,
      let limits = drugs.first(where: { $0.name == new.drug })?.populations[new.population],
      let increase = try? scaled((after - before).count, by: 100_000, over: before.count, .down)
    else { return [] }
    let start = SourcePlace(line: 1, column: 1)
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
          + "confirm",
        severity: .warning)
    ]
  }
}
