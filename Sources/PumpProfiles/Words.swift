import PumpDrive
public import PumpMessages
import PumpSafety
import PumpUnits

extension Alarm {
  /// The name that files and JSON use.
  public var name: String {
    switch self {
    case .overInfusion: "over-infusion"
    case .reservoirEmpty: "reservoir-empty"
    case .driverFault: "driver-fault"
    case .deviceLost: "device-lost"
    case .deliveryUncertain: "delivery-uncertain"
    case .underDelivery: "under-delivery"
    case .batteryDepleted: "battery-depleted"
    case .overheated: "overheated"
    case .sensorFailed: "sensor-failed"
    case .stoppedLong: "stopped-long"
    case .reservoirLow: "reservoir-low"
    case .batteryLow: "battery-low"
    case .wallClockMoved: "wall-clock-moved"
    case .unexpectedMotion: "unexpected-motion"
    case .overDelivery: "over-delivery"
    case .shortDelivery: "short-delivery"
    case .motorStalled: "motor-stalled"
    case .driveDisagrees: "drive-disagrees"
    case .driveSilent: "drive-silent"
    case .supervisorSilent: "supervisor-silent"
    case .reservoirMismatch: "reservoir-mismatch"
    case .sensorImplausible: "sensor-implausible"
    case .replacementDue: "replacement-due"
    case .endOfService: "end-of-service"
    case .buttonStuck: "button-stuck"
    case .journalFailed: "journal-failed"
    case .journalFilling: "journal-filling"
    case .watchdogUnproven: "watchdog-unproven"
    case .selfTestFailed: "self-test-failed"
    case .profileDamaged: "profile-damaged"
    case .journalSuspect: "journal-suspect"
    case .sensorChattering: "sensor-chattering"
    case .profileWaits: "profile-waits"
    }
  }

  /// What a person is told, the remedy included.
  public var title: String {
    switch self {
    case .overInfusion: "over-infusion: a hard dose limit was reached, delivery has stopped"
    case .reservoirEmpty: "reservoir at its reserve, delivery has stopped: refill"
    case .driverFault: "motor driver fault, delivery has stopped: check motor and wiring"
    case .deviceLost: "a device is gone, delivery has stopped: check the board"
    case .deliveryUncertain: "delivery uncertain: steps may or may not have been made"
    case .underDelivery: "under-delivery: doses were missed and will not be repaid"
    case .batteryDepleted: "battery depleted: replace the pump"
    case .overheated: "overheated"
    case .sensorFailed: "sensors can't be read"
    case .stoppedLong: "nothing has been delivered for 24 h: withdrawal threatens"
    case .reservoirLow: "reservoir low: refill"
    case .batteryLow: "battery low: plan the replacement"
    case .wallClockMoved: "the wall clock was moved, the pattern was not: anchor it anew if meant"
    case .unexpectedMotion: "the motor turned by itself and is de-energised: check the driver"
    case .overDelivery: "by the index more left the pump than commanded, motor de-energised"
    case .shortDelivery: "by the index less left the pump than commanded: withdrawal threatens"
    case .motorStalled: "no index pulse in the expected strokes: the motor may not turn"
    case .driveDisagrees: "the drive's counts are not what is allowed, motor de-energised: restart"
    case .driveSilent: "the drive gives no sign of life, motor de-energised until it does"
    case .supervisorSilent:
      "the supervisor gave no sign of life: nobody watched the drive meanwhile"
    case .reservoirMismatch: "reservoir sensor and ledger are too far apart: measure and refill"
    case .sensorImplausible: "a sensor says what can't be: check it"
    case .replacementDue: "replace the pump within 90 days"
    case .endOfService: "end of service, delivery has stopped: replace the pump"
    case .buttonStuck: "the patient's button is held down or stuck: it is not heeded"
    case .journalFailed: "the journal can't be written: delivery ends with the grant in force"
    case .journalFilling: "the journal's room is nearly used up: free some space"
    case .watchdogUnproven: "the watchdog was not seen to work: check its wiring"
    case .selfTestFailed: "the self-test failed"
    case .profileDamaged: "the profile in memory was damaged: load it anew"
    case .sensorChattering: "a sensor's line chatters: check its supply, its wiring and its filter"
    case .profileWaits: "a changed profile waits for a person's word: the one before it runs"
    case .journalSuspect:
      "the journal is not as it was left: doses may be missing from it, compare it with a copy"
    }
  }
}

