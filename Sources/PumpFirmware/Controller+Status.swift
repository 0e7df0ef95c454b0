import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

extension Controller {
  /// What the board took, and how late its edges were.
  func figures() {
    // The drive first: while it is waited for, edges may be sent, and a line is sent in one piece.
    let late = session?.pointee.running.pump.withDrive {
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
    // Each by itself: what takes longer than a gap between two edges would make one late.
    let (ledger, line) = session.pointee.running.pump.withDrive {
      ($0.loop.engine.ledger, $0.loop.hardware.steps)
    }
    let detail = session.pointee.running.pump.detail(at: now)
    var reply = Reply<B>()
    tellPump(&reply)
    reply.text(" state=")
    if session.pointee.hasBegun {
      reply.text(detail.state.word)
    } else {
      reply.text(session.pointee.running.obstacle == nil ? "testing" : "waiting")
    }
    if let began = session.pointee.running.beganAt {
      reply.number("began-ns", began.nanoseconds)
      reply.number("elapsed-ns", now.elapsed(since: began).nanoseconds)
    }
    reply.number("delivered-steps", ledger.delivered)
    reply.number("uncertain-steps", ledger.uncertain)
    reply.number("missed-steps", ledger.missed)
    reply.number("owed-steps", ledger.owed)
    reply.number("line-steps", line)
    reply.number("planned-fl", detail.planned.femtolitres)
    reply.number("reservoir-fl", session.pointee.running.supervisor.reservoirLeft.femtolitres)
    reply.number("flow-fl-per-day", detail.flow.femtolitresPerDay)
    reply.number("granted-steps", records.pointee.journal.state.granted)
    reply.hex("alarms", session.pointee.running.supervisor.standingAlarms)
    let cutBy = session.pointee.running.supervisor.cutBy
    reply.number("cut-by", cutBy.map { UInt64($0.rawValue) + 1 } ?? 0)
    if !session.pointee.hasBegun, let obstacle = session.pointee.running.obstacle {
      reply.number("waits-for", UInt64(obstacle.rawValue))
    }
    reply.end()
  }

  /// The running pump's status, for whoever serves its clients.
  func statusWords() {
    guard let session else { return no(.noSession) }
    let status = session.pointee.running.status(at: now)
    var reply = Reply<B>()
    reply.text("ok")
    for place in 0..<SessionStatus.wordCount {
      reply.text(" ")
      reply.hex(status.word(place))
    }
    reply.end()
  }

  private func tellPump(_ reply: inout Reply<B>) {
    reply.text("ok")
    reply.number("clock-ns", now.nanoseconds)
    let state = records.pointee.journal.state
    reply.number("session", UInt64(state.session))
    reply.number("pump-certain-steps", state.carried.certain)
    reply.number("pump-uncertain-steps", state.carried.uncertain)
  }
}
