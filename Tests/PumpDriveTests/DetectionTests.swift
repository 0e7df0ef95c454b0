import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpDrive

@Suite("Each fault raises its alarm within its time, and does what the table of hazards says")
struct DetectionTests {
  private static let rate: UInt64 = 2

  private typealias Loop = TestLoop<DirectWire>

  /// Both channels at 2 steps/s, a pulse every hundred steps.
  private func loop(
    _ faults: [ScheduledFault], serving: TimeSpan = .zero,
    energise: DriverTiming.Energise = .always
  ) throws -> Loop {
    let table = Fixture.driver
    let settings = try Fixture.settings(
      driver: DriverTiming(
        stepHigh: table.stepHigh, stepLow: table.stepLow, directionSetUp: table.directionSetUp,
        directionHold: table.directionHold, wakeUp: table.wakeUp, energise: energise))
    let witness = Witness()
    var bench = Fixture.watchedBench(witness, faults: faults)
    _ = bench.wait(until: .epoch + serving)
    let start = bench.now
    var loop = Fixture.channels(
      settings,
      Fixture.prescription(.continuous(try settings.step.flow(ofStepsPerSecond: Self.rate))),
      on: bench, journal: Journal(blank: WitnessStore(MemoryStore(slots: 4_096), witness)),
      wire: DirectWire())
    loop.open()
    try loop.perform(.begin(isConfirmed: true), at: start)
    return loop
  }

  /// When an alarm was first raised in either channel.
  private func raised(_ alarm: Alarm, _ loop: borrowing Loop) -> Instant? {
    for number in 0..<loop.session.supervisor.eventCount {
      if let event = loop.session.supervisor.event(number), event.event == .alarmRaised(alarm) {
        return event.at
      }
    }
    for number in 0..<loop.session.pump.loop.engine.eventCount {
      if let event = loop.session.pump.loop.engine.event(number), event.event == .alarmRaised(alarm)
      {
        return event.at
      }
    }
    return nil
  }

  private func at(_ seconds: UInt64) -> Instant { .epoch + TimeSpan(seconds: seconds) }

  @Test("A stall is alarmed after a pulse and its play, and stops delivery two pulses later")
  func stall() throws {
    var loop = try loop([ScheduledFault(.at(at(1_000)), .stall(.day))])
    loop.run(until: at(3_000))
    let found = raised(.motorStalled, loop)
    let alarm = try #require(found)
    // 137 steps without a pulse, counted from the last one, at 2 steps/s.
    #expect(alarm > at(1_000) && alarm <= at(1_000 + 70))
    let cut = loop.session.supervisor.cutBy
    #expect(cut == .motorStalled)
    let (rises, isEnergised) = (
      loop.session.pump.loop.hardware.trace.witness.rises,
      loop.session.pump.loop.hardware.trace.witness.isEnergised
    )
    #expect(try #require(rises.last) <= at(1_000 + 171))
    #expect(!isEnergised)
  }

  @Test("A motor that turns again ends the alarm's cause; nothing that it lost is repaid")
  func stallEnds() throws {
    var loop = try loop([ScheduledFault(.at(at(1_000)), .stall(TimeSpan(seconds: 80)))])
    loop.run(until: at(3_000))
    let (cut, entry) = (loop.session.supervisor.cutBy, loop.session.supervisor.alarm(.motorStalled))
    #expect(cut == nil)
    #expect(entry.isStanding && !entry.isCausePresent)
    let (rises, rotor) = (
      loop.session.pump.loop.hardware.trace.witness.rises.count,
      loop.session.pump.loop.hardware.rotorSteps
    )
    #expect(rises == 6_000 || rises == 5_999)
    #expect(UInt64(rises) - rotor == 160)
    // What may be lost is uncertain: what the motor really did lies within.
    let ledger = loop.session.pump.loop.engine.ledger
    #expect(ledger.delivered <= rotor)
    #expect(rotor <= ledger.delivered + ledger.uncertain)
    #expect((160...360).contains(ledger.uncertain), "\(ledger.uncertain) uncertain")
    let standing = loop.session.supervisor.alarm(.deliveryUncertain).isStanding
    #expect(standing)
  }

