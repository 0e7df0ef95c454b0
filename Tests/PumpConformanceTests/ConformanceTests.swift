import PumpConformance
import PumpHAL
import PumpLinux
import PumpPlant
import PumpReplay
import PumpUnits
import Testing

/// The suite that GPIO lines pass by `itpump hardware conform`, on every backend that needs no chip.
@Suite("Every backend keeps the promises of the hardware protocols")
struct ConformanceTests {
  private static func bench() -> SimulatedBench<DigestTrace> {
    let concentration = Concentration(microgramsPerMillilitre: 500)
    return SimulatedBench(
      settings: PlantSettings(
        head: PumpHead(volumePerRevolution: Volume(microlitres: 50), stepsPerRevolution: 320_000),
        filled: Volume(microlitres: 18_000), lowSwitch: Volume(microlitres: 2_000),
        catheter: Catheter(
          volume: Volume(microlitres: 298), old: concentration, new: concentration),
        wallSecondsAtStart: 1_700_000_000), trace: DigestTrace())
  }

  @Test("The simulated bench in virtual time")
  func simulated() {
    var hardware = Self.bench()
    var conformance = HardwareConformance()
    conformance.check(&hardware)
    #expect(conformance.violations == [])
    #expect(conformance.kept.count > 20)
  }

  @Test("The simulated bench behind the machine's clock")
  func paced() {
    var hardware = PacedBench(base: Self.bench(), clock: PacedClock(pace: .init()))
    var conformance = HardwareConformance()
    conformance.check(&hardware)
    #expect(conformance.violations == [])
  }

  @Test("A recorded bench, and the replay of its record, which answers the same")
  func recordedAndReplayed() {
    var hardware = RecordedHardware(base: Self.bench(), sink: ListSink())
    var conformance = HardwareConformance()
    conformance.check(&hardware)
    #expect(conformance.violations == [])
    let calls = hardware.sink.calls
    #expect(calls.count > 100)
    var replayed = ReplayedHardware(source: ListSource(calls: calls))
    var again = HardwareConformance()
    again.check(&replayed)
    #expect(again.violations == [])
    #expect(again.kept == conformance.kept)
    #expect(replayed.divergence == nil)
    #expect(replayed.replayed == UInt64(calls.count))
  }

  @Test("A backend that wakes early, forgets levels or reports idle pulses is caught")
  func liarsAreCaught() {
    for lie in LyingBench.Lie.allCases {
      var hardware = LyingBench(base: Self.bench(), lie: lie)
      var conformance = HardwareConformance()
      conformance.check(&hardware)
      #expect(!conformance.violations.isEmpty, "\(lie)")
    }
  }

  @Test("A replay that is asked for something else says where it left the record")
  func divergence() {
    var hardware = RecordedHardware(base: Self.bench(), sink: ListSink())
    try? hardware.set(.direction, .asserted)
    try? hardware.set(.enable, .asserted)
    var replayed = ReplayedHardware(source: ListSource(calls: hardware.sink.calls))
    try? replayed.set(.direction, .asserted)
    try? replayed.set(.step, .asserted)
    #expect(replayed.divergence?.number == 1)
    #expect(replayed.divergence?.recorded == .set(.enable, .asserted, nil))
    #expect(replayed.divergence?.asked == .set(.step, .asserted, nil))
  }
}

private struct ListSink: HardwareCallSink, ~Copyable {
  private(set) var calls: [HardwareCall] = []

  mutating func take(_ call: HardwareCall) { calls.append(call) }
}

private struct ListSource: HardwareCallSource, ~Copyable {
  var calls: [HardwareCall]
  private var at = 0

  init(calls: [HardwareCall]) { self.calls = calls }

  mutating func next() -> HardwareCall? {
    guard at < calls.count else { return nil }
    at += 1
    return calls[at - 1]
  }

  mutating func takeNews() -> Bool {
    guard at < calls.count, calls[at] == .hadNews else { return false }
    at += 1
    return true
  }

  mutating func wasLeft() {}
}

/// A backend that breaks one promise.
private struct LyingBench: PumpHardware, ~Copyable {
  typealias AnnunciatorFailure = NoFault

  enum Lie: CaseIterable {
    case wakesEarly
    case clockGoesBack
    case wallClockRuns
    case forgetsLevel
    case idlePulses
    case failsToKick
  }

  var base: SimulatedBench<DigestTrace>
  let lie: Lie
  private var calls: UInt64 = 0

  init(base: consuming SimulatedBench<DigestTrace>, lie: Lie) {
    self.base = base
    self.lie = lie
  }

  mutating func readClock() -> Instant {
    calls += 1
    let now = base.readClock()
    guard lie == .clockGoesBack, calls % 3 == 0 else { return now + TimeSpan(nanoseconds: 9) }
    return now
  }

  mutating func wait(until deadline: Instant) -> Instant {
    let woke = base.wait(until: deadline)
    return lie == .wakesEarly ? woke.preceding(by: TimeSpan(nanoseconds: 1)) : woke
  }

  mutating func readWallClock() -> Int64 {
    calls += 10
    return base.readWallClock() + (lie == .wallClockRuns ? Int64(calls) : 0)
  }

  mutating func set(_ line: DriverLine, _ level: LineLevel) throws(PlantFailure) {
    if lie == .forgetsLevel, line == .direction { return }
    try base.set(line, level)
  }

  mutating func readBack(_ line: DriverLine) throws(PlantFailure) -> LineLevel {
    base.readBack(line)
  }

  mutating func readSensors() throws(PlantFailure) -> SensorReadings {
    calls += 1
    var readings = try base.readSensors()
    if lie == .idlePulses { readings.indexPulses = calls }
    return readings
  }

  mutating func sound(_ tone: AlarmTone) { base.sound(tone) }

  mutating func kickWatchdog() throws(PlantFailure) {
    if lie == .failsToKick { throw PlantFailure(.deviceLost) }
    base.kickWatchdog()
  }
}
