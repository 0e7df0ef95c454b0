import PumpDrive
import PumpHAL
import PumpUnits

extension InterruptDrive {
  /// Sends the edges that were made since last time, if anybody wants them.
  func sendTrace() {
    while let first = takeEdge() {
      var reply = Reply<B>()
      reply.text("t")
      var words = 1
      var next: UInt32? = first
      while let word = next {
        reply.text(" ")
        reply.hex(UInt64(word), digits: 8)
        next = words < 8 ? takeEdge() : nil
        words += 1
      }
      reply.end()
    }
  }

  @inline(never)
  private func takeEdge() -> UInt32? {
    B.mask()
    defer { B.unmask() }
    return side.pointee.loop.hardware.trace.take()
  }

  /// Begins to trace edges, and tells from when, or ends it.
  func setTrace(_ isOn: Bool) {
    sendTrace()
    let from = withDrive { side in
      let now = side.loop.hardware.present
      side.loop.hardware.trace.turn(on: isOn, at: now)
      return now
    }
    guard isOn else { return }
    var reply = Reply<B>()
    reply.text("event trace")
    reply.number("from-ns", from.nanoseconds)
    reply.end()
  }
}
