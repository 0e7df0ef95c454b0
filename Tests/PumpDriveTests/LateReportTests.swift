import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlant
import PumpSafety
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpDrive

/// A drive in a process of its own: what it tells is up to 20 ms old, and what its lines count is fresh.
private struct LateWire: ChannelWire {
  private var told: DriveReport?

  mutating func carry(_ report: DriveReport) -> DriveReport {
    if told.map({ report.at.elapsed(since: $0.at) >= TimeSpan(milliseconds: 20) }) ?? true {
      told = report
    }
    var carried = told ?? report
    carried.lineCount = report.count
    return carried
  }

  func carry(_ grant: Grant) -> Grant { grant }
}

@Suite("An honest drive is not taken for a liar because its word is some milliseconds old")
struct LateReportTests {
  private func loop(
    _ therapy: Therapy, _ witness: Witness, patient: PatientBolusRule? = nil
  ) throws -> TestLoop<LateWire> {
    let settings = try Fixture.settings()
    var loop = Fixture.channels(
      settings, Fixture.prescription(therapy, patient: patient),
      on: Fixture.watchedBench(witness, stepsPerIndex: 800),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: 64), witness)), wire: LateWire(),
      guarding: Fixture.guarding(settings, stepsPerIndex: 800))
    loop.open()
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    return loop
  }

  @Test("One that is held at any moment between two words", arguments: 0..<25)
  func held(millisecond: UInt64) throws {
    let step = try Fixture.step()
    let witness = Witness()
    var loop = try loop(.continuous(step.flow(ofStepsPerSecond: 1_000)), witness)
    var now = Instant.epoch + TimeSpan(milliseconds: 5_000 + millisecond)
    for command in [Command.suspend, .resume, .suspend] {
      loop.run(until: now)
      let made = witness.rises.count
      try loop.perform(command, at: now)
      #expect(loop.session.supervisor.cutBy == nil)
      now = now + TimeSpan(milliseconds: 1_003)
      loop.run(until: now)
      let cutBy = loop.session.supervisor.cutBy
      #expect(cutBy == nil, "\(command) after \(made) steps")
    }
    #expect(witness.rises.count > 5_000)
  }

  @Test("Random programmes with every command, at steady and at bolus rates", arguments: 1...40)
  func randomProgrammes(seed: UInt64) throws {
    var random = SplitMix64(seed: seed &+ 0x1A7E)
    let step = try Fixture.step()
    let rule = try PatientBolusRule(
      bolus: Bolus(volume: step.volume(ofSteps: 500), duration: TimeSpan(seconds: 5)),
      lockout: TimeSpan(seconds: 20), maximumPerDay: 4)
    let witness = Witness()
    var loop = try loop(OracleRun.therapy(&random, step: step), witness, patient: rule)
    for _ in 0..<120 {
      let now =
        loop.session.pump.loop.hardware.now
        + TimeSpan(milliseconds: 1 + random.next() % 700)
      loop.run(until: now)
      let command = try InvariantTests.command(&random, step)
      try? loop.perform(command, at: loop.session.pump.loop.hardware.now)
      let cutBy = loop.session.supervisor.cutBy
      #expect(cutBy == nil, "seed \(seed), after \(command)")
      if cutBy != nil { return }
    }
  }
}
