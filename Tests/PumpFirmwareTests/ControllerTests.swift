import PumpJournal
import PumpMessages
import PumpPlant
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpFirmware

@Suite("A board's controller, in virtual time", .serialized)
struct ControllerTests {
  /// 500 µL/day, 111 steps/s, without the single bolus.
  func profile(_ single: Bolus? = nil) throws -> CompiledProfile {
    var profile = try ImageTests.profile(.continuous(FlowRate(microlitresPerDay: 500)))
    profile.run.singleBolus = single
    return profile
  }

  func code(_ host: TestHost, _ line: String) -> TestHost.Refused? {
    do { try host.ask(line) } catch { return error as? TestHost.Refused }
    return nil
  }

  @Test("Each request has the name that it has everywhere, and the journal has it with its answer")
  func requests() throws {
    let host = TestHost()
    #expect(code(host, "suspend") == .init(code: 7, detail: 0))
    try host.run(try profile())
    #expect(host.hasTold("began"))
    let before = host.requests().count
    // 2 µL over 100 s, 2 µL over 60 s; the last two are refused: nothing to end, and no such alarm.
    let volume = String(2_000_000_000, radix: 16)
    for (line, refusal) in [
      ("bolus \(volume) 174876e800 1", nil), ("cancel-bolus", nil),
      ("prime \(volume) df8475800 1", nil), ("cancel-bolus", nil), ("patient-bolus", nil),
      ("cancel-bolus", nil), ("suspend", nil), ("resume", nil), ("anchor 0", nil),
      ("refill 4563918244f4000", 16), ("cancel-bolus", 4), ("acknowledge 2", 15),
      ("silence 2 df8475800", 15),
    ] as [(String, Int?)] {
      let refused = code(host, line)
      #expect(refused == refusal.map { .init(code: 11, detail: $0) }, "\(line)")
      // A bolus slows down before the next begins.
      host.wait(TimeSpan(seconds: 10))
    }
    let found = host.requests().dropFirst(before)
    let wanted: [(CommandKind, Bool)] = [
      (.bolus, true), (.cancelBolus, true), (.prime, true), (.cancelBolus, true),
      (.patientBolus, true), (.cancelBolus, true), (.suspend, true), (.resume, true),
      (.anchor, true), (.refill, false), (.cancelBolus, false), (.acknowledge, false),
      (.silence, false),
    ]
    #expect(found.map(\.kind) == wanted.map(\.0))
    #expect(found.map(\.isAccepted) == wanted.map(\.1))
    #expect(code(host, "bolus 1") == .init(code: 4, detail: 0))
    #expect(code(host, "cancel") == .init(code: 3, detail: 0))
  }

