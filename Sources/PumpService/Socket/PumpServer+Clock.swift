import Foundation
import Glibc
import PumpMessages
import PumpSession
import PumpUnits

/// What the wall clock tells once it can be believed.
extension PumpServer {
  /// Looks once a second: a clock that was set moves every date, and may tell for how long the pump had rested.
  func lookAtClock() {
    let date = now()
    guard abs(date.timeIntervalSince(lookedAt)) >= 1, let status = pump.status() else { return }
    lookedAt = date
    facts.follow(date, at: status.at)
    if let since = facts.unjudgedSince, isClockKept() { judge(since, status, at: date) }
  }

  /// Takes the therapy up as prescribed where the pump had gone without it for a short time only, the time at the
  /// minimum rate included.
  ///
  /// What was left at the minimum rate for anything else stays there: a clinician decides. What the pump refuses for
  /// the moment is asked again.
  private func judge(_ since: Date, _ status: SessionStatus, at date: Date) {
    // The drive has not begun yet: it is asked once it has. One question at a time.
    guard status.drive.state != .idle, waiting.values.allSatisfy({ $0.verb != .endOutage }),
      date.timeIntervalSince(judgedAt) >= Self.patienceOfJudging
    else { return }
    let without = date.timeIntervalSince(since)
    let isDamaged = status.standing & Alarm.profileDamaged.bit != 0
    let isShort = (0...Double(SessionPlan.shortOutage.nanoseconds) / 1e9).contains(without)
    let rest = max(0, facts.date(facts.opened).timeIntervalSince(since))
    guard isShort, !isDamaged, status.drive.state == .delivering,
      let adopted = try? Adoption(
        endingOutage: facts, status, at: date,
        rest: TimeSpan(nanoseconds: UInt64(rest * 1e9)))
    else {
      facts.unjudgedSince = nil
      return
    }
    judgedAt = date
    let ticket = stream.next() | 1
    let ordered = Ordered(
      adopted.command(isConfirmed: true), ticket: ticket,
      by: Operator(user: geteuid(), role: .pump), basis: status.position)
    guard pump.ask(ordered) else { return }
    waiting[ticket] = Waiting(
      connections: [], verb: .endOutage,
      by: Peer(process: getpid(), user: geteuid(), group: getegid()),
      until: date.addingTimeInterval(Wire.patience), adopted: adopted)
  }

  /// A self-test or a bolus may be in the way for a moment.
  private static var patienceOfJudging: TimeInterval { 30 }
}
