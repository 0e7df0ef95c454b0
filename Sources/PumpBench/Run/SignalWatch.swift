import PumpLinux
import PumpService
import PumpSafety

/// Waits for a stop signal on a thread that does nothing else: a terminal or a disk that blocks can't
/// hold up a stop.
final class SignalWatch: RealTimeTask, @unchecked Sendable {
  private let control: any RunControl
  private let seen: SlotRing<Int32>?
  private let ended: SlotRing<Bool>?
  private var thread: RealTimeThread?
  private var taken: Int32?

  init(_ control: any RunControl) {
    self.control = control
    seen = SlotRing(slots: 4)
    ended = SlotRing(slots: 4)
    thread = RealTimeThread.start(RealTimeThread.Wish(priority: 0, locksMemory: false), self)
  }

  /// The signal that came, if one did.
  var signal: Int32? {
    // A system without a thread left still has this one.
    if thread == nil, let signal = StopSignal.take(within: 0) { notice(signal) }
    taken = taken ?? seen?.take()
    return taken
  }

  func carryOut(without denials: [RealTimeThread.Denial]) {
    while ended?.take() == nil {
      if let signal = StopSignal.take(within: 50) { notice(signal) }
    }
  }

  private func notice(_ signal: Int32) {
    control.orderStop()
    seen?.writer.put(signal)
  }

  func end() {
    ended?.writer.put(true)
    thread?.join()
  }
}
