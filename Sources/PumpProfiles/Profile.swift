public import Foundation
import PumpMessages
public import PumpSafety
public import PumpTherapy
public import PumpUnits

/// A dosing profile as a clinician wrote it, checked.
public struct Profile: Sendable {
  public var name: String
  public var population: String
  public var drug: String
  public var concentration: Concentration
  public var lot: String
  public var expires: CalendarDay
  public var reservoir: Reservoir
  /// From the reservoir's outlet to the catheter's tip, without the pump's own tubing.
  public var catheterVolume: Volume
  /// The zone that the pattern's times are read in; UTC without a pattern.
  public var timeZone: TimeZone
  public var mode: Mode
  public var prescription: Prescription
  public var limits: DoseLimits
  /// A bolus to give once when the therapy begins.
  public var singleBolus: Bolus?
  /// Why the patient may ask for boluses.
  public var patientBolusReason: String?
  /// For whom, by whom and why it was written, as far as it says.
  public var prescribed = Prescribed()

  /// Who stands behind a prescription; a reference, never more of a patient than a clinic wants in its files.
  public struct Prescribed: Equatable, Sendable {
    public var patient: String?
    public var prescriber: String?
    public var reason: String?

    public init(patient: String? = nil, prescriber: String? = nil, reason: String? = nil) {
      (self.patient, self.prescriber, self.reason) = (patient, prescriber, reason)
    }

    /// Whether both may be of one patient: what does not say for whom it is contradicts nobody.
    public func mayBeOfPatient(of other: Self) -> Bool {
      patient == nil || other.patient == nil || patient == other.patient
    }
  }

  /// What kind of therapy it is.
  public enum Mode: String, CaseIterable, Sendable {
    case stopped
    case minimumRate = "minimum-rate"
    case continuous
    case periodic = "periodic-bolus"
    case flexDaily = "flex, every day"
    case flexWeekly = "flex, by weekday"
  }

  public init(
    name: String, population: String, drug: String, concentration: Concentration, lot: String,
    expires: CalendarDay, reservoir: Reservoir, catheterVolume: Volume, timeZone: TimeZone,
    mode: Mode, prescription: Prescription, limits: DoseLimits, singleBolus: Bolus?,
    patientBolusReason: String?, prescribed: Prescribed = Prescribed()
  ) {
    self.name = name
    self.population = population
    self.drug = drug
    self.concentration = concentration
    self.lot = lot
    self.expires = expires
    self.reservoir = reservoir
    self.catheterVolume = catheterVolume
    self.timeZone = timeZone
    self.mode = mode
    self.prescription = prescription
    self.limits = limits
    self.singleBolus = singleBolus
    self.patientBolusReason = patientBolusReason
    self.prescribed = prescribed
  }

  /// Where in its pattern the therapy is at a moment.
  public func place(at date: Date) -> TimeSpan {
    guard mode == .flexDaily || mode == .flexWeekly else { return .zero }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    let parts = calendar.dateComponents([.weekday, .hour, .minute, .second], from: date)
    let ofDay = (parts.hour ?? 0) * 3600 + (parts.minute ?? 0) * 60 + (parts.second ?? 0)
    guard mode == .flexWeekly else { return TimeSpan(seconds: UInt64(ofDay)) }
    // Gregorian weekdays count from Sunday = 1; a week's pattern begins on Monday.
    let day = ((parts.weekday ?? 2) + 5) % 7
    return TimeSpan(seconds: UInt64(day * 86_400 + ofDay))
  }

  /// The boluses of every kind: the pattern's, the single one, the patient's.
  public var everyBolus: [Bolus] {
    var boluses: [Bolus] = []
    if case .flex(let pattern) = prescription.therapy { boluses = pattern.boluses.map(\.bolus) }
    if let singleBolus { boluses.append(singleBolus) }
    if let rule = prescription.patientBolus { boluses.append(rule.bolus) }
    return boluses
  }

  /// The therapy's own dose in a day, on the mean of its whole pattern.
  public var meanDosePerDay: Mass {
    let period: TimeSpan
    if case .flex(let pattern) = prescription.therapy {
      period = pattern.period
    } else {
      period = .day
    }
    guard let volume = try? prescription.therapy.volume(from: .zero, lasting: period),
      let mass = try? concentration.mass(in: volume),
      let perDay = try? scaled(
        mass.femtograms, by: TimeSpan.day.nanoseconds, over: period.nanoseconds, .down)
    else { return .zero }
    return Mass(femtograms: perDay)
  }
}
