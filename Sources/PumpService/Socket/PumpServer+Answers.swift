import CPumpLinux
import Foundation
import Glibc
import PumpMessages
import PumpProfiles
import PumpTherapy
import PumpUnits

/// What the pump answers, on its way to whoever asked.
extension PumpServer {
  func takeAnswers() {
    while let answered = pump.takeAnswer() {
      guard var waited = waiting.removeValue(forKey: answered.ticket) else { continue }
      let isUnknown = answered.result == .unknown
      // What was answered before was adopted then, and not now.
      if answered.isRepeated { waited.adopted = nil }
      tell(answered.result, answered.ticket, waited)
      if isUnknown, !answered.isRepeated { keep(waited, answered.ticket) }
    }
    let now = now()
    for (ticket, waited) in waiting where now >= waited.until {
      waiting[ticket] = nil
      guard !waited.isTold else { continue }
      tell(.unknown, ticket, waited)
      keep(waited, ticket)
    }
  }

  private func moment(_ date: Date) -> String {
    StatusReport.moment(date, facts)
  }

  /// Until when a refusal holds, where it ends by itself.
  private func until(_ refusal: Refusal) -> String {
    switch refusal {
    case .lockedOut(let end), .dailyMaximum(let end), .bolusTooSoon(let end):
      return " until \(moment(facts.date(end)))"
    default: return ""
    }
  }

  /// Goes on listening for an answer that may come late.
  private func keep(_ waited: Waiting, _ ticket: UInt64) {
    var waited = waited
    waited.isTold = true
    waited.connections = []
    waited.until = now().addingTimeInterval(600)
    waiting[ticket] = waited
  }

  private func tell(_ result: Answered.Result, _ ticket: UInt64, _ waited: Waiting) {
    var reply: WireReply
    let text = String(ticket, radix: 16)
    switch result {
    case .accepted:
      reply = WireReply(.accepted, verb: waited.verb.rawValue, ticket: text)
      if let adopted = waited.adopted {
        facts.adopt(
          adopted.profile, place: adopted.place, at: pump.status()?.at ?? facts.opened)
        if let text = adopted.text { pump.keep(profile: text) }
      }
      if let place = waited.anchored, let at = pump.status()?.at { facts.moved(to: place, at: at) }
    case .refused(let refusal):
      reply = WireReply(.refused, verb: waited.verb.rawValue, ticket: text)
      reply.code = refusal.name
      reply.message = refusal.words + until(refusal)
    case .unknown:
      reply = WireReply(.unknown, verb: waited.verb.rawValue, ticket: text)
      reply.code = "unknown"
      reply.message =
        "the pump did not say in time: it may have been done; the status tells, and the same ticket "
        + "asks again without doing it twice"
    }
    last = StatusReport.LastCommand(
      verb: waited.verb.rawValue,
      result: reply.result.rawValue + (reply.code.map { " (\($0))" } ?? ""),
      by: waited.by.name, at: moment(now()))
    for number in waited.connections {
      clients.first { $0.number == number }?.send(reply)
    }
  }
}
