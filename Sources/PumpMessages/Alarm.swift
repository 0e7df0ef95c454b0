/// What an alarm is about; among equals the earlier kind is shown first.
///
/// The journal keeps the raw values, so a kind never changes its own; new ones come at the end.
public enum Alarm: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// A hard dose limit was reached: delivery has stopped.
  case overInfusion
  /// The reservoir is at its reserve: delivery has stopped before dry.
  case reservoirEmpty
  /// The stepper driver reports a fault: delivery has stopped.
  case driverFault
  /// A device of the controller is gone: delivery has stopped.
  case deviceLost
  /// A command's effect is unknown.
  case deliveryUncertain
  /// Planned doses were not delivered and won't be: withdrawal threatens.
  case underDelivery
  /// The battery is at its end.
  case batteryDepleted
  /// The temperature is above its limit.
  case overheated
  /// Sensors can't be read.
  case sensorFailed
  /// Nothing has been delivered for long by command; critical after 48 h.
  case stoppedLong
  /// The reservoir is low: refill it.
  case reservoirLow
  /// The battery is low.
  case batteryLow
  /// The wall clock was moved: the pattern was not; a clinician may anchor it anew.
  case wallClockMoved
  /// The pump head turned and no step was commanded: the motor is de-energised.
  case unexpectedMotion
  /// By the index more left the pump than was commanded: the motor is de-energised.
  case overDelivery
  /// By the index less left the pump than was commanded: withdrawal threatens.
  case shortDelivery
  /// No index pulse within the expected strokes: the motor may not turn.
  case motorStalled
  /// The drive's counts left what the supervisor allows: the motor is de-energised.
  case driveDisagrees
  /// The drive gives no sign of life: the motor is de-energised until it does.
  case driveSilent
  /// The supervisor gives no sign of life: steps end with the grant.
  case supervisorSilent
  /// The reservoir's sensor and the ledger are too far apart.
  case reservoirMismatch
  /// A sensor says what can't be.
  case sensorImplausible
  /// The pump is to be replaced within 90 days.
  case replacementDue
  /// The pump's service life is over: delivery has stopped.
  case endOfService
  /// The patient's button is held down, or stuck: it is not heeded.
  case buttonStuck
  /// The journal can't be written: delivery ends with the grant in force.
  case journalFailed
  /// The journal's room is nearly used up.
  case journalFilling
  /// The watchdog was not seen to work.
  case watchdogUnproven
  /// A part of the self-test failed.
  case selfTestFailed
  /// The profile in memory is damaged: its other copy runs at the minimum rate, or nothing does.
  case profileDamaged
  /// The journal is not as it was left: doses may be missing from it.
  case journalSuspect
  /// A sensor's line has more glitches than a sound one.
  case sensorChattering
  /// A changed profile waits for a person's word: what ran before runs.
  case profileWaits

  /// How urgent it is when it is raised.
  public var priority: AlarmPriority {
    switch self {
    case .stoppedLong, .reservoirLow, .batteryLow, .wallClockMoved, .replacementDue, .buttonStuck,
      .journalFilling, .sensorChattering, .profileWaits:
      .nonCritical
    default: .critical
    }
  }

  /// Its bit in a set of alarms.
  public var bit: UInt64 { 1 << UInt64(rawValue) }

  /// Whether delivery can't go on before its cause has gone and it is acknowledged.
  public var stopsDelivery: Bool {
    switch self {
    case .overInfusion, .reservoirEmpty, .driverFault, .deviceLost, .unexpectedMotion,
      .overDelivery, .motorStalled, .driveDisagrees, .endOfService, .profileDamaged,
      .supervisorSilent:
      true
    default: false
    }
  }
}

/// How urgent an alarm is.
public enum AlarmPriority: UInt8, Comparable, BitwiseCopyable, Sendable {
  case nonCritical
  case critical

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
