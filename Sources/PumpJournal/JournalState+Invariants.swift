import PumpMessages
import PumpSafety
import PumpUnits

extension JournalState {
  /// Holds the state against what must be true of it after every record.
  ///
  /// - Parameter broken: Is told each sentence that is not.
  public func checkInvariants(_ broken: (StaticString) -> Void) {
    if granted < counts.highest { broken("what was made had been granted") }
    if carried.highest < counts.highest || carried.certain != counts.certain {
      broken("a session takes over every step, and makes none certain")
    }
    if counts.atFill > counts.highest { broken("the reservoir was filled before the last step") }
    if lastRunAt > at || openedAt > at { broken("no record is later than the latest") }
    if !isEnded, began == nil { broken("only what began can be left open") }
    if session == 0, began != nil || carried.highest > 0 {
      broken("without a session nothing was made")
    }
  }
}
