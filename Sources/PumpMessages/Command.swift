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
  /// Holds the therapy back, and ends the session when the motor is at rest.
  case stop
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
    case .stop: .stop
    }
  }

  /// The number that goes with it in the journal.
  public var value: UInt64 {
    switch self {
    case .bolus(let bolus, _), .prime(let bolus, _): bolus.volume.femtolitres
    case .anchor(let place): place.nanoseconds
    case .adopt(let prescription, _, _): UInt64(prescription.checksum)
    case .refill(let volume): volume.femtolitres
    case .acknowledge(let alarm), .silence(let alarm, _): UInt64(alarm.rawValue)
    default: 0
    }
  }

  /// Whether it asks for less than runs: such a command waits for nothing and nobody.
  public var deliversLess: Bool {
    switch self {
    case .suspend, .cancelBolus, .stop: true
    default: false
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
