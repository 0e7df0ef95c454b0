import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
import PumpUnits

extension Controller {
  /// What the board took, and how late its edges were.
  func figures() {
    // The drive first: while it is waited for, edges may be sent, and a line is sent in one piece.
    let late = session?.pointee.withDrive {
      ($0.loop.hardware.worstLateness, $0.loop.hardware.trace.lost)
    }
    var reply = Reply<B>()
    reply.text("ok")
    reply.number("stack-bytes", UInt64(B.stackUsed()))
    reply.number("arena-bytes", UInt64(Arena.most))
    if let late {
      reply.number("worst-lateness-ns", late.0.nanoseconds)
      reply.number("lost-edges", UInt64(late.1))
    }
    reply.end()
  }

  func status() {
    guard let session else {
      var reply = Reply<B>()
      tellPump(&reply)
      reply.text(" state=idle")
      return reply.end()
    }
    let now = self.now
    let (ledger, state, line) = session.pointee.withDrive {
      ($0.loop.engine.ledger, $0.loop.engine.state, $0.loop.hardware.steps)
    }
    // Each by itself: what takes longer than a gap between two edges would make one late.
    let planned = session.pointee.withDrive { $0.loop.engine.planned(at: $0.loop.hardware.present) }
    let flow = session.pointee.withDrive { $0.loop.engine.flow(at: $0.loop.hardware.present) }
    let left = session.pointee.withDrive { $0.loop.engine.reservoirLeft }
    var reply = Reply<B>()
    tellPump(&reply)
    reply.text(" state=")
    reply.text(session.pointee.hasBegun ? state.word : "testing")
    if let first = session.pointee.first {
      reply.number("began-ns", first.nanoseconds)
      reply.number("elapsed-ns", now.elapsed(since: first).nanoseconds)
    }
    reply.number("delivered-steps", ledger.delivered)
    reply.number("uncertain-steps", ledger.uncertain)
    reply.number("missed-steps", ledger.missed)
    reply.number("owed-steps", ledger.owed)
    reply.number("line-steps", line)
    reply.number("planned-fl", planned.femtolitres)
    reply.number("reservoir-fl", left.femtolitres)
    reply.number("flow-fl-per-day", flow.femtolitresPerDay)
    reply.number("granted-steps", journal.state.granted)
    reply.hex("alarms", session.pointee.standingAlarms)
    reply.number("cut-by", session.pointee.supervisor.cutBy.map { UInt64($0.rawValue) + 1 } ?? 0)
    reply.end()
  }

  private func tellPump(_ reply: inout Reply<B>) {
    reply.text("ok")
    reply.number("clock-ns", now.nanoseconds)
    reply.number("session", UInt64(journal.state.session))
    let carried = journal.state.carried
    reply.number("pump-certain-steps", carried.certain)
    reply.number("pump-uncertain-steps", carried.uncertain)
  }
}
