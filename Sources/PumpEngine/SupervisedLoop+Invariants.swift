import PumpJournal
import PumpSafety

extension SupervisedLoop where Hardware: ~Copyable, Store: ~Copyable {
  /// Holds both channels and the journal against what must be true of them, and of them together.
  ///
  /// - Parameter broken: Is told each sentence that is not.
  public func checkInvariants(_ broken: (StaticString) -> Void) {
    drive.engine.checkInvariants(broken)
    supervisor.checkInvariants(broken)
    journal.state.checkInvariants(broken)
    if drive.engine.count > max(journal.state.granted, journal.state.counts.highest) {
      broken("no step is made that the journal has not granted")
    }
  }
}
