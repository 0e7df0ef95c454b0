import PumpMessages

/// The alarms that stood when a journal's last record was written: they outlive a session.
///
/// The rules are the board's: an alarm ends when its cause has gone and somebody has acknowledged it.
public struct RememberedAlarms: Equatable, BitwiseCopyable, Sendable {
  /// Those that stand, a bit each.
  public private(set) var standing: UInt64 = 0
  private var present: UInt64 = 0
  private var acknowledged: UInt64 = 0

  public init() {}

  /// Takes the next event.
  mutating func take(_ event: PumpEvent) {
    switch event {
    case .alarmRaised(let alarm):
      standing |= alarm.bit
      present |= alarm.bit
      acknowledged &= ~alarm.bit
    case .alarmCauseGone(let alarm):
      present &= ~alarm.bit
      if acknowledged & alarm.bit != 0 { end(alarm) }
    case .acknowledged(let alarm):
      acknowledged |= alarm.bit
      if present & alarm.bit == 0 { end(alarm) }
    default: break
    }
  }

  /// A session that ends takes no cause with it: whether one still holds, the next one has to find out.
  mutating func endSession() {
    present = 0
    standing &= ~acknowledged
    acknowledged = 0
  }

  private mutating func end(_ alarm: Alarm) {
    standing &= ~alarm.bit
    acknowledged &= ~alarm.bit
  }
}
