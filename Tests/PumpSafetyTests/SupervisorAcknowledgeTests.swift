import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSafety

@Suite("What an acknowledgement gives back at the second channel, and what it may not")
struct SupervisorAcknowledgeTests {
  /// A rig at 20 steps/s that has run for ten seconds.
  private func rig(stepsPerIndex: UInt64? = nil, stallTries: UInt64 = 2) throws -> SupervisorRig {
    var rig = try SupervisorRig(
      SupervisorRig.continuous(20), stepsPerIndex: stepsPerIndex, stallTries: stallTries)
    for second in UInt64(0)...10 {
      _ = rig.turn(
        second * 1_000, count: second * 20, pulses: stepsPerIndex.map { 20 * second / $0 })
    }
    return rig
  }

  @Test(
    "A drive that lied stays without ENABLE and without grants, however often it is acknowledged")
  func liar() throws {
    var rig = try rig()
    let cut = rig.turn(10_050, count: 500)
    #expect(cut.contains(.cut(.driveDisagrees, beyond: nil)))
    for _ in 0..<3 {
      _ = rig.supervisor.acknowledge(.driveDisagrees, at: SupervisorRig.at(11_000))
      let cutBy = rig.supervisor.cutBy
      #expect(cutBy == .driveDisagrees)
    }
    for second in UInt64(12)...100 {
      for action in rig.turn(second * 1_000, count: 500) {
        switch action {
        case .hold, .grant, .kick: Issue.record("\(action) after a lie, at \(second) s")
        default: break
        }
      }
    }
  }

  @Test(
    "A device that is back gives ENABLE and a grant back when it is acknowledged, and not before")
  func device() throws {
    var rig = try rig()
    rig.supervisor.lost(at: SupervisorRig.at(10_000))
    let cut = rig.turn(10_050, count: 200)
    #expect(cut.contains(.cut(.deviceLost, beyond: nil)))
    for second in UInt64(11)...20 {
      let actions = rig.turn(second * 1_000, count: 200)
      #expect(!actions.contains(.hold(false)) && !actions.contains(.kick))
    }
    // Another alarm's acknowledgement gives nothing back.
    rig.supervisor.raise(.watchdogUnproven, at: SupervisorRig.at(20_000))
    let isKnown = rig.supervisor.acknowledge(.watchdogUnproven, at: SupervisorRig.at(20_000))
    let still = rig.supervisor.cutBy
    #expect(isKnown && still == .deviceLost)
    let isDevice = rig.supervisor.acknowledge(.deviceLost, at: SupervisorRig.at(21_000))
    let free = rig.supervisor.cutBy
    #expect(isDevice && free == nil)
    let back = rig.turn(21_000, count: 200)
    #expect(back.contains(.hold(false)))
    #expect(back.contains { if case .grant = $0 { true } else { false } })
  }

  @Test("An alarm whose cause still holds gives nothing back by its acknowledgement")
  func causeHolds() throws {
    var rig = try rig()
    rig.supervisor.lost(at: SupervisorRig.at(10_000))
    rig.supervisor.raise(.deviceLost, at: SupervisorRig.at(10_000))
    let isKnown = rig.supervisor.acknowledge(.deviceLost, at: SupervisorRig.at(10_000))
    let cutBy = rig.supervisor.cutBy
    #expect(isKnown && cutBy == .deviceLost)
  }

  @Test("An alarm that does not stand is not acknowledged, and changes nothing")
  func unknown() throws {
    var rig = try rig()
    let before = rig.supervisor.eventCount
    let isKnown = rig.supervisor.acknowledge(.overheated, at: SupervisorRig.at(10_000))
    let after = rig.supervisor.eventCount
    #expect(!isKnown && after == before)
  }

  @Test(
    "A stall gets its tries and is cut; acknowledged it is settled: not told again, and a new one is",
    arguments: [0, 2, 5] as [UInt64])
  func stall(tries: UInt64) throws {
    var rig = try rig(stepsPerIndex: 100, stallTries: tries)
    // 200 steps and two pulses; then none comes.
    var second: UInt64 = 11
    var cutAt: UInt64?
    while cutAt == nil, second < 60 {
      let actions = rig.turn(second * 1_000, count: second * 20, pulses: 2)
      if actions.contains(where: { if case .cut(.motorStalled, _) = $0 { true } else { false } }) {
        cutAt = second
      }
      second += 1
    }
    // A pulse's distance, a quarter and an eighth are patience; so many distances more are tries.
    let due = 10 + (137 + 100 * tries) / 20 + 1
    #expect(cutAt == due)
    let from = rig.supervisor.stalledCount
    #expect(from == 200)
    let now = try #require(cutAt) * 1_000 + 100
    let count = try #require(cutAt) * 20
    let isKnown = rig.supervisor.acknowledge(.motorStalled, at: SupervisorRig.at(now))
    #expect(isKnown)
    let (isStalled, cutBy) = (rig.supervisor.stalledCount, rig.supervisor.cutBy)
    #expect(isStalled == nil && cutBy == nil)
    let back = rig.turn(now, count: count, pulses: 2)
    #expect(back.contains(.hold(false)))
    // It turns again, from a place that nobody knows: the next pulse only sets it.
    for step in UInt64(1)...10 {
      let actions = rig.turn(
        now + step * 1_000, count: count + step * 20, pulses: 2 + (step * 20 + 50) / 100)
      #expect(!actions.contains { if case .cut = $0 { true } else { false } }, "\(step) s")
    }
    let calm = rig.supervisor.cutBy
    #expect(calm == nil)
  }

  @Test("A silence puts off a sound, of an alarm that stands only")
  func silence() throws {
    var rig = try rig()
    let none = rig.supervisor.silence(.journalFailed, for: .hour, at: SupervisorRig.at(10_000))
    #expect(none == nil)
    rig.supervisor.raise(.journalFailed, at: SupervisorRig.at(10_000))
    let first = rig.turn(10_050, count: 201)
    #expect(first.contains { if case .sound = $0 { true } else { false } })
    let silent = rig.supervisor.silence(
      .journalFailed, for: TimeSpan(minutes: 2), at: SupervisorRig.at(10_050))
    let end = try #require(silent)
    let event = rig.supervisor.event(rig.supervisor.eventCount - 1)?.event
    #expect(event == .silenced(.journalFailed, until: end))
    #expect(end > SupervisorRig.at(10_050) && end <= SupervisorRig.at(130_050))
    var sounds: [UInt64] = []
    for second in UInt64(11)...140 {
      let actions = rig.turn(second * 1_000, count: second * 20)
      if actions.contains(where: { if case .sound = $0 { true } else { false } }) {
        sounds.append(second)
      }
    }
    let next = try #require(sounds.first)
    #expect(SupervisorRig.at(next * 1_000) >= end)
    #expect(SupervisorRig.at((next - 1) * 1_000) < end)
  }
}
