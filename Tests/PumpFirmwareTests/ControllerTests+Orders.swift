import PumpDrive
import PumpJournal
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpFirmware

/// Requests of a board's host, each with its ticket.
extension ControllerTests {
  /// Where it does not matter what has happened.
  private var any: String { "ffffffffffffffff" }
  /// 2 µL, 38,400 steps, over 60 s.
  private var bolus: String { "bolus 77359400 df8475800 1" }

  /// What becomes of a line: the answer's words, or the refusal's with `code` in front.
  private func told(_ host: TestHost, _ line: String) -> [String: String] {
    do { return try host.ask(line) } catch { return (error as? TestHost.Refused)?.fields ?? [:] }
  }

  @Test(
    "The same ticket again gets the same answer and gives nothing, over a reset too; another request under it is refused"
  )
  func repeated() throws {
    var host = TestHost()
    try host.run(try profile())
    let order = "order 7a 3e8 1 \(any) \(bolus)"
    let first = try host.ask(order)
    #expect(first["repeated"] == nil && first["ticket"] == "000000000000007a")
    host.wait(TimeSpan(seconds: 120))
    let made = TestBoard.world.steps
    #expect(made > 38_400)
    #expect(try host.ask(order)["repeated"] == "1")
    host.wait(TimeSpan(seconds: 60))
    #expect(TestBoard.world.steps - made < 10_000)
    let other = told(host, "order 7a 3e8 1 \(any) bolus 77359401 df8475800 1")
    #expect(other["code"] == "11" && other["detail"] == "23")
    // A refusal is remembered as well, with what goes with it.
    for isAgain in [false, true] {
      let refused = told(host, "order 7b 3e8 1 \(any) cancel-bolus")
      #expect(refused["code"] == "11" && refused["detail"] == "4")
      #expect(refused["ticket"] == "000000000000007b")
      #expect((refused["repeated"] == "1") == isAgain)
    }
    host = TestHost(keepsFlash: true, keepsRetained: true)
    host.wait(TimeSpan(seconds: 10))
    #expect(try host.ask(order)["repeated"] == "1")
    let again = told(host, "order 7b 3e8 1 \(any) cancel-bolus")
    #expect(again["detail"] == "4" && again["repeated"] == "1")
    host.wait(TimeSpan(seconds: 60))
    #expect(TestBoard.world.steps < 12_000)
  }

