import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpSafety
import PumpSession
import PumpUnits

extension Controller {
  /// Goes on after a reset or a loss of power with what ran then: an abrupt stop can kill.
  mutating func takeUp() {
    let state = records.pointee.journal.state
    guard let began = state.began, session == nil else { return }
    let order = StartOrder(
      place: began.place + now.elapsed(since: began.at), isPlaceExact: false, span: nil,
      isConfirmed: true, isRefilled: false, isAfterOutage: false, isTakenUp: true)
    if let (problem, detail) = open(order) {
      no(problem, detail: detail, as: "event not-taken-up")
      B.set(.buzzer, true)
    }
  }

  /// One round of the session: the supervisor's look, the beginning, the end.
  mutating func runSession() {
    guard let session, now >= session.pointee.lookAt else { return }
    session.pointee.turn()
    guard session.pointee.hasBegun else { return waitToBegin(session) }
    if session.pointee.isOver { session.pointee.stop() }
    if session.pointee.running.isStopping, session.pointee.isAtRest { closeSession() }
  }

  private mutating func waitToBegin(_ session: UnsafeMutablePointer<Session<B>>) {
    if let alarm = session.pointee.running.supervisor.cutBy {
      tell("event not-begun", alarm)
      return closeSession()
    }
    if session.pointee.running.isStopping {
      if session.pointee.isAtRest { closeSession() }
      return
    }
    if session.pointee.running.supervisor.isTesting { return }
    // What stopped delivery before stops it until somebody has acknowledged it.
    guard let obstacle = session.pointee.running.obstacle else { return begin(session) }
    guard !session.pointee.isWaitTold else { return }
    session.pointee.isWaitTold = true
    tell("event waits", obstacle)
  }

  private func tell(_ event: StaticString, _ alarm: Alarm) {
    var reply = Reply<B>()
    reply.text(event)
    reply.number("alarm", UInt64(alarm.rawValue))
    reply.end()
  }

  private mutating func begin(_ session: UnsafeMutablePointer<Session<B>>) {
    let refusal = session.pointee.begin()
    var reply = Reply<B>()
    guard let refusal else {
      reply.text("event began")
      reply.number("at-ns", session.pointee.running.beganAt?.nanoseconds ?? 0)
      return reply.end()
    }
    reply.text("event refused")
    reply.number("refusal", UInt64(refusal.code.number))
    reply.end()
    session.pointee.stop()
  }

  private mutating func closeSession() {
    guard let session else { return }
    session.pointee.close()
    session.pointee.running.pump.sendTrace()
    B.attach(nil)
    var reply = Reply<B>()
    reply.text("event ended")
    let counts = session.pointee.running.supervisor.counts
    reply.number("certain-steps", counts.certain)
    reply.number("uncertain-steps", counts.uncertain)
    reply.number("missed-steps", counts.missed)
    reply.hex("alarms", session.pointee.running.supervisor.standingAlarms)
    let side = session.pointee.side
    reply.number("worst-lateness-ns", side.pointee.loop.hardware.worstLateness.nanoseconds)
    let other = side.pointee.loop.hardware.worstOtherLateness
    reply.number("worst-other-lateness-ns", other.nanoseconds)
    reply.number("lost-edges", UInt64(side.pointee.loop.hardware.trace.lost))
    reply.end()
    self.session = nil
    forgetFaults()
  }

  /// What was to go wrong was for one session, begun or refused.
  mutating func forgetFaults() {
    #if PUMP_TRIALS
      headFault = nil
      lie = nil
    #endif
  }
}
