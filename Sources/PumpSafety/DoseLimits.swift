public import PumpMessages
public import PumpTherapy
public import PumpUnits

/// The most drug that may leave the pump in a sliding window.
public struct DoseLimits: Hashable, BitwiseCopyable, Sendable {
  /// One window's limits.
  public struct Limit: Hashable, BitwiseCopyable, Sendable {
    /// Beyond this a clinician must confirm.
    public let soft: Mass
    /// Beyond this nothing is delivered, whoever asks.
    public let hard: Mass

    /// Creates limits.
    ///
    /// - Precondition: The soft limit is not above the hard one.
    public init(soft: Mass, hard: Mass) {
      precondition(soft <= hard, "a soft limit is not above its hard limit")
      self.soft = soft
      self.hard = hard
    }
  }

  /// What one bolus may be, whoever asks for it.
  public struct BolusLimit: Hashable, BitwiseCopyable, Sendable {
    public let dose: Limit
    /// The shortest time that it may take.
    public let shortest: TimeSpan
    /// The least time from one bolus' beginning to the next one's; zero where nothing asks for one.
    public let distance: TimeSpan

    public init(dose: Limit, shortest: TimeSpan, distance: TimeSpan = .zero) {
      self.dose = dose
      self.shortest = shortest
      self.distance = distance
    }
  }

  /// In any hour.
  public let perHour: Limit
  /// In any 24 h.
  public let perDay: Limit
  /// Of one bolus; `nil` where only hour and day bind it.
  public let bolus: BolusLimit?

  public init(perHour: Limit, perDay: Limit, bolus: BolusLimit? = nil) {
    self.perHour = perHour
    self.perDay = perDay
    self.bolus = bolus
  }

  /// Until when no bolus may begin; `nil` where one may.
  ///
  /// - Parameter last: When the last one began, whoever asked for it; tubing that is filled is none.
  public func wait(at now: Instant, since last: Instant?) -> Instant? {
    guard let distance = bolus?.distance, !distance.isZero, let last, now < last + distance
    else { return nil }
    return last + distance
  }

  /// Why one bolus is refused; `nil` where it may be given.
  ///
  /// A volume was rounded to the femtolitre when it was read: a limit itself is not above the limit.
  ///
  /// - Parameters:
  ///   - bolus: What is asked for.
  ///   - concentration: What is in the reservoir.
  ///   - isConfirmed: Whether a clinician has confirmed a dose beyond a soft limit.
  public func refusal(of bolus: Bolus, _ concentration: Concentration, isConfirmed: Bool)
    -> Refusal?
  {
    guard let limit = self.bolus else { return nil }
    guard bolus.duration >= limit.shortest else { return .bolusTooFast(limit.shortest) }
    let grain = Volume(femtolitres: 1)
    guard let mass = try? concentration.mass(in: bolus.volume.lessening(by: grain)) else {
      return .bolusTooLarge(limit.dose.hard)
    }
    if mass > limit.dose.hard { return .bolusTooLarge(limit.dose.hard) }
    if mass > limit.dose.soft, !isConfirmed { return .bolusNeedsConfirmation(limit.dose.soft) }
    return nil
  }
}

extension DoseWindow {
  /// How finely the guard counts in it: a minute of the hour, five of the day.
  var bucket: TimeSpan { TimeSpan(minutes: self == .hour ? 1 : 5) }
}
