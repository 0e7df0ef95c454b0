import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpTherapy
import PumpUnits
import Testing

@Suite("A drive that gives up its prescription, or loses its power, gives no bolus to its end")
struct FallBackTests {
  /// Two steps a second, and ten more from a bolus of five minutes that has run for one.
  private func loop(_ witness: Witness = Witness()) throws -> ControlLoop<
    SimulatedBench<WitnessTrace>
  > {
    let settings = try Fixture.settings()
    var loop = ControlLoop(
      engine: Engine(
        settings: settings,
        prescription: Fixture.prescription(
          .continuous(try settings.step.flow(ofStepsPerSecond: 2))), grant: .unlimited),
      hardware: Fixture.watchedBench(witness))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    let bolus = try Bolus(
      volume: settings.step.volume(ofSteps: 3_000), duration: TimeSpan(minutes: 5))
    try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(minutes: 1))
    return loop
  }

  private func endings(_ loop: borrowing ControlLoop<SimulatedBench<WitnessTrace>>) -> [Bool] {
    var whole: [Bool] = []
    for number in 0..<loop.engine.eventCount {
      if case .bolusEnded(.single, _, let isWhole)? = loop.engine.event(number)?.event {
        whole.append(isWhole)
      }
    }
    return whole
  }

  @Test("A fall-back ends the bolus, and what runs from then on is its flow alone")
  func fallBack() throws {
    for rate: UInt64 in [1, 0] {
      let witness = Witness()
      var loop = try loop(witness)
      let flow = try Fixture.step().flow(ofStepsPerSecond: rate)
      loop.engine.fallBack(to: flow, at: loop.hardware.now)
      loop.run(until: loop.hardware.now + TimeSpan(seconds: 5))
      let before = witness.rises.count
      loop.run(until: loop.hardware.now + TimeSpan(minutes: 2))
      let made = UInt64(witness.rises.count - before)
      #expect(made >= 119 * rate && made <= 121 * rate, "\(made) steps at \(rate) a second")
      let ended = endings(loop)
      #expect(ended == [false])
    }
  }

  @Test("A bolus whose power was taken was not given whole, and the report says what runs")
  func cut() throws {
    var loop = try loop()
    let running = loop.engine.report(beat: 1, at: loop.hardware.now)
    #expect(running.isDelivering && !running.isTripped)
    loop.engine.stop(because: .deviceLost, at: loop.hardware.now)
    let ended = endings(loop)
    let stopped = loop.engine.report(beat: 2, at: loop.hardware.now)
    #expect(ended == [false])
    #expect(!stopped.isDelivering && stopped.isTripped)
  }

  @Test("A suspended drive delivers only while its bolus slows down")
  func suspended() throws {
    var loop = try loop()
    try loop.engine.perform(.suspend, at: loop.hardware.now)
    loop.run(until: loop.hardware.now + TimeSpan(seconds: 5))
    let report = loop.engine.report(beat: 1, at: loop.hardware.now)
    let ended = endings(loop)
    #expect(!report.isDelivering && !report.isTripped && ended == [false])
    try loop.engine.perform(.resume, at: loop.hardware.now)
    let again = loop.engine.report(beat: 2, at: loop.hardware.now)
    #expect(again.isDelivering)
  }
}
