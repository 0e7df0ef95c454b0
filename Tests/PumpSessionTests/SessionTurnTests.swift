import PumpHAL
import PumpJournal
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSession

@Suite("A session does what its supervisor wants, with a journal and a drive that may be late")
struct SessionTurnTests {
  private let scene = Scene()

  @Test("A grant reaches the drive when the journal has it, and not before")
  func grants() throws {
    var session = try Pump.session(scene)
    scene.answersJournal = false
    session.supervisor.began(at: .epoch)
    for tenth in UInt64(0)..<10 { session.turn(at: .epoch + TimeSpan(milliseconds: tenth * 100)) }
    #expect(!scene.orders.contains { if case .grant = $0 { true } else { false } })
    scene.recordAnswers.append(
      .granted(Grant(number: 1, upTo: 40, until: .epoch + TimeSpan(minutes: 1))))
    session.turn(at: .epoch + TimeSpan(seconds: 1))
    #expect(
      scene.orders.contains(
        .grant(Grant(number: 1, upTo: 40, until: .epoch + TimeSpan(minutes: 1)))))
  }

  @Test("A journal that says nothing for five seconds has failed, and is back when it answers")
  func silentJournal() throws {
    var session = try Pump.session(scene)
    scene.answersJournal = false
    session.supervisor.began(at: .epoch)
    session.turn(at: .epoch)
    session.turn(at: .epoch + TimeSpan(seconds: 5))
    do {
      let isSo = !session.supervisor.alarm(.journalFailed).isStanding
      #expect(isSo)
    }
    let late = Instant.epoch + TimeSpan(seconds: 5) + TimeSpan(nanoseconds: 1)
    session.turn(at: late)
    do {
      let isSo = session.supervisor.alarm(.journalFailed).isCausePresent
      #expect(isSo)
    }
    scene.recordAnswers.append(.notGranted)
    session.turn(at: late + TimeSpan(milliseconds: 1))
    do {
      let isSo = !session.supervisor.alarm(.journalFailed).isCausePresent
      #expect(isSo)
    }
  }

  @Test("What the journal says of itself is an alarm as long as it is so")
  func journalNews() throws {
    var session = try Pump.session(scene)
    let cases: [(RecordAnswer, RecordAnswer, Alarm)] = [
      (.isTaking(false), .isTaking(true), .journalFailed),
      (.isFilling(true), .isFilling(false), .journalFilling),
    ]
    for (begins, ends, alarm) in cases {
      scene.recordAnswers.append(begins)
      session.turn(at: .epoch)
      do {
        let isSo = session.supervisor.alarm(alarm).isCausePresent
        #expect(isSo, "\(alarm)")
      }
      scene.recordAnswers.append(ends)
      session.turn(at: .epoch)
      do {
        let isSo =
          session.supervisor.alarm(alarm).isStanding
          && !session.supervisor.alarm(alarm).isCausePresent
        #expect(isSo, "\(alarm)")
      }
    }
    scene.recordAnswers.append(.isMisplaced)
    session.turn(at: .epoch)
    do {
      let isSo =
        session.supervisor.alarm(.journalSuspect).isStanding
        && !session.supervisor.alarm(.journalSuspect).isCausePresent
      #expect(isSo)
    }
  }

  @Test("A line that does not fall is released again on every turn, and is an alarm at once")
  func releaseOwed() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.failsToHold = true
    session.supervisor.lost(at: now)
    session.turn(at: now)
    do {
      let isSo = session.supervisor.alarm(.deviceLost).isStanding
      #expect(isSo)
    }
    let tried = scene.holds
    #expect(tried > 0 && !scene.isHeld)
    for step in 1...3 {
      now = now + TimeSpan(milliseconds: 50)
      session.turn(at: now)
      #expect(scene.holds == tried + step)
    }
    scene.failsToHold = false
    session.turn(at: now)
    #expect(scene.isHeld)
    let done = scene.holds
    session.turn(at: now + TimeSpan(milliseconds: 50))
    #expect(scene.holds == done, "and then no more")
  }

  @Test("A watchdog that can't be kicked cuts; a sound that can't be made is tried again")
  func devices() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.soundFault = .notDelivered
    session.supervisor.raise(.underDelivery, at: now)
    session.turn(at: now)
    do {
      let isSo = scene.sounds > 0 && session.supervisor.alarm(.selfTestFailed).isStanding
      #expect(isSo)
    }
    do {
      let isSo = session.supervisor.cutBy == nil
      #expect(isSo)
    }
    scene.failsToKick = true
    for _ in 0..<4 {
      now = now + TimeSpan(seconds: 1)
      session.turn(at: now)
    }
    do {
      let isSo = session.supervisor.cutBy == .deviceLost && scene.isHeld
      #expect(isSo)
    }
    #expect(scene.orders.contains { if case .cut(.deviceLost, _) = $0 { true } else { false } })
  }

  @Test("An annunciator whose device is gone cuts: nothing that the bench tells is to be believed")
  func soundLost() throws {
    var session = try Pump.running(scene)
    scene.soundFault = .deviceLost
    session.supervisor.raise(.underDelivery, at: scene.now)
    session.turn(at: scene.now)
    do {
      let isSo = session.supervisor.cutBy == .deviceLost && scene.isHeld
      #expect(isSo)
    }
  }

  @Test("A line that does not fall when the drive is silent is an alarm of its own")
  func releaseFails() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    let beat = scene.report.beat
    scene.failsToHold = true
    for _ in 0..<80 {
      now = now + TimeSpan(milliseconds: 50)
      scene.report.beat = beat - 1
      session.turn(at: now)
    }
    do {
      let isSo =
        session.supervisor.alarm(.driveSilent).isStanding
        && session.supervisor.alarm(.deviceLost).isStanding
      #expect(isSo)
    }
  }

  @Test("A journal that says nothing of its part fails the self-test in the end; a word passes it")
  func unproven() throws {
    for proves in [true, nil] as [Bool?] {
      let scene = Scene()
      scene.proves = proves
      var session = try Pump.session(scene)
      var now = Instant.epoch
      for _ in 0..<(10 * 80) {
        session.turn(at: now)
        now = now + TimeSpan(milliseconds: 100)
      }
      let isTesting = session.supervisor.isTesting
      let hasFailed = session.supervisor.alarm(.selfTestFailed).isStanding
      #expect(!isTesting && hasFailed == (proves == nil))
    }
  }

  @Test("A drive that falls silent loses ENABLE, and has it again when it is back")
  func silentDrive() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    let beat = scene.report.beat
    for _ in 0..<80 {
      now = now + TimeSpan(milliseconds: 50)
      scene.report.beat = beat - 1
      session.turn(at: now)
    }
    #expect(scene.isHeld && scene.orders.contains(.hold(true)))
    now = now + TimeSpan(milliseconds: 50)
    session.turn(at: now)
    scene.report.beat += 10
    session.turn(at: now + TimeSpan(milliseconds: 50))
    #expect(!scene.isHeld && scene.orders.contains(.hold(false)))
  }

  @Test("A chattering sensor is an alarm as long as it chatters")
  func chatter() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.chatters = true
    for _ in 0..<40 {
      now = now + TimeSpan(seconds: 1)
      session.turn(at: now)
    }
    do {
      let isSo = session.supervisor.alarm(.sensorChattering).isCausePresent
      #expect(isSo)
    }
    scene.chatters = false
    for _ in 0..<40 {
      now = now + TimeSpan(seconds: 1)
      session.turn(at: now)
    }
    do {
      let isSo = !session.supervisor.alarm(.sensorChattering).isCausePresent
      #expect(isSo)
    }
  }

  @Test("Events that the journal did not take are written later, each once and in order")
  func events() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.takes = false
    session.supervisor.raise(.shortDelivery, at: now)
    session.supervisor.raise(.batteryLow, at: now)
    session.turn(at: now)
    let before = scene.entries.count
    scene.takes = true
    now = now + TimeSpan(milliseconds: 50)
    session.turn(at: now)
    session.turn(at: now + TimeSpan(milliseconds: 50))
    let written = scene.entries[before...].compactMap { entry -> Alarm? in
      if case .event(.alarmRaised(let alarm)) = entry { alarm } else { nil }
    }
    #expect(written == [.shortDelivery, .batteryLow])
  }

  @Test("The status names the alarms that stand, those whose cause holds, and the critical ones")
  func alarmBits() throws {
    var session = try Pump.running(scene)
    session.supervisor.raise(.batteryLow, at: scene.now)
    session.supervisor.raise(.motorStalled, at: scene.now)
    session.supervisor.causeGone(.motorStalled, at: scene.now)
    let critical = session.supervisor.alarm(.motorStalled).priority == .critical
    let status = session.status(at: scene.now)
    #expect(critical)
    #expect(status.standing & Alarm.batteryLow.bit != 0)
    #expect(status.present & Alarm.batteryLow.bit != 0)
    #expect(status.standing & Alarm.motorStalled.bit != 0)
    #expect(status.present & Alarm.motorStalled.bit == 0)
    #expect(status.critical & Alarm.motorStalled.bit != 0)
  }

  @Test("A session ends with every step accounted for, and nothing granted")
  func close() throws {
    var session = try Pump.running(scene)
    var now = scene.now
    scene.report.delivered = 3
    session.turn(at: now + TimeSpan(seconds: 10))
    now = now + TimeSpan(seconds: 10)
    session.close(at: now)
    #expect(
      scene.entries.suffix(2) == [
        .grant(StepCounts(certain: 3), upTo: 3, until: now), .event(.ended),
      ])
  }

  @Test(
    "What begins is journaled before the drive is told: a bolus as the second channel judges it")
  func begin() throws {
    var session = try Pump.session(scene)
    let at = Instant.epoch + TimeSpan(seconds: 1)
    let bolus = try Pump.bolus()
    session.begin(
      Beginning(at: at, place: TimeSpan(minutes: 7), bolus: bolus), isResumed: true, at: .epoch)
    #expect(
      Array(scene.entries.prefix(3)) == [
        .command(.resume, 0, isAccepted: true),
        .command(.begin, TimeSpan(minutes: 7).nanoseconds, isAccepted: true),
        .command(.bolus, bolus.volume.femtolitres, isAccepted: true),
      ])
    do {
      let isSo = scene.beginnings.map(\.at) == [at] && session.beganAt == at
      #expect(isSo)
    }
    // A bolus beyond any limit is written down as refused.
    let other = Scene()
    var second = try Pump.session(other)
    let flood = try Bolus(volume: Volume(microlitres: 19_000), duration: TimeSpan(hours: 20))
    var limits = try Pump.settings()
    limits.limits = DoseLimits(
      perHour: .init(soft: .zero, hard: .zero), perDay: .init(soft: .zero, hard: .zero))
    second = SceneSession(
      pump: SceneDrive(scene: other),
      supervisor: Supervisor(
        settings: limits, prescription: try Pump.prescription(), start: .epoch),
      records: SceneRecords(scene: other))
    second.begin(Beginning(at: .epoch, place: .zero, bolus: flood), at: .epoch)
    #expect(
      other.entries.contains(
        .command(.bolus, flood.volume.femtolitres, isAccepted: false)))
  }
}