  @Test("The journal has each request, who asked for it, and what became of it")
  func journaled() throws {
    let host = TestHost()
    try host.run(try profile())
    _ = told(host, "order 1 3e8 1 \(any) \(bolus)")
    _ = told(host, "order 2 3e9 2 \(any) patient-bolus")
    _ = told(host, "order 3 0 0 \(any) suspend")
    var asked: [UInt64: Operator] = [:]
    var answered: [UInt64: Answered.Result] = [:]
    for entry in host.entries() {
      if case .asked(let ticket, _, _, let by) = entry { asked[ticket] = by }
      if case .answered(let ticket, _, _, let result) = entry { answered[ticket] = result }
    }
    #expect(
      asked == [
        1: Operator(user: 1_000, role: .clinician), 2: Operator(user: 1_001, role: .patient),
        3: Operator(user: 0, role: .bench),
      ])
    #expect(answered == [1: .accepted, 2: .refused(.bolusInProgress), 3: .accepted])
  }

  @Test(
    "A reset between a bolus and its records leaves it unknown: the ticket gives none, and its lock-out holds"
  )
  func unknown() throws {
    var host = TestHost()
    try host.run(try profile())
    host.write(.asked(ticket: 9, .patientBolus, 0, Operator(user: 1_001, role: .patient)))
    host = TestHost(keepsFlash: true, keepsRetained: true)
    host.wait(TimeSpan(seconds: 10))
    let again = told(host, "order 9 3e9 2 \(any) patient-bolus")
    #expect(again["code"] == "14" && again["repeated"] == "1")
    // Under a new ticket: the drive may have begun the bolus before the reset.
    let next = told(host, "order a 3e9 2 \(any) patient-bolus")
    #expect(next["code"] == "11" && next["detail"] == "11")
    // One that was refused locks nothing out.
    host = TestHost()
    try host.run(try profile())
    let by = Operator(user: 1_001, role: .patient)
    host.write(.asked(ticket: 9, .patientBolus, 0, by))
    host.write(.answered(ticket: 9, .patientBolus, 0, .refused(.bolusInProgress)))
    host = TestHost(keepsFlash: true, keepsRetained: true)
    host.wait(TimeSpan(seconds: 10))
    #expect(told(host, "order a 3e9 2 \(any) patient-bolus")["code"] == nil)
  }

  @Test("What is based on less than has happened is refused, unless it delivers less")
  func basis() throws {
    let host = TestHost()
    try host.run(try profile())
    let before = String(try host.status().position, radix: 16)
    #expect(told(host, "order 1 0 0 \(before) suspend")["code"] == nil)
    host.wait(TimeSpan(seconds: 10))
    let late = told(host, "order 2 0 0 \(before) resume")
    #expect(late["code"] == "11" && late["detail"] == "22")
    let now = String(try host.status().position, radix: 16)
    #expect(told(host, "order 3 0 0 \(now) resume")["code"] == nil)
    host.wait(TimeSpan(seconds: 10))
    #expect(told(host, "order 4 0 0 \(before) suspend")["code"] == nil)
  }

  @Test(
    "An order that is none is refused as a bad argument, and a request that no console has as unknown"
  )
  func bad() throws {
    let host = TestHost()
    #expect(told(host, "order 1 0 0 \(any) suspend")["code"] == "7")
    #expect(told(host, "status-words")["code"] == "7")
    try host.run(try profile())
    for line in [
      "order", "order 0 0 0 \(any) suspend", "order 1 100000000 0 \(any) suspend",
      "order 1 0 3 \(any) suspend", "order 1 0 103 \(any) suspend", "order 1 0 0 - suspend",
      "order 1 0 0 \(any) bolus 77359400", "order 1 0 0 \(any) bolus 0 df8475800 1",
      "order 1 0 0 \(any) anchor 7fffffffffffffff", "order 1 0 0 \(any) acknowledge ff",
      "order 1 0 0 \(any) silence 2 7fffffffffffffff",
    ] { #expect(told(host, line)["code"] == "4", "\(line)") }
    for line in [
      "order 1 0 0 \(any)", "order 1 0 0 \(any) adopt 1", "order 1 0 0 \(any) order",
      "order 1 0 0 \(any) hello",
    ] { #expect(told(host, line)["code"] == "3", "\(line)") }
    #expect(!host.entries().contains { if case .asked = $0 { true } else { false } })
    #expect(try host.ask("status")["state"] == "delivering")
  }

  @Test("A stop with a ticket ends the session as one without does")
  func stops() throws {
    let host = TestHost()
    try host.run(try profile())
    try host.ask("order 5 3e8 0 \(any) stop")
    host.wait(TimeSpan(seconds: 10))
    #expect(host.hasTold("ended"))
    #expect(try host.ask("status")["state"] == "idle")
    #expect(host.state.counts.certain == UInt64(TestBoard.world.steps))
  }

  @Test("The status in words says where in its pattern the therapy is")
  func place() throws {
    var profile = try profile()
    profile.run.prescription = Prescription(
      therapy: try ImageTests.pattern(),
      concentration: profile.run.prescription.concentration)
    let host = TestHost()
    try host.run(profile)
    host.wait(TimeSpan(seconds: 60))
    let place = try host.status().drive.place
    #expect(place > TimeSpan(seconds: 58) && place < TimeSpan(seconds: 66), "\(place)")
  }

  @Test("After a loss of power the status in words says that the minimum rate runs instead")
  func fallenBack() throws {
    var host = TestHost()
    try host.run(try profile())
    #expect(try host.status().drive.fallBack == nil)
    host = TestHost(keepsFlash: true, keepsRetained: false)
    host.wait(TimeSpan(seconds: 30))
    #expect(try host.status().drive.fallBack == FlowRate(microlitresPerDay: 6))
  }

  @Test("The status in words is what the status says: state, counts, bolus, alarms and doses")
  func statusWords() throws {
    let host = TestHost()
    let step = try profile().run.engine.step
    try host.run(try profile())
    host.wait(TimeSpan(seconds: 30))
    try host.ask("order 1 3e8 1 \(any) \(bolus)")
    host.wait(TimeSpan(seconds: 20))
    let fields = try host.ask("status")
    let status = try host.status()
    #expect(status.drive.state == .delivering && !status.isTesting && status.waitsFor == nil)
    #expect(status.drive.bolus?.kind == .single)
    #expect(status.drive.bolus?.volume == Volume(microlitres: 2))
    #expect(status.drive.bolus?.given ?? .zero > Volume(femtolitres: 500_000_000))
    #expect("\(status.drive.flow.femtolitresPerDay)" == fields["flow-fl-per-day"])
    #expect(fields["alarms"].flatMap { UInt64($0, radix: 16) } == status.standing)
    let told = Int(fields["delivered-steps"] ?? "") ?? 0
    #expect(abs(Int(status.counts.certain) - told) < 100 && told > 3_000)
    // By the definition: 500 µg/mL, and what was made until now in less than an hour.
    let volume = try step.volume(ofSteps: status.counts.highest)
    let mass = try Concentration(microgramsPerMillilitre: 500).mass(in: volume)
    let difference = Int64(status.lastHour.femtograms) - Int64(mass.femtograms)
    #expect(abs(difference) < 200_000_000 && status.lastDay == status.lastHour)
  }
}
