public import PumpTherapy
public import PumpUnits

/// What the supervisor's side wants of the drive.
public enum DriveOrder: Equatable, BitwiseCopyable, Sendable {
  /// Steps that the journal has permitted.
  case grant(Grant)
  /// ENABLE was taken, or may be asked for again.
  case hold(Bool)
  /// ENABLE was taken for good; what was made beyond a count, where one is named, may not have turned the motor.
  case cut(Alarm, beyond: UInt64?)
  /// So many of the latest steps may not have turned the motor.
  case doubt(UInt64)
  /// The prescription is damaged: run this instead.
  case fallBack(FlowRate)
  /// Hold the therapy and end the session.
  case stop
}

/// How a therapy is to begin.
public struct Beginning: BitwiseCopyable, Sendable {
  public var at: Instant
  /// Where in its pattern the therapy is then.
  public var place: TimeSpan
  /// A bolus to be given at once.
  public var bolus: Bolus?
  /// What is to run until a clinician has looked, instead of the prescription.
  public var fallBack: FlowRate?
  /// Whether it is held back from the first moment: it was when the last session broke off.
  public var isHeld = false
  /// Whether a clinician has confirmed a dose beyond a soft limit.
  public var isConfirmed: Bool

  public init(
    at: Instant, place: TimeSpan, bolus: Bolus? = nil, fallBack: FlowRate? = nil,
    isConfirmed: Bool = true
  ) {
    self.at = at
    self.place = place
    self.bolus = bolus
    self.fallBack = fallBack
    self.isConfirmed = isConfirmed
  }
}

/// What the drive says of a command that it was asked to carry out.
public struct DriveAnswer: Equatable, BitwiseCopyable, Sendable {
  /// Which one: numbers are given in order, from 1.
  public var number: UInt64
  /// Why not; `nil` where it is done.
  public var refusal: Refusal?

  public init(number: UInt64, refusal: Refusal?) {
    self.number = number
    self.refusal = refusal
  }
}
