public import PumpMessages
import PumpTherapy
public import PumpUnits

extension Supervisor {
  /// What is permitted by a command, to be taken back where the drive refuses it.
  public struct Permitted {
    fileprivate var prescription: Prescription
    fileprivate var prescriptionSum: UInt32
    fileprivate var anchor: (at: Instant, place: TimeSpan)
    fileprivate var allowance: Allowance.Mark
    fileprivate var therapy: Therapy
    fileprivate var demand: TherapyDemand
    fileprivate var isResting: Bool
    fileprivate var wantsGrant: Bool
    fileprivate var isBegun: Bool
    fileprivate var lastBolus: Instant?
    fileprivate var begunAt: Instant
    /// How often less was permitted until then.
    fileprivate var lessened: UInt64
  }

  /// Why a command is not to reach the drive, by what this channel knows; `nil` where it may.
  public mutating func refusal(of command: Command, at now: Instant) -> Refusal? {
    switch command {
    case .bolus(let bolus, let isConfirmed):
      if let refusal = settings.limits.refusal(
        of: bolus, prescription.concentration, isConfirmed: isConfirmed)
      {
        return refusal
      }
      if let window = refusal(of: bolus, at: now) { return .doseLimit(window) }
      if let refusal = distanceRefusal(at: now) { return refusal }
    case .prime(let bolus, _):
      if let window = refusal(of: bolus, at: now) { return .doseLimit(window) }
    case .patientBolus:
      guard let rule = prescription.patientBolus else { break }
      if let refusal = settings.limits.refusal(
        of: rule.bolus, prescription.concentration, isConfirmed: false)
      {
        return refusal
      }
      if let window = refusal(of: rule.bolus, at: now) { return .doseLimit(window) }
      if let refusal = distanceRefusal(at: now) { return refusal }
    default: break
    }
    guard command.deliversMore else { return nil }
    if let cutBy { return .alarm(cutBy) }
    return isTesting ? .selfTestRuns : nil
  }

  /// Permits what a command delivers, before the drive is asked: its steps must not come first.
  ///
  /// - Returns: What was permitted before.
  public mutating func permit(_ command: Command, at now: Instant) -> Permitted {
    // What the pattern gave until now stays known, whatever becomes of this.
    lastBolus = latestBolus(by: now)
    let before = Permitted(
      prescription: prescription, prescriptionSum: prescriptionSum,
      anchor: (anchor, placeAtAnchor), allowance: allowance.mark, therapy: therapy,
      demand: demand, isResting: isResting, wantsGrant: wantsGrant,
      isBegun: isBegun, lastBolus: lastBolus, begunAt: begunAt, lessened: lessened)
    switch command {
    case .begin, .resume: began(at: now)
    case .anchor(let place): adopted(prescription, place: place, at: now)
    case .adopt(let prescription, let place, _): adopted(prescription, place: place, at: now)
    case .bolus(let bolus, _): laid(bolus, at: now)
    case .prime(let bolus, _): laid(bolus, isPrime: true, at: now)
    case .patientBolus:
      guard let rule = prescription.patientBolus else { break }
      laid(rule.bolus, at: now)
    default: break
    }
    return before
  }

  /// Takes back what was permitted: the drive has refused it.
  ///
  /// What was ended meanwhile stays ended.
  public mutating func takeBack(_ before: Permitted, at now: Instant) {
    prescription = before.prescription
    prescriptionSum = before.prescriptionSum
    (anchor, placeAtAnchor) = before.anchor
    begunAt = before.begunAt
    lastBolus = before.lastBolus
    guard lessened == before.lessened else {
      allowance.cut(at: now, braking: .zero)
      if isBegun { run(at: now) }
      begunAt = before.begunAt
      return
    }
    allowance.restore(before.allowance)
    therapy = before.therapy
    demand = before.demand
    isResting = before.isResting
    wantsGrant = before.wantsGrant
    isBegun = before.isBegun
  }

  /// Takes note that the drive has done what delivers less, or the same: its steps came first.
  public mutating func took(_ command: Command, at now: Instant) {
    switch command {
    case .suspend: rested(at: now)
    case .cancelBolus: cancelled(at: now)
    case .refill(let volume): refilled(volume, at: now)
    default: break
    }
  }
}
