public import PumpUnits

/// A therapy with what turns its volumes into doses.
public struct Prescription: Hashable, Sendable {
  /// What runs by itself.
  public let therapy: Therapy
  /// What is in the reservoir.
  public let concentration: Concentration
  /// What the patient may ask for; none unless enabled with a reason.
  public let patientBolus: PatientBolusRule?

  public init(
    therapy: Therapy, concentration: Concentration, patientBolus: PatientBolusRule? = nil
  ) {
    self.therapy = therapy
    self.concentration = concentration
    self.patientBolus = patientBolus
  }

  /// The most that may leave the pump in a day: the therapy by itself, and every patient bolus that
  /// the rule permits.
  ///
  /// - Throws: `QuantityError.overflow`.
  public func mostVolumePerDay() throws(QuantityError) -> Volume {
    let own = try therapy.mostVolume(inAny: .day)
    guard let rule = patientBolus else { return own }
    return try own.adding(rule.bolus.volume.multiplied(by: UInt64(rule.maximumPerDay)))
  }
}
