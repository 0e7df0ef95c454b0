public import PumpUnits

/// A volume to deliver evenly over a time, on top of the basal.
public struct Bolus: Hashable, BitwiseCopyable, Sendable {
  /// The volume to deliver.
  public let volume: Volume
  /// The time to deliver it in; a second to 24 h.
  public let duration: TimeSpan
  /// The volume over the duration, rounded down.
  public let flow: FlowRate

  /// Why a bolus can't be given.
  public enum Problem: Error, Equatable, Sendable {
    /// There is nothing to deliver.
    case empty
    /// The duration is outside 1 s to 24 h.
    case durationOutOfRange(TimeSpan)
    /// The flow exceeds `FlowRate.maximum`.
    case tooFast
  }

  /// Creates a bolus.
  ///
  /// - Throws: `Problem`.
  public init(volume: Volume, duration: TimeSpan) throws(Problem) {
    guard !volume.isZero else { throw .empty }
    guard duration >= TimeSpan(seconds: 1), duration <= .day else {
      throw .durationOutOfRange(duration)
    }
    guard let flow = try? FlowRate(delivering: volume, over: duration) else { throw .tooFast }
    self.volume = volume
    self.duration = duration
    self.flow = flow
  }
}

/// Why a bolus is given.
public enum BolusKind: UInt8, BitwiseCopyable, Sendable {
  /// Part of the therapy's pattern.
  case scheduled
  /// A clinician's single bolus.
  case single
  /// Asked for by the patient, within the prescribed rule.
  case patient
  /// Fills tubing or catheter after surgery; may run while the therapy is stopped.
  case prime
}

/// What a patient may ask for.
public struct PatientBolusRule: Hashable, BitwiseCopyable, Sendable {
  /// Each bolus.
  public let bolus: Bolus
  /// From the start of one to the earliest start of the next.
  public let lockout: TimeSpan
  /// The most in any 24 h; 1 to 24.
  public let maximumPerDay: Int

  /// Why a rule can't be used.
  public enum Problem: Error, Equatable, Sendable {
    /// A bolus would still run when the next may start.
    case lockoutShorterThanBolus
    /// The count is outside 1 to 24.
    case countOutOfRange(Int)
  }

  /// Creates a rule.
  ///
  /// - Throws: `Problem`.
  public init(bolus: Bolus, lockout: TimeSpan, maximumPerDay: Int) throws(Problem) {
    guard lockout >= bolus.duration else { throw .lockoutShorterThanBolus }
    guard (1...Self.mostPerDay).contains(maximumPerDay) else {
      throw .countOutOfRange(maximumPerDay)
    }
    self.bolus = bolus
    self.lockout = lockout
    self.maximumPerDay = maximumPerDay
  }

  /// The largest `maximumPerDay`.
  public static var mostPerDay: Int { 24 }
}