  @Test(
    "A motor that turns by itself while nothing is commanded loses its power at the first pulse")
  func creep() throws {
    var loop = try loop([ScheduledFault(.at(at(1_000)), .creep(TimeSpan(seconds: 60)))])
    loop.run(until: at(900))
    // A rate of a step in hours, as far as the next minute goes.
    let slow = Fixture.prescription(.continuous(FlowRate(femtolitresPerDay: 1_000_000)))
    try loop.perform(.adopt(slow, place: .zero, isConfirmed: true), at: at(900))
    loop.run(until: at(1_100))
    let found = raised(.unexpectedMotion, loop)
    let alarm = try #require(found)
    // It turns at 200 steps/s, so a pulse comes within half a second.
    #expect(alarm <= at(1_000) + TimeSpan(milliseconds: 600))
    let falls = loop.session.pump.loop.hardware.trace.witness.enableFalls
    let fall = try #require(falls.last)
    #expect(fall == alarm)
  }

  @Test("Button, wild sensors, reservoir: each alarm within its time, and delivery goes on")
  func slowSensors() throws {
    let cases: [(PlantFault, Alarm, UInt64)] = [
      (.buttonHeld(TimeSpan(minutes: 3)), .buttonStuck, 71),
      (.wildSensors(TimeSpan(minutes: 2)), .sensorImplausible, 31),
      (.reservoirLoss(Volume(microlitres: 2_500)), .reservoirMismatch, 11),
      (.driverFault(TimeSpan(minutes: 1)), .driverFault, 11),
      (.sensorsDead(TimeSpan(minutes: 1)), .sensorFailed, 11),
      (.temperature(70_000), .overheated, 11), (.battery(2_100), .batteryDepleted, 11),
      (.wallClock(30), .wallClockMoved, 11),
    ]
    for (fault, alarm, within) in cases {
      var loop = try loop([ScheduledFault(.at(at(1_000)), fault)])
      loop.run(until: at(1_400))
      let found = raised(alarm, loop)
      let when = try #require(found, "\(alarm)")
      #expect(when >= at(1_000) && when <= at(1_000 + within), "\(alarm)")
      let isDelivering = loop.session.pump.loop.engine.state == .delivering
      #expect(isDelivering == (alarm != .driverFault), "\(alarm)")
    }
  }

  @Test("Ninety days before its end of service a pump asks to be replaced; then it stops by itself")
  func service() throws {
    let life = TimeSpan(days: 7 * 365)
    for (age, due, isOver) in [
      (life - TimeSpan(days: 91), false, false), (life - TimeSpan(days: 90), true, false),
      (life, true, true),
    ] {
      let settings = try Fixture.settings()
      var supervisor = Supervisor(
        settings: Fixture.guarding(settings),
        prescription: Fixture.prescription(.stopped), start: .epoch + age)
      supervisor.observe(SensorReadings(), at: .epoch + age)
      let (replacement, cut) = (
        supervisor.alarm(.replacementDue).isStanding, supervisor.cutBy
      )
      #expect(cut == (isOver ? .endOfService : nil))
      #expect((replacement || isOver) == due)
    }
  }

  @Test("Stopped by command: a reminder after 24 h, critical after 48 h")
  func stoppedLong() throws {
    var loop = try loop([])
    loop.run(until: at(60))
    try loop.perform(.suspend, at: at(60))
    loop.run(until: at(60) + TimeSpan(hours: 25))
    let found = raised(.stoppedLong, loop)
    let alarm = try #require(found)
    #expect(alarm.elapsed(since: at(60) + .day) <= TimeSpan(seconds: 11))
    let early = loop.session.supervisor.alarm(.stoppedLong).priority
    #expect(early == .nonCritical)
    loop.run(until: at(60) + TimeSpan(hours: 49))
    let late = loop.session.supervisor.alarm(.stoppedLong).priority
    #expect(late == .critical)
  }

  @Test("The sensors can be read between two rounds, and what they say counts at once")
  func readNow() throws {
    let settings = try Fixture.settings()
    let fault = ScheduledFault(.at(.epoch), .driverFault(TimeSpan(minutes: 1)))
    var loop = ControlLoop(
      engine: Engine(
        settings: settings,
        prescription: Fixture.prescription(
          .continuous(try settings.step.flow(ofStepsPerSecond: 20))), grant: .unlimited),
      hardware: Fixture.watchedBench(Witness(), faults: [fault]))
    // What the first round has not seen yet.
    loop.run(until: .epoch + TimeSpan(milliseconds: 1))
    loop.readSensors()
    let standing = loop.engine.report(beat: 1, at: loop.hardware.now).standing
    #expect(standing & Alarm.driverFault.bit != 0)
  }
}
