/// What an alarm is about; among equals the earlier kind is shown first.
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

  /// How urgent it is when it is raised.
  public var priority: AlarmPriority {
    switch self {
    case .stoppedLong, .reservoirLow, .batteryLow, .wallClockMoved: .nonCritical
    default: .critical
    }
  }
}

/// How urgent an alarm is.
public enum AlarmPriority: UInt8, Comparable, BitwiseCopyable, Sendable {
  case nonCritical
  case critical

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
