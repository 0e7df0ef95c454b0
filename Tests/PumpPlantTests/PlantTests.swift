import PumpHAL
import PumpPlant
import PumpUnits
import Testing

@Suite("The plant does what it is told, and what its faults make of it")
struct PlantTests {
  private func settings(_ faults: [ScheduledFault] = []) -> PlantSettings {
    let strong = Concentration(microgramsPerMillilitre: 2_000)
    var settings = PlantSettings(
      head: PumpHead(
        volumePerRevolution: Volume(microlitres: 50), stepsPerRevolution: 320_000, rollers: 3,
        pulsationPermille: 400),
      filled: Volume(microlitres: 20_000), lowSwitch: Volume(microlitres: 2_000),
      catheter: Catheter(
        volume: Volume(microlitres: 298), old: Concentration(microgramsPerMillilitre: 500),
        new: strong),
      wallSecondsAtStart: 0)
    settings.faults = FaultSchedule(faults)
    return settings
  }

  private func step(_ bench: inout SimulatedBench<DigestTrace>, _ count: Int) throws {
    for _ in 0..<count {
      try bench.set(.step, .asserted)
      try bench.set(.step, .released)
    }
  }

  @Test("The rotor turns only energised and forwards")
  func lines() throws {
    var bench = SimulatedBench(settings: settings(), trace: DigestTrace())
    try step(&bench, 3)
    try bench.set(.enable, .asserted)
    try step(&bench, 3)
    try bench.set(.direction, .asserted)
    try step(&bench, 5)
    try bench.set(.enable, .released)
    try step(&bench, 7)
    #expect(bench.rotorSteps == 5)
  }

  @Test("Whole revolutions deliver exactly the head's volume, and never backwards in between")
  func head() {
    let head = settings().head
    var last = Volume.zero
    for steps in stride(from: UInt64(0), through: 640_000, by: 1_777) {
      let volume = head.delivered(afterSteps: steps)
      #expect(volume >= last)
      last = volume
    }
    #expect(head.delivered(afterSteps: 320_000) == Volume(microlitres: 50))
    #expect(head.delivered(afterSteps: 3_200_000) == Volume(microlitres: 500))
    var high = head
    high.calibrationErrorPPM = 145_000
    #expect(high.delivered(afterSteps: 320_000) == Volume(femtolitres: 57_250_000_000))
  }

  @Test("Without a bridge the old drug comes first, and then four times the strength")
  func catheter() throws {
    let catheter = settings().catheter
    #expect(try catheter.massAtTip(afterPumping: Volume(microlitres: 298)) == Mass(micrograms: 149))
    let more = try catheter.massAtTip(afterPumping: Volume(microlitres: 398))
    #expect(more == Mass(micrograms: 349))
    #expect(catheter.frontPPM(afterPumping: Volume(microlitres: 149)) == 500_000)
    #expect(catheter.frontPPM(afterPumping: Volume(microlitres: 999)) == 1_000_000)
  }

  @Test("A stall holds the rotor for its time, missed steps for their number")
  func holds() throws {
    let faults = [
      ScheduledFault(.edge(13), .missedSteps(4)),
      ScheduledFault(.at(.epoch + TimeSpan(seconds: 10)), .stall(TimeSpan(seconds: 5))),
    ]
    var bench = SimulatedBench(settings: settings(faults), trace: DigestTrace())
    try bench.set(.direction, .asserted)
    try bench.set(.enable, .asserted)
    // Edges 3 to 12 are five steps; from edge 13 on four are missed.
    try step(&bench, 12)
    #expect(bench.rotorSteps == 8)
    _ = bench.wait(until: .epoch + TimeSpan(seconds: 12))
    try step(&bench, 6)
    #expect(bench.rotorSteps == 8)
    _ = bench.wait(until: .epoch + TimeSpan(seconds: 15))
    try step(&bench, 6)
    #expect(bench.rotorSteps == 14)
  }

  @Test("A late wake-up is late by exactly its time, once")
  func lateWake() {
    let fault = ScheduledFault(
      .at(.epoch + TimeSpan(seconds: 1)), .lateWake(TimeSpan(milliseconds: 250)))
    var bench = SimulatedBench(settings: settings([fault]), trace: DigestTrace())
    let first = bench.wait(until: .epoch + TimeSpan(milliseconds: 900))
    let late = bench.wait(until: .epoch + TimeSpan(seconds: 2))
    let next = bench.wait(until: .epoch + TimeSpan(seconds: 3))
    #expect(first == .epoch + TimeSpan(milliseconds: 900))
    #expect(late == .epoch + TimeSpan(milliseconds: 2_250))
    #expect(next == .epoch + TimeSpan(seconds: 3))
  }

  @Test("A failing edge says so, and dead sensors can't be read")
  func failures() throws {
    let faults = [
      ScheduledFault(.edge(3), .lineFailure(.notDelivered)),
      ScheduledFault(.at(.epoch + TimeSpan(seconds: 5)), .sensorsDead(TimeSpan(seconds: 5))),
    ]
    var bench = SimulatedBench(settings: settings(faults), trace: DigestTrace())
    try bench.set(.direction, .asserted)
    try bench.set(.enable, .asserted)
    #expect(throws: PlantFailure(.notDelivered)) { try bench.set(.step, .asserted) }
    #expect(bench.rotorSteps == 0)
    _ = try bench.readSensors()
    _ = bench.wait(until: .epoch + TimeSpan(seconds: 6))
    #expect(throws: PlantFailure(.notDelivered)) { try bench.readSensors() }
    _ = bench.wait(until: .epoch + TimeSpan(seconds: 10))
    _ = try bench.readSensors()
  }

  @Test("The digest of a trace is the one that its documentation defines")
  func digest() {
    var trace = DigestTrace()
    let edges: [(BenchLine, Bool, UInt64)] = [
      (.direction, true, 0), (.enable, true, 650), (.step, true, 1_700_650),
      (.step, false, 1_702_550),
    ]
    var expected: UInt64 = 0xCBF2_9CE4_8422_2325
    for (line, isAsserted, at) in edges {
      trace.record(line, isAsserted: isAsserted, at: Instant(nanoseconds: at))
      expected ^= at * 16 + UInt64(line.rawValue) * 2 + (isAsserted ? 1 : 0)
      expected =
        (expected << 31 | expected >> 33).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15).low
    }
    #expect(trace.digest.value == expected)
  }
}
