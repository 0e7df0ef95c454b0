import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@Suite("Lines that do not do what they are told")
struct LineFailureTests {
  private func run(_ bench: consuming BrokenBench, seconds: UInt64) throws
    -> ControlLoop<BrokenBench>
  {
    let settings = try Fixture.settings()
    let flow = try settings.step.flow(ofStepsPerSecond: 10)
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.continuous(flow)), grant: .unlimited
      ),
      hardware: bench)
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(seconds: seconds))
    return loop
  }

  @Test("Three STEP edges in a row that fail stop delivery; what they did is uncertain")
  func deadStep() throws {
    let loop = try run(BrokenBench(.step), seconds: 10)
    let (state, ledger) = (loop.engine.state, loop.engine.ledger)
    #expect(state == .tripped(.deviceLost))
    #expect(ledger.uncertain == 3)
    #expect(ledger.delivered == 0)
  }

  @Test("Now and then a failed STEP edge is uncertain, and delivery goes on")
  func shakyStep() throws {
    let loop = try run(BrokenBench(.everyFifthStep), seconds: 10)
    let (state, ledger) = (loop.engine.state, loop.engine.ledger)
    #expect(state == .delivering)
    #expect(ledger.uncertain == 20)
    #expect(ledger.delivered == 80)
  }

  @Test("An ENABLE that is written and does not follow is released again and again, and alarmed")
  func stuckEnable() throws {
    var loop = try run(BrokenBench(.enableStuck), seconds: 10)
    try loop.engine.perform(.suspend, at: loop.hardware.base.now)
    loop.run(until: .epoch + TimeSpan(seconds: 11))
    let state = loop.engine.state
    #expect(state == .tripped(.deviceLost))
    let isAtRest = loop.engine.isAtRest
    #expect(!isAtRest)
    #expect(loop.hardware.releases > 50)
    loop.hardware.lie = .none
    loop.run(until: .epoch + TimeSpan(seconds: 12))
    let isAtRestNow = loop.engine.isAtRest
    #expect(isAtRestNow)
  }

  @Test("A watchdog that can't be kicked stops delivery: an external one cuts the motor meanwhile")
  func deadKick() throws {
    let loop = try run(BrokenBench(.kick), seconds: 30)
    let state = loop.engine.state
    #expect(state == .tripped(.deviceLost))
  }

  @Test("Sensors on a chip that is gone stop delivery; ones that fail for another reason alarm")
  func deadSensors() throws {
    let gone = try run(BrokenBench(.sensorsGone), seconds: 30)
    let state = gone.engine.state
    #expect(state == .tripped(.deviceLost))
    let silent = try run(BrokenBench(.sensorsSilent), seconds: 30)
    let (silentState, alarm) = (silent.engine.state, silent.engine.alarm(.sensorFailed).isStanding)
    #expect(silentState == .delivering)
    #expect(alarm)
  }

  @Test("A DIR that could not be set is set again before any step")
  func failedDirection() throws {
    var loop = try run(BrokenBench(.firstDirection), seconds: 2)
    let state = loop.engine.state
    #expect(state == .tripped(.deviceLost))
    loop.run(until: .epoch + TimeSpan(seconds: 20))
    try loop.engine.perform(.acknowledge(.deviceLost), at: loop.hardware.base.now)
    try loop.engine.perform(.resume, at: loop.hardware.base.now)
    loop.run(until: .epoch + TimeSpan(seconds: 30))
    #expect(loop.hardware.base.rotorSteps > 90)
    #expect(loop.hardware.base.rotorSteps == loop.engine.ledger.delivered)
  }
}

/// A simulated bench of which one thing does not work.
private struct BrokenBench: PumpHardware, ~Copyable {
  enum Lie: Equatable {
    case none, step, everyFifthStep, enableStuck, kick, sensorsGone, sensorsSilent, firstDirection
  }

  typealias AnnunciatorFailure = NoFault

  var base = SimulatedBench(settings: Fixture.plant(), trace: DigestTrace())
  var lie: Lie
  var releases = 0
  private var rises = 0

  init(_ lie: Lie) { self.lie = lie }

  mutating func readClock() -> Instant { base.readClock() }
  mutating func wait(until deadline: Instant) -> Instant { base.wait(until: deadline) }
  mutating func readWallClock() -> Int64 { base.readWallClock() }

  mutating func set(_ line: DriverLine, _ level: LineLevel) throws(PlantFailure) {
    if line == .enable, level == .released { releases += 1 }
    if line == .step, level == .asserted {
      rises += 1
      if lie == .step || lie == .everyFifthStep && rises % 5 == 0 {
        throw PlantFailure(.deliveryUncertain)
      }
    }
    if line == .direction, lie == .firstDirection {
      lie = .none
      throw PlantFailure(.notDelivered)
    }
    try base.set(line, level)
  }

  mutating func readBack(_ line: DriverLine) throws(PlantFailure) -> LineLevel {
    line == .enable && lie == .enableStuck ? .asserted : base.readBack(line)
  }

  mutating func readSensors() throws(PlantFailure) -> SensorReadings {
    if lie == .sensorsGone { throw PlantFailure(.deviceLost) }
    if lie == .sensorsSilent { throw PlantFailure(.notDelivered) }
    return try base.readSensors()
  }

  mutating func sound(_ tone: AlarmTone) { base.sound(tone) }

  mutating func kickWatchdog() throws(PlantFailure) {
    if lie == .kick { throw PlantFailure(.notDelivered) }
    base.kickWatchdog()
  }
}