  @Test(
    "Resets at any moment, requests between them: what moved the motor is within the journal's bounds, each time"
  )
  func resets() throws {
    let seed = UInt64.random(in: 1...UInt64(UInt32.max))
    var chance = SplitMix64(seed: seed)
    var host = TestHost()
    try host.run(try profile())
    // What delivers more comes twice: a pump that is held makes no steps to count.
    let lines = [
      "bolus 77359400 df8475800 1", "patient-bolus", "prime 77359400 df8475800 1", "resume",
      "resume", "suspend", "cancel-bolus", "anchor 0",
    ]
    var made = 0
    for number in 1...60 {
      for _ in 0..<chance.next() % 4 {
        _ = code(host, lines[Int(chance.next() % UInt64(lines.count))])
        host.wait(TimeSpan(milliseconds: 1 + chance.next() % 3_000))
      }
      host.wait(TimeSpan(milliseconds: 1 + chance.next() % 3_000))
      made += TestBoard.world.steps
      host = TestHost(keepsFlash: true, keepsRetained: true)
      host.wait(TimeSpan(seconds: 2))
      let counts = host.state.counts
      let now = made + TestBoard.world.steps
      #expect(host.hasTold("began"), "seed \(seed), reset \(number)")
      #expect(
        Int(counts.certain) <= now && now <= Int(host.state.carried.highest),
        "seed \(seed), reset \(number): \(counts), \(now) made")
    }
    #expect(made > 10_000)
  }

  @Test("A trip outlives a reset: nothing moves until somebody has acknowledged it")
  func trip() throws {
    var host = TestHost()
    try host.run(try profile())
    TestBoard.world.isUnpowered = true
    for _ in 0..<60 where try host.ask("status")["state"] != "tripped" {
      host.wait(TimeSpan(seconds: 60))
    }
    #expect(try host.ask("status")["state"] == "tripped")
    for _ in 0..<2 {
      host = TestHost(keepsFlash: true, keepsRetained: true)
      host.wait(TimeSpan(seconds: 90))
      #expect(host.hasTold("waits alarm=\(Alarm.motorStalled.rawValue)"))
      #expect(try host.ask("status")["state"] == "waiting")
      #expect(TestBoard.world.steps == 0 && !host.hasTold("began"))
      #expect(code(host, "resume")?.code == 11)
    }
    try host.ask("acknowledge \(String(Alarm.motorStalled.rawValue, radix: 16))")
    host.wait(TimeSpan(seconds: 30))
    #expect(host.hasTold("began") && TestBoard.world.steps > 1_000)
  }

  @Test("A hold outlives a reset, and so does a lock-out")
  func held() throws {
    var host = TestHost()
    try host.run(try profile())
    try host.ask("patient-bolus")
    try host.ask("suspend")
    host.wait(TimeSpan(seconds: 10))
    host = TestHost(keepsFlash: true, keepsRetained: true)
    host.wait(TimeSpan(seconds: 60))
    #expect(try host.ask("status")["state"] == "suspended")
    #expect(TestBoard.world.steps == 0)
    try host.ask("resume")
    host.wait(TimeSpan(seconds: 30))
    #expect(TestBoard.world.steps > 1_000)
    #expect(code(host, "patient-bolus") == .init(code: 11, detail: 11))
  }

  @Test("A single bolus is given once, whatever breaks the therapy off")
  func bolusOnce() throws {
    let bolus = try Bolus(volume: Volume(microlitres: 7), duration: TimeSpan(minutes: 1))
    var host = TestHost()
    try host.run(try profile(bolus))
    host.wait(TimeSpan(seconds: 90))
    // 7 µL are 134,400 steps.
    #expect(TestBoard.world.steps > 134_000)
    for isReset in [true, false, true] {
      host = TestHost(keepsFlash: true, keepsRetained: isReset)
      host.wait(TimeSpan(seconds: 90))
      #expect(host.hasTold("began") && TestBoard.world.steps < 12_000)
    }
  }

  @Test("After a loss of power the minimum rate runs until a clinician has looked")
  func powerLoss() throws {
    var host = TestHost()
    try host.run(try profile())
    host.wait(TimeSpan(seconds: 60))
    #expect(TestBoard.world.steps > 5_000)
    host = TestHost(keepsFlash: true, keepsRetained: false)
    host.wait(TimeSpan(seconds: 120))
    #expect(host.hasTold("began") && TestBoard.world.steps < 1_000)
    // A reset is no look.
    host = TestHost(keepsFlash: true, keepsRetained: true)
    host.wait(TimeSpan(seconds: 120))
    #expect(host.hasTold("began") && TestBoard.world.steps < 1_000)
    try host.ask("stop")
    host.wait(TimeSpan(seconds: 10))
    try host.ask("start 0 0 d")
    let before = TestBoard.world.steps
    host.wait(TimeSpan(seconds: 60))
    #expect(TestBoard.world.steps - before > 5_000)
  }

  @Test(
    "A second start in one power-on knows the time: the rate is the prescribed one, at the place that was said"
  )
  func secondStart() throws {
    var profile = try profile()
    profile.run.prescription = Prescription(
      therapy: try ImageTests.pattern(),
      concentration: profile.run.prescription.concentration)
    let host = TestHost()
    try host.run(profile)
    for idle in [10, 50] as [UInt64] {
      try host.ask("stop")
      host.wait(TimeSpan(minutes: idle))
      // An hour into the pattern, whose second hour runs at 101 µL/day.
      try host.ask("start \(String(TimeSpan(hours: 1).nanoseconds, radix: 16)) 0 1")
      host.wait(TimeSpan(seconds: 20))
      let status = try host.ask("status")
      #expect(status["state"] == "delivering" && status["flow-fl-per-day"] == "101000000000")
      let place = try #require(host.state.began).place
      #expect(place >= TimeSpan(hours: 1) && place < TimeSpan(hours: 1) + TimeSpan(seconds: 20))
    }
  }

  @Test(
    "A board that stands idle after it was switched on adds nothing to the place that it is told")
  func idleStart() throws {
    var host = TestHost()
    try host.run(try profile())
    try host.ask("stop")
    host.wait(TimeSpan(seconds: 10))
    host = TestHost(keepsFlash: true, keepsRetained: false)
    host.wait(TimeSpan(hours: 10))
    try host.ask("start 0 0 9")
    host.wait(TimeSpan(seconds: 20))
    #expect(host.hasTold("began"))
    let place = try #require(host.state.began).place
    #expect(place < TimeSpan(seconds: 20))
  }

  @Test("What an alarm stopped stays so for every request that moves the motor")
  func waits() throws {
    var host = TestHost()
    try host.run(try profile())
    TestBoard.world.isUnpowered = true
    for _ in 0..<60 where try host.ask("status")["state"] != "tripped" {
      host.wait(TimeSpan(seconds: 60))
    }
    host = TestHost(keepsFlash: true, keepsRetained: true)
    host.wait(TimeSpan(seconds: 5))
    #expect(try host.ask("status")["waits-for"] == "\(Alarm.motorStalled.rawValue)")
    for line in [
      "prime 77359400 df8475800 1", "bolus 77359400 df8475800 1", "patient-bolus", "resume",
      "anchor 0",
    ] { #expect(code(host, line) == .init(code: 11, detail: 13), "\(line)") }
    host.wait(TimeSpan(minutes: 2))
    #expect(TestBoard.world.steps == 0)
    try host.ask("stop")
    host.wait(TimeSpan(seconds: 1))
    #expect(host.hasTold("ended"))
  }

  @Test("A trip that was seen to after hours begins at the minimum rate: for so long nothing ran")
  func longWait() throws {
    var host = TestHost()
    try host.run(try profile())
    TestBoard.world.isUnpowered = true
    for _ in 0..<60 where try host.ask("status")["state"] != "tripped" {
      host.wait(TimeSpan(seconds: 60))
    }
    host = TestHost(keepsFlash: true, keepsRetained: true)
    host.wait(TimeSpan(hours: 2))
    try host.ask("acknowledge \(String(Alarm.motorStalled.rawValue, radix: 16))")
    host.wait(TimeSpan(seconds: 120))
    #expect(host.hasTold("began") && host.state.waitsForClinician)
    #expect(TestBoard.world.steps > 0 && TestBoard.world.steps < 1_000)
  }

  @Test(
    "A stop ends a prime too: the session ends with the motor at rest, and every step in the books")
  func stopEndsPrime() throws {
    let host = TestHost()
    try host.run(try profile())
    try host.ask("suspend")
    host.wait(TimeSpan(seconds: 10))
    // 10 µL over 120 s: 1,600 steps a second.
    try host.ask("prime 2540be400 1bf08eb000 1")
    host.wait(TimeSpan(seconds: 20))
    try host.ask("stop")
    host.wait(TimeSpan(seconds: 30))
    #expect(host.hasTold("ended"))
    #expect(TestBoard.world.steps > 20_000 && TestBoard.world.steps < 36_000)
    #expect(host.state.counts.certain == UInt64(TestBoard.world.steps))
    #expect(host.state.counts.uncertain == 0)
  }
}
