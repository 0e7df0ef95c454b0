public import PumpTherapy
public import PumpUnits

/// Remembers when patient boluses began, and says whether another may.
public struct PatientLockout: ~Copyable {
  /// The starts of the latest boluses; as many as the largest daily maximum.
  private var starts = FixedBuffer<Instant>(
    repeating: .epoch, count: PatientBolusRule.mostPerDay)
  private var count = 0

  /// Why a patient bolus is denied, and until when.
  public enum Denial: Equatable, Sendable {
    case lockedOut(until: Instant)
    case dailyMaximum(until: Instant)
  }

  public init() {}

  /// Judges a request by a rule.
  ///
  /// - Returns: Why it is denied; `nil` where it may start.
  public func denial(of rule: PatientBolusRule, at now: Instant) -> Denial? {
    guard count > 0 else { return nil }
    let earliest = starts[slot(count - 1)] + rule.lockout
    guard now >= earliest else { return .lockedOut(until: earliest) }
    guard count >= rule.maximumPerDay else { return nil }
    let free = starts[slot(count - rule.maximumPerDay)] + .day
    return now >= free ? nil : .dailyMaximum(until: free)
  }

  /// Records that a patient bolus began; a later cancel does not give it back.
  public mutating func began(at now: Instant) {
    starts[slot(count)] = now
    count += 1
  }

  private func slot(_ number: Int) -> Int { number % starts.count }
}
