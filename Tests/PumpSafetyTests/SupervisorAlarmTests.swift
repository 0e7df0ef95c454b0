import PumpHAL
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSafety

@Suite("What the supervisor alarms by itself, and what it does about it")
struct SupervisorAlarmTests {
  /// How often an alarm was raised, and how often its cause has gone.
  private func told(_ alarm: Alarm, _ supervisor: borrowing Supervisor) -> (Int, Int) {
    var (raised, gone) = (0, 0)
    for number in 0..<supervisor.eventCount {
      switch supervisor.event(number)?.event {
      case .alarmRaised(alarm): raised += 1
      case .alarmCauseGone(alarm): gone += 1
      default: break
      }
    }
    return (raised, gone)
  }

  @Test("A head that turns less than commanded is alarmed each time, and goes on")
  func shortDelivery() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(20), stepsPerIndex: 100)
    // A pulse comes every 130 steps, in time to be no stall.
    for second in UInt64(0)...60 {
      let actions = rig.turn(second * 1_000, count: second * 20, pulses: second * 20 / 130)
      #expect(!actions.contains { if case .cut = $0 { true } else { false } }, "\(second) s")
    }
    let entry = rig.supervisor.alarm(.shortDelivery)
    #expect(entry.isStanding && !entry.isCausePresent && entry.priority == .critical)
    let (raised, gone) = told(.shortDelivery, rig.supervisor)
    #expect(raised >= 2 && gone == raised)
    let isStalled = rig.supervisor.alarm(.motorStalled).isStanding
    #expect(!isStalled)
  }

  @Test("A drive without a sign of life is held after 300 ms, and let go with the next one")
  func driveSilent() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(20))
    _ = rig.turn(0, count: 0)
    for time in stride(from: UInt64(50), through: 250, by: 50) {
      let actions = rig.turn(time, count: 0, isAlive: false)
      #expect(!actions.contains(.hold(true)), "\(time) ms")
    }
    let held = rig.turn(300, count: 0, isAlive: false)
    #expect(held.contains(.hold(true)))
    let during = rig.supervisor.alarm(.driveSilent)
    #expect(during.isStanding && during.isCausePresent)
    let still = rig.turn(1_500, count: 0, isAlive: false)
    #expect(!still.contains(.kick), "an external watchdog is not kept quiet for it")
    let back = rig.turn(1_550, count: 5)
    #expect(back.contains(.hold(false)))
    let after = rig.supervisor.alarm(.driveSilent)
    let holds = (0..<rig.supervisor.eventCount).compactMap { number -> Bool? in
      if case .held(let isHeld)? = rig.supervisor.event(number)?.event { isHeld } else { nil }
    }
    #expect(holds == [true, false], "the journal has both")
    #expect(after.isStanding && !after.isCausePresent)
    let isHeld = rig.supervisor.isHeld
    #expect(!isHeld)
  }

  @Test("A supervisor that was away for more than two seconds says so, and blames no drive for it")
  func supervisorSilent() throws {
    for (gap, isTold) in [(UInt64(2_000), false), (2_001, true)] {
      var rig = try SupervisorRig(SupervisorRig.continuous(20))
      _ = rig.turn(0, count: 0)
      _ = rig.turn(gap, count: gap / 50, isAlive: false)
      let (away, silent) = (
        rig.supervisor.alarm(.supervisorSilent), rig.supervisor.alarm(.driveSilent).isStanding
      )
      #expect(away.isStanding == isTold, "\(gap) ms")
      #expect(!away.isCausePresent && !silent)
    }
    // At rest nothing was left unwatched.
    var resting = try SupervisorRig(.stopped)
    _ = resting.turn(0, count: 0)
    _ = resting.turn(50, count: 0)
    _ = resting.turn(60_000, count: 0)
    let isTold = resting.supervisor.alarm(.supervisorSilent).isStanding
    #expect(!isTold)
  }

  @Test("The drive's alarms sound at the supervisor too, and end where the drive's end")
  func mirrors() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(20))
    var report = DriveReport()
    report.isDelivering = true
    func turn(_ second: UInt64, standing: [Alarm], present: [Alarm]) -> [SupervisorAction] {
      report.beat = 1_000 + second
      report.at = SupervisorRig.at(second * 1_000)
      report.delivered = second * 20
      report.standing = standing.reduce(0) { $0 | $1.bit }
      report.present = present.reduce(0) { $0 | $1.bit }
      var actions: [SupervisorAction] = []
      while let action = rig.supervisor.turn(at: report.at, report, pulses: nil) {
        actions.append(action)
        if case .grant = action { rig.supervisor.grantTaken() }
      }
      return actions
    }
    _ = turn(0, standing: [], present: [])
    let first = turn(1, standing: [.overheated], present: [.overheated])
    #expect(first.contains(.sound(.double)))
    let both = turn(2, standing: [.overheated, .batteryLow], present: [.batteryLow])
    #expect(both.contains(.sound(.single)))
    let hot = rig.supervisor.alarm(.overheated)
    #expect(hot.isStanding && !hot.isCausePresent)
    _ = turn(3, standing: [.batteryLow], present: [.batteryLow])
    let (cool, low) = (
      rig.supervisor.alarm(.overheated).isStanding, rig.supervisor.alarm(.batteryLow).isStanding
    )
    #expect(!cool && low)
    // A cause that came and went between two reports stands all the same.
    _ = turn(4, standing: [.batteryLow, .sensorFailed], present: [.batteryLow])
    let brief = rig.supervisor.alarm(.sensorFailed)
    #expect(brief.isStanding && !brief.isCausePresent)
  }

  @Test("A session after one that left steps uncertain says so; one that left none does not")
  func restartedUncertain() throws {
    for uncertain: UInt64 in [0, 1, 700] {
      var rig = try SupervisorRig(SupervisorRig.continuous(1), begins: false)
      rig.supervisor.restarted(after: .hour, uncertain: uncertain, at: .epoch)
      let alarm = rig.supervisor.alarm(.deliveryUncertain)
      #expect(alarm.isStanding == (uncertain > 0) && !alarm.isCausePresent, "\(uncertain)")
    }
  }

  @Test(
    "Steps to be doubted are told once, be it a single one", arguments: [1, 2, 500] as [UInt64])
  func doubts(steps: UInt64) throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(1))
    _ = rig.turn(10, count: 0)
    rig.supervisor.pendingDoubt = steps
    let told = rig.turn(20, count: 0).compactMap {
      if case .doubt(let told) = $0 { told } else { nil }
    }
    #expect(told == [steps])
    let again = rig.turn(30, count: 0).contains { if case .doubt = $0 { true } else { false } }
    #expect(!again)
  }
}