extension PumpState {
  /// What a person is told.
  public var words: String {
    switch self {
    case .idle: "idle"
    case .delivering: "delivering"
    case .suspended: "suspended"
    case .tripped(let alarm): "tripped by \(alarm.name)"
    }
  }
}

extension Refusal {
  /// Its name in files, in answers and in the documentation.
  public var name: String {
    switch self {
    case .notPossible: "not-possible"
    case .bolusInProgress: "bolus-in-progress"
    case .concentrationDiffers: "concentration-differs"
    case .noBolusInProgress: "no-bolus-in-progress"
    case .overlapsScheduledBolus: "overlaps-scheduled-bolus"
    case .doseLimit: "dose-limit"
    case .needsConfirmation: "needs-confirmation"
    case .beyondMotor: "beyond-motor"
    case .reservoirTooLow: "reservoir-too-low"
    case .patientBolusNotPrescribed: "patient-bolus-not-prescribed"
    case .lockedOut: "locked-out"
    case .dailyMaximum: "daily-maximum"
    case .alarm: "alarm"
    case .selfTestRuns: "self-test-runs"
    case .noSuchAlarm: "no-such-alarm"
    case .overfilled: "overfilled"
    case .commandInProgress: "command-in-progress"
    case .journalFailed: "journal-failed"
    case .bolusTooLarge: "bolus-too-large"
    case .bolusNeedsConfirmation: "bolus-needs-confirmation"
    case .bolusTooFast: "bolus-too-fast"
    case .hasChanged: "has-changed"
    case .ticketUsed: "ticket-used"
    case .bolusTooSoon: "bolus-too-soon"
    }
  }

  /// Why, for a person.
  public var words: String {
    switch self {
    case .notPossible(let state): "not possible while the pump is \(state.words)"
    case .bolusInProgress: "another bolus is in progress"
    case .concentrationDiffers: "another concentration needs a refill and a bridge"
    case .noBolusInProgress: "no bolus is in progress"
    case .overlapsScheduledBolus: "it would overlap a scheduled bolus, or come too near before it"
    case .doseLimit(let window): "the hard dose limit of \(window.words) would be passed"
    case .needsConfirmation(let window):
      "the soft dose limit of \(window.words) would be passed: a clinician must confirm"
    case .beyondMotor: "the motor can't deliver that fast"
    case .reservoirTooLow(let left): "only \(Format.volume(left)) are left above the reserve"
    case .patientBolusNotPrescribed: "no patient bolus is prescribed"
    case .lockedOut: "locked out"
    case .dailyMaximum: "the daily maximum is reached"
    case .alarm(let alarm): "a standing alarm forbids it: \(alarm.title)"
    case .selfTestRuns: "the self-test runs: try again in a minute"
    case .noSuchAlarm: "this alarm does not stand"
    case .overfilled: "that is more than the reservoir holds"
    case .commandInProgress: "another request is under way: ask again in a moment"
    case .journalFailed: "the journal can't be written, and nothing is done that it does not know"
    case .bolusTooLarge(let limit): "one bolus is at most \(Format.mass(limit))"
    case .bolusNeedsConfirmation(let limit):
      "one bolus of more than \(Format.mass(limit)) takes a clinician's confirmation"
    case .bolusTooFast(let shortest): "a bolus takes at least \(Format.span(shortest))"
    case .ticketUsed: "the ticket names another request"
    case .bolusTooSoon: "the last bolus began too short a time ago"
    case .hasChanged: "more has happened since you looked: look at the status again"
    }
  }
}

extension DoseWindow {
  /// How long it is, for a person.
  public var words: String { self == .hour ? "one hour" : "24 h" }
}
