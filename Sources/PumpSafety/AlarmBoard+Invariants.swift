import PumpMessages
import PumpUnits

extension AlarmBoard {
  /// Holds the board against what must be true of it after every call.
  ///
  /// - Parameter broken: Is told each sentence that is not.
  public func checkInvariants(_ broken: (StaticString) -> Void) {
    var next = Instant.never
    for alarm in Alarm.allCases {
      let entry = self[alarm]
      if (standing & alarm.bit != 0) != entry.isStanding {
        broken("an alarm's bit says whether it stands")
      }
      if (present & alarm.bit != 0) != entry.isCausePresent {
        broken("an alarm's bit says whether its cause holds")
      }
      if entry.isCausePresent, !entry.isStanding { broken("an alarm whose cause holds stands") }
      if entry.isAcknowledged, !entry.isCausePresent {
        broken("an alarm that was acknowledged and whose cause has gone does not stand")
      }
      guard entry.isStanding else { continue }
      if entry.soundsAt == .never { broken("an alarm that stands sounds again") }
      if entry.priority < alarm.priority { broken("an alarm is never less urgent than its kind") }
      next = min(next, entry.soundsAt)
    }
    if deadline > next { broken("the board's deadline is no later than the next sound") }
  }
}
