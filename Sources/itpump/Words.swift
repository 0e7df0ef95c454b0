import Foundation
import PumpEngine
import PumpHAL
import PumpProfiles
import PumpSafety
import PumpUnits

extension Alarm {
  /// The name that files and JSON use.
  var name: String {
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
    }
  }

  /// What a person is told, the remedy included.
  var title: String {
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
    }
  }
}

extension SimulationReport {
  static func describe(_ state: PumpState) -> String {
    switch state {
    case .idle: "idle"
    case .delivering: "delivering"
    case .suspended: "suspended"
    case .tripped(let alarm): "tripped by \(alarm.name)"
    }
  }

  static func describe(_ refusal: Refusal) -> String {
    switch refusal {
    case .notPossible(let state): "not possible while the pump is \(describe(state))"
    case .bolusInProgress: "another bolus is in progress"
    case .concentrationDiffers: "another concentration needs a refill and a bridge"
    case .noBolusInProgress: "no bolus is in progress"
    case .overlapsScheduledBolus: "it would overlap a scheduled bolus"
    case .doseLimit(let window): "the hard dose limit of \(describe(window)) would be passed"
    case .needsConfirmation(let window):
      "the soft dose limit of \(describe(window)) would be passed: a clinician must confirm"
    case .beyondMotor: "the motor can't deliver that fast"
    case .reservoirTooLow(let left): "only \(Format.volume(left)) are left above the reserve"
    case .patientBolusNotPrescribed: "no patient bolus is prescribed"
    case .lockedOut: "locked out"
    case .dailyMaximum: "the daily maximum is reached"
    case .alarm(let alarm): "a standing alarm forbids it: \(alarm.title)"
    case .selfTestRuns: "the self-test runs: try again in a minute"
    case .noSuchAlarm: "this alarm does not stand"
    case .overfilled: "that is more than the reservoir holds"
    }
  }

  private static func describe(_ window: DoseWindow) -> String {
    window == .hour ? "one hour" : "24 h"
  }
}

extension SelfTestPart {
  /// What it is, in words.
  var name: String {
    switch self {
    case .journal: "journal"
    case .profile: "profile"
    case .enable: "ENABLE line"
    case .watchdog: "watchdog"
    case .index: "index line"
    case .alarm: "alarm output"
    case .clock: "clock"
    }
  }

  /// What to look at when it fails.
  var remedy: String {
    switch self {
    case .journal: "its latest record does not read back: check the disk"
    case .profile: "a copy of it is damaged: check the disk, and load it anew"
    case .enable: "it does not read back as it was set: check its wiring; the motor stays off"
    case .watchdog: "it was not seen to count: check the board file's watchdog and its driver"
    case .index: "it can't be read: check its wiring"
    case .alarm: "it does not read back as it was set: check its wiring"
    case .clock: "it does not keep pace with the second one: check the machine's time service"
    }
  }
}

extension Moments {
  /// The alarms that were raised, a line each for people; never empty.
  func alarms(in events: [TimedEvent], from start: Date) -> [String] {
    let raised = events.compactMap { event -> String? in
      guard case .alarmRaised(let alarm) = event.event else { return nil }
      return "\(second(start.after(event.at))) "
        + "\(alarm.priority == .critical ? "CRITICAL" : "non-critical") \(alarm.title)"
    }
    return raised.isEmpty ? ["none"] : raised
  }
}
