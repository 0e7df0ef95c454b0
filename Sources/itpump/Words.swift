import PumpEngine
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
    }
  }

  /// What a person is told, the remedy included.
  var title: String {
    switch self {
    case .overInfusion: "over-infusion: a hard dose limit was reached, delivery has stopped"
    case .reservoirEmpty: "reservoir at its reserve, delivery has stopped: refill"
    case .driverFault: "motor driver fault, delivery has stopped: check motor and wiring"
    case .deviceLost: "a device is gone, delivery has stopped: check the board"
    case .deliveryUncertain: "delivery uncertain: a step may or may not have been made"
    case .underDelivery: "under-delivery: doses were missed and will not be repaid"
    case .batteryDepleted: "battery depleted: replace the pump"
    case .overheated: "overheated"
    case .sensorFailed: "sensors can't be read"
    case .stoppedLong: "nothing has been delivered for 24 h: withdrawal threatens"
    case .reservoirLow: "reservoir low: refill"
    case .batteryLow: "battery low: plan the replacement"
    case .wallClockMoved: "the wall clock was moved, the pattern was not: anchor it anew if meant"
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
    case .noSuchAlarm: "this alarm does not stand"
    case .overfilled: "that is more than the reservoir holds"
    }
  }

  private static func describe(_ window: DoseWindow) -> String {
    window == .hour ? "one hour" : "24 h"
  }
}
