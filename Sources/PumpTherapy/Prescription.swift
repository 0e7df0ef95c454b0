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

  /// The most that may leave the pump in any window: the therapy by itself, and every patient bolus
  /// that lock-out and daily maximum permit.
  ///
  /// - Parameter window: At most 24 h, or the daily maximum would count for several days.
  /// - Throws: `QuantityError.overflow`.
  public func mostVolume(inAny window: TimeSpan) throws(QuantityError) -> Volume {
    let own = try therapy.mostVolume(inAny: window)
    guard let rule = patientBolus else { return own }
    let all = try rule.bolus.volume.multiplied(by: UInt64(rule.maximumPerDay))
    // One bolus after the other, as fast as the lock-out lets them.
    let whole = window.nanoseconds / rule.lockout.nanoseconds
    guard whole < UInt64(rule.maximumPerDay) else { return try own.adding(all) }
    let rest = TimeSpan(nanoseconds: window.nanoseconds % rule.lockout.nanoseconds)
    let last = try rule.bolus.part(min(rest, rule.bolus.duration), .up)
    return try own.adding(rule.bolus.volume * whole + last)
  }
}
