import PumpHAL
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSafety

@Suite(
  "The self-test at the second channel: how long a part may take, and what each part's failure means"
)
struct SelfTestTimingTests {
  /// Takes a turn, and answers each test with what is given for its part.
  private func turn(
    _ supervisor: inout Supervisor, at now: Instant, _ proof: (SelfTestPart) -> SelfTestProof
  ) -> [SelfTestPart] {
    var report = DriveReport()
    report.beat = now.nanoseconds
    report.at = now
    var tried: [SelfTestPart] = []
    while let action = supervisor.turn(at: now, report, pulses: nil) {
      if case .grant = action { supervisor.grantTaken() }
      guard case .test(let part) = action else { continue }
      tried.append(part)
      supervisor.tested(part, proof(part), at: now)
    }
    return tried
  }

  private func events(_ supervisor: borrowing Supervisor) -> [PumpEvent] {
    (0..<supervisor.eventCount).compactMap { supervisor.event($0)?.event }
  }

  @Test("A part that is pending is tried again each poll, and fails at the limit, not before")
  func pending() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(1), begins: false)
    let (limit, poll) = (rig.supervisor.settings.selfTestLimit, rig.supervisor.settings.poll)
    let first = turn(&rig.supervisor, at: .epoch) { $0 == .watchdog ? .pending : .passed }
    #expect(first.last == .watchdog)
    let soon = Instant.epoch + poll
    let early = turn(&rig.supervisor, at: soon.preceding(by: TimeSpan(nanoseconds: 1))) { _ in
      .pending
    }
    #expect(early.isEmpty, "not before a poll has passed")
    let again = turn(&rig.supervisor, at: soon) { _ in .pending }
    #expect(again == [.watchdog])
    let last = Instant.epoch + limit
    _ = turn(&rig.supervisor, at: last.preceding(by: TimeSpan(nanoseconds: 1))) { _ in .pending }
    let before = events(rig.supervisor)
    #expect(!before.contains(.tested(.watchdog, passed: false)))
    let isTesting = rig.supervisor.isTesting
    #expect(isTesting)
    _ = turn(&rig.supervisor, at: last + poll) { $0 == .watchdog ? .pending : .passed }
    let after = events(rig.supervisor)
    #expect(after.contains(.tested(.watchdog, passed: false)))
    let unproven = rig.supervisor.alarm(.watchdogUnproven).isCausePresent
    #expect(unproven)
  }

  @Test("At the limit itself the time is over")
  func atTheLimit() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(1), begins: false)
    let limit = rig.supervisor.settings.selfTestLimit
    _ = turn(&rig.supervisor, at: .epoch) { _ in .pending }
    _ = turn(&rig.supervisor, at: .epoch + limit) { _ in .pending }
    let told = events(rig.supervisor).contains(.tested(.journal, passed: false))
    #expect(told)
  }

  @Test(
    "Each part's failure: what it raises, and whether it takes the motor's power",
    arguments: SelfTestPart.allCases)
  func failures(part: SelfTestPart) throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(1), begins: false)
    let tried = turn(&rig.supervisor, at: .epoch) { $0 == part ? .failed : .passed }
    #expect(Set(tried) == Set(SelfTestPart.allCases), "the others are tried all the same")
    let raised = Alarm.allCases.filter { rig.supervisor.alarm($0).isStanding }
    let cut = rig.supervisor.cutBy
    switch part {
    case .watchdog:
      #expect(raised == [.watchdogUnproven] && cut == nil)
    case .enable, .clock:
      #expect(raised == [.selfTestFailed] && cut == .selfTestFailed)
    case .journal, .profile, .index, .alarm:
      #expect(raised == [.selfTestFailed] && cut == nil)
    }
    let isTesting = rig.supervisor.isTesting
    #expect(!isTesting, "a round ends")
    // A round that is good ends what a part of an earlier one began.
    guard cut == nil else { return }
    let later = Instant.epoch + rig.supervisor.settings.selfTestInterval
    _ = turn(&rig.supervisor, at: later) { _ in .passed }
    let present = Alarm.allCases.filter { rig.supervisor.alarm($0).isCausePresent }
    #expect(present.isEmpty)
  }

  @Test("A good round after the first leaves one record, and a bad part in it one more")
  func laterRounds() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(1), begins: false)
    _ = turn(&rig.supervisor, at: .epoch) { _ in .passed }
    let first = events(rig.supervisor)
    #expect(first == SelfTestPart.allCases.map { .tested($0, passed: true) })
    let later = Instant.epoch + rig.supervisor.settings.selfTestInterval
    let early = turn(&rig.supervisor, at: later.preceding(by: TimeSpan(nanoseconds: 1))) { _ in
      .passed
    }
    #expect(early.isEmpty)
    let again = turn(&rig.supervisor, at: later) { _ in .passed }
    #expect(again == SelfTestPart.allCases)
    let second = Array(events(rig.supervisor).dropFirst(first.count))
    #expect(
      second.filter { if case .tested = $0 { true } else { false } } == [
        .tested(.clock, passed: true)
      ])
  }
}
