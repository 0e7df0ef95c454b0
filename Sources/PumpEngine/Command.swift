public import PumpJournal
public import PumpSafety
public import PumpTherapy
public import PumpUnits

/// What a clinician or a patient may ask the engine for.
public enum Command: Sendable {
  /// Starts the prescription.
  case begin(isConfirmed: Bool)
  /// Holds the therapy back; a bolus in progress ends as soon as the motor can slow down.
  case suspend
  /// Goes on with the therapy, where its pattern is by now.
  case resume
  /// Changes to another prescription, at a place in its pattern.
  case adopt(Prescription, place: TimeSpan, isConfirmed: Bool)
  /// Gives a single bolus.
  case bolus(Bolus, isConfirmed: Bool)
  /// Fills tubing or catheter.
  case prime(Bolus, isConfirmed: Bool)
  /// Ends the bolus in progress.
  case cancelBolus
  /// The patient's button.
  case patientBolus
  /// Moves the pattern to a place: after travel, or when summer time begins.
  case anchor(place: TimeSpan)
  /// The reservoir was filled to a volume, of the same concentration.
  case refill(Volume)
  case acknowledge(Alarm)
  case silence(Alarm, TimeSpan)
}

extension Command {
  /// What it is, for the journal.
  public var kind: CommandKind {
    switch self {
    case .begin: .begin
    case .suspend: .suspend
    case .resume: .resume
    case .adopt: .adopt
    case .bolus: .bolus
    case .prime: .prime
    case .cancelBolus: .cancelBolus
    case .patientBolus: .patientBolus
    case .anchor: .anchor
    case .refill: .refill
    case .acknowledge: .acknowledge
    case .silence: .silence
    }
  }

  /// The number that goes with it in the journal.
  public var value: UInt64 {
    switch self {
    case .bolus(let bolus, _), .prime(let bolus, _): bolus.volume.femtolitres
    case .anchor(let place), .adopt(_, let place, _): place.nanoseconds
    case .refill(let volume): volume.femtolitres
    case .acknowledge(let alarm), .silence(let alarm, _): UInt64(alarm.rawValue)
    default: 0
    }
  }

  /// Whether it asks for delivery.
  public var deliversMore: Bool {
    switch self {
    case .begin, .resume, .adopt, .bolus, .prime, .patientBolus: true
    default: false
    }
  }
}

/// Why a command is refused; nothing has changed then.
public enum Refusal: Error, Equatable, BitwiseCopyable, Sendable {
  /// The state does not allow it.
  case notPossible(in: PumpState)
  case bolusInProgress
  /// Another concentration needs a refill and a bridge, not a change of therapy.
  case concentrationDiffers
  case noBolusInProgress
  /// The bolus would still run when the pattern's next one starts.
  case overlapsScheduledBolus(at: Instant)
  /// A dose limit of a window would be passed.
  case doseLimit(DoseWindow)
  /// A soft limit would be passed: a clinician must confirm.
  case needsConfirmation(DoseWindow)
  /// The motor can't deliver that fast, or a basal is above its start rate.
  case beyondMotor
  /// Less than this is left above the reserve.
  case reservoirTooLow(Volume)
  /// Nothing allows the patient a bolus.
  case patientBolusNotPrescribed
  case lockedOut(until: Instant)
  case dailyMaximum(until: Instant)
  /// A standing alarm forbids it.
  case alarm(Alarm)
  /// The self-test runs: no bolus begins before its end.
  case selfTestRuns
  /// The alarm does not stand.
  case noSuchAlarm
  /// A refill exceeds the capacity.
  case overfilled
}

/// What the engine is doing.
public enum PumpState: Equatable, BitwiseCopyable, Sendable {
  /// Not begun.
  case idle
  /// The therapy runs.
  case delivering
  /// Held back by command.
  case suspended
  /// Stopped by an alarm, until its cause has gone and it is acknowledged.
  case tripped(Alarm)
}
