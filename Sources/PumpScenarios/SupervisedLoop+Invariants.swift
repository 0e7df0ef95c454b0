import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpSafety
import PumpSession

extension SupervisedLoop where Hardware: ~Copyable, Store: ~Copyable {
  /// Holds both channels and the journal against what must be true of them, and of them together.
  ///
  /// - Parameter broken: Is told each sentence that is not.
  public func checkInvariants(_ broken: (StaticString) -> Void) {
    session.pump.loop.engine.checkInvariants(broken)
    session.supervisor.checkInvariants(broken)
    session.records.journal.state.checkInvariants(broken)
    if session.pump.loop.engine.count
      > max(session.records.journal.state.granted, session.records.journal.state.counts.highest)
    {
      broken("no step is made that the journal has not granted")
    }
  }
}
