import CPumpLinux
import Foundation
import Glibc
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

@Suite("A server that no client can wear down, and that asks the pump for what may be asked")
struct ServerTests {
  /// A pump that answers when it is told to.
  private final class FakePump: ServedPump {
    var latest: SessionStatus?
    var asked: [Ordered] = []
    var answers: [Answered] = []
    var hasRoom = true
    var whyNoneIsAdopted: String?

    func status() -> SessionStatus? { latest }
    func ask(_ ordered: Ordered) -> Bool {
      guard hasRoom else { return false }
      asked.append(ordered)
      return true
    }
    var kept: [String] = []
    func keep(profile text: String) { kept.append(text) }
    func takeAnswer() -> Answered? { answers.isEmpty ? nil : answers.removeFirst() }
  }

  private final class Clock {
    /// An hour after the session was opened.
    var now = Date(timeIntervalSince1970: 1_800_003_600)
    var isKept = false
  }

  /// A client that speaks bytes.
  private final class Client {
    let file: Int32
    init(_ path: String) { file = pump_socket_connect(path) }
    deinit { close(file) }

    func send(_ text: String) { _ = pump_socket_send(file, text, text.utf8.count) }

    /// What has come so far; `nil` where the connection was ended.
    func read() -> String? {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(file, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count == 0 { return nil }
      return count < 0 ? "" : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
  }

  private let folder: String
  private let path: String
  private let pump = FakePump()
  private let clock = Clock()
  private let server: PumpServer

  init() throws {
    folder = NSTemporaryDirectory() + "itpump-server-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    path = folder + "/p.socket"
    let clock = clock
    server = try PumpServer(
      at: path, try Served.facts(), Roles(), for: pump, isClockKept: { clock.isKept },
      now: { clock.now })
    pump.latest = Served.status()
  }

  /// Serves until nothing more comes.
  private func serve() { for _ in 0..<8 { server.serve(within: 0) } }

  private func replies(_ client: Client) throws -> [WireReply] {
    serve()
    let text = try #require(client.read())
    return try text.split(separator: "\n").map {
      try JSONDecoder().decode(WireReply.self, from: Data($0.utf8))
    }
  }

  private func ask(_ line: String) throws -> WireReply {
    let client = Client(path)
    client.send(line + "\n")
    return try #require(try replies(client).first)
  }

  @Test("The status, worked out by hand: rate, doses, reservoir, refill, alarms")
  func status() throws {
    let reply = try ask(#"{"itpump":1,"verb":"status"}"#)
    let status = try #require(reply.status)
    #expect(reply.result == .status && reply.verb == "status")
    #expect(status.position == 12 && status.state == "delivering")
    // 240 µL a day of 500 µg/mL: 120 µg a day, 5 µg an hour.
    #expect(status.rate_ug_per_h == 5 && status.prescribed_next_24h_ug == 120)
    // 64,000 steps of 0.15625 nL: 10 µL, 5 µg.
    #expect(status.delivered_ug == 5 && status.may_have_left_last_24h_ug == 5)
    #expect(status.reservoir_ml == 17.99)
    // 15,990 µL above the alarm at 10 µL an hour: 1,599 h after 01:00.
    let due = Date(timeIntervalSince1970: 1_800_000_000 + 1_600 * 3_600)
    #expect(status.refill_due == ISO8601DateFormatter().string(from: due))
    #expect(
      status.alarms == [
        .init(
          name: "reservoir-low", title: Alarm.reservoirLow.title, is_critical: false,
          is_cause_present: false)
      ])
  }

  @Test(
    "A command is asked once, with who asks by the kernel's word, and answered when the pump answers"
  )
  func command() throws {
    let client = Client(path)
    client.send(
      #"{"itpump":1,"verb":"bolus","ticket":"af","position":12,"dose":"25 ug","over":"10 min"}"#
        + "\n")
    serve()
    #expect(client.read() == "")
    let asked = try #require(pump.asked.first)
    #expect(pump.asked.count == 1 && asked.ticket == 0xAF && asked.basis == 12)
    #expect(asked.by == Operator(user: geteuid(), role: .clinician))
    guard case .bolus(let bolus, isConfirmed: false) = asked.command else {
      Issue.record("\(asked.command)")
      return
    }
    // 25 µg of 500 µg/mL: 50 µL.
    #expect(bolus.volume == Volume(microlitres: 50) && bolus.duration == TimeSpan(minutes: 10))
    // Asked again before the answer: one question, two answers.
    let second = Client(path)
    second.send(
      #"{"itpump":1,"verb":"bolus","ticket":"AF","dose":"25 ug","over":"10 min"}"# + "\n")
    serve()
    pump.answers.append(
      Answered(ticket: 0xAF, kind: .bolus, value: 0, result: .refused(.doseLimit(.day))))
    for reply in try [replies(client), replies(second)].flatMap({ $0 }) {
      #expect(reply.result == .refused && reply.code == "dose-limit" && reply.ticket == "af")
    }
    #expect(pump.asked.count == 1)
    let last = try ask(#"{"itpump":1,"verb":"status"}"#).status?.last_command
    #expect(last?.verb == "bolus" && last?.result == "refused (dose-limit)")
  }

  @Test("A pump that does not answer leaves it unknown, said when nobody in it waits any longer")
  func unknown() throws {
    let client = Client(path)
    client.send(#"{"itpump":1,"verb":"suspend","ticket":"1"}"# + "\n")
    serve()
    clock.now += 12.99
    serve()
    #expect(client.read() == "")
    clock.now += 0.01
    #expect(try replies(client).first?.result == .unknown)
  }

  @Test("An answer is listened for ten minutes after it was told unknown, and told nobody again")
  func late() throws {
    func result() throws -> String? {
      try ask(#"{"itpump":1,"verb":"status"}"#).status?.last_command?.result
    }
    let client = Client(path)
    for (ticket, wait, told) in [(1, 599.9, "accepted"), (2, 600, "unknown (unknown)")] {
      client.send(#"{"itpump":1,"verb":"suspend","ticket":"\#(ticket)"}"# + "\n")
      serve()
      clock.now += 13
      #expect(try replies(client).count == 1)
      // Told once, however long it goes on.
      clock.now += wait
      serve()
      #expect(client.read() == "")
      #expect(try result() == "unknown (unknown)")
      pump.answers.append(
        Answered(ticket: UInt64(ticket), kind: .suspend, value: 0, result: .accepted))
      serve()
      #expect(client.read() == "", "nobody waits for it any more")
      #expect(try result() == told, "after \(wait) s")
    }
    #expect(pump.asked.map(\.ticket) == [1, 2])
  }

  static let wrong: [(line: String, code: String)] = [
    ("", "not-a-request"), ("{", "not-a-request"), ("[]", "not-a-request"),
    (#"{"verb":"status"}"#, "not-a-request"), (#"{"itpump":2,"verb":"status"}"#, "other-version"),
    (#"{"itpump":1,"verb":"bolsu"}"#, "unknown-verb"),
    (#"{"itpump":1,"verb":"bolus","dose":"25","over":"1 min"}"#, "missing-unit"),
    (#"{"itpump":1,"verb":"bolus","dose":"25 mL","over":"1 min"}"#, "wrong-unit"),
    (#"{"itpump":1,"verb":"bolus","dose":25,"over":"1 min"}"#, "not-a-request"),
    (#"{"itpump":1,"verb":"bolus","dose":"25 ug"}"#, "missing-argument"),
    (#"{"itpump":1,"verb":"bolus","over":"1 min"}"#, "missing-argument"),
    (#"{"itpump":1,"verb":"bolus","dose":"25 ug","volume":"1 mL","over":"1 min"}"#, "bad-argument"),
    (#"{"itpump":1,"verb":"bolus","dose":"0 ug","over":"1 min"}"#, "bad-argument"),
    (#"{"itpump":1,"verb":"bolus","dose":"25 ug","over":"25 h"}"#, "bad-argument"),
    (#"{"itpump":1,"verb":"bolus","dose":"2 ug","over":"1 min","preveiw":true}"#, "unknown-key"),
    (
      #"{"itpump":1,"verb":"bolus","dose":"2 ug","dose":"25 ug","over":"1 min"}"#, "repeated-key"
    ), (#"{"itpump":1,"verb":"suspend","v\u0065rb":"resume"}"#, "repeated-key"),
    (#"{"itpump":1,"verb":"acknowledge","alarm":"a\",\"verb\":\"b"}"#, "bad-argument"),
    (#"{"itpump":1,"verb":"acknowledge"}"#, "missing-argument"),
    (#"{"itpump":1,"verb":"acknowledge","alarm":"fire"}"#, "bad-argument"),
    (#"{"itpump":1,"verb":"suspend","ticket":"0"}"#, "bad-argument"),
    (#"{"itpump":1,"verb":"suspend","ticket":"xyz"}"#, "bad-argument"),
  ]

  @Test(
    "What is wrong is said by name, asks the pump for nothing, and leaves the connection",
    arguments: wrong)
  func wrongLine(line: String, code: String) throws {
    let client = Client(path)
    client.send(line + "\n")
    #expect(try replies(client).first?.code == code)
    client.send(#"{"itpump":1,"verb":"status"}"# + "\n")
    #expect(try replies(client).first?.result == .status)
    #expect(pump.asked.isEmpty)
  }

  @Test("A line without an end is cut, and its client with it")
  func endless() throws {
    let client = Client(path)
    let other = Client(path)
    for _ in 0..<(Wire.longestLine / 4_096 + 2) {
      client.send(String(repeating: "x", count: 4_096))
      serve()
    }
    #expect(client.read()?.contains("line-too-long") == true)
    #expect(client.read() == nil)
    other.send(#"{"itpump":1,"verb":"status"}"# + "\n")
    #expect(try replies(other).first?.result == .status)
  }

  @Test("A client that fetches nothing is dropped, and no other waits for it")
  func deaf() throws {
    let client = Client(path)
    let line = #"{"itpump":1,"verb":"status"}"# + "\n"
    for _ in 0..<4_000 {
      client.send(line)
      server.serve(within: 0)
    }
    #expect(try ask(#"{"itpump":1,"verb":"status"}"#).result == .status)
    var last: String? = ""
    for _ in 0..<4_000 where last != nil { last = client.read() }
    #expect(last == nil, "its connection has ended")
  }

  @Test("Where all places are taken, the client that was silent longest gives way")
  func crowd() throws {
    let first = Client(path)
    serve()
    let crowd = (1..<PumpServer.mostClients).map { _ in Client(path) }
    serve()
    let late = Client(path)
    late.send(#"{"itpump":1,"verb":"status"}"# + "\n")
    #expect(try replies(late).first?.result == .status)
    #expect(first.read() == nil, "the oldest is gone")
    #expect(crowd.allSatisfy { $0.read() == "" }, "and only that one")
  }

  /// A rest whose length no clock could tell, and what may be between it and the prescription.
  struct Outage: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var seconds: Double
    var state = PumpState.delivering
    var standing: UInt64 = 0
    var fallBack: FlowRate? = FlowRate(femtolitresPerDay: 6_000_000_000)
    var isTakenUp = false
    var isRefusedFirst = false
  }

  static let outages = [
    Outage(testDescription: "twenty minutes", seconds: 1_200, isTakenUp: true),
    Outage(testDescription: "an hour", seconds: 3_600, isTakenUp: true),
    Outage(
      testDescription: "a self-test is in the way", seconds: 1_200, isTakenUp: true,
      isRefusedFirst: true),
    Outage(testDescription: "an hour and a second", seconds: 3_601),
    Outage(testDescription: "three days", seconds: 259_200),
    Outage(testDescription: "a clock that went backwards", seconds: -1),
    Outage(
      testDescription: "a damaged profile", seconds: 1_200, standing: Alarm.profileDamaged.bit),
    Outage(testDescription: "somebody has held it back", seconds: 1_200, state: .suspended),
    Outage(testDescription: "somebody has ended it already", seconds: 1_200, fallBack: nil),
  ]

  @Test(
    "A rest whose length no clock told is judged once, when a time service keeps the clock: a short one ends",
    arguments: outages)
  func outage(_ outage: Outage) throws {
    // The clock is set a day on meanwhile; the session is a minute old, and three seconds when it is judged.
    clock.now += 86_400
    pump.latest?.at = .epoch + TimeSpan(seconds: 60)
    server.facts.unjudgedSince = clock.now + 3 - outage.seconds
    server.facts.place = (place: .hour + .hour, at: .epoch)
    pump.latest?.standing |= outage.standing
    pump.latest?.drive.fallBack = outage.fallBack
    pump.latest?.drive.state = .idle
    let turn = { [self] in
      clock.now += 1
      let at = pump.latest?.at ?? .epoch
      pump.latest?.at = at + TimeSpan(seconds: 1)
      serve()
    }
    turn()
    #expect(pump.asked.isEmpty, "no time service yet")
    clock.isKept = true
    turn()
    #expect(pump.asked.isEmpty, "the drive has not begun")
    pump.latest?.drive.state = outage.state
    turn()
    #expect(pump.asked.count == (outage.isTakenUp ? 1 : 0))
    if let asked = pump.asked.first {
      #expect(asked.by == Operator(user: geteuid(), role: .pump))
      #expect(asked.ticket > 1, "a ticket of its own, and never none")
      guard case .adopt(let prescription, let place, isConfirmed: true) = asked.command else {
        Issue.record("\(asked.command)")
        return
      }
      #expect(prescription.checksum == server.facts.profile.prescription.checksum)
      // Two hours when it ran last, and all that has passed since.
      #expect(place == .hour + .hour + TimeSpan(seconds: UInt64(max(0, outage.seconds))))
      #expect(asked.basis == 12, "what somebody else has changed meanwhile is not overwritten")
      if outage.isRefusedFirst {
        pump.answers.append(
          Answered(
            ticket: asked.ticket, kind: .adopt, value: 0, result: .refused(.selfTestRuns)))
        turn()
        #expect(pump.asked.count == 1, "not at once")
        for _ in 0..<30 { turn() }
        try #require(pump.asked.count == 2)
      }
      pump.answers.append(
        Answered(
          ticket: pump.asked[pump.asked.count - 1].ticket, kind: .adopt, value: 0, result: .accepted
        ))
    }
    for _ in 0..<40 { turn() }
    let times = outage.isTakenUp ? outage.isRefusedFirst ? 2 : 1 : 0
    #expect(pump.asked.count == times, "it is judged once")
    let last = try ask(#"{"itpump":1,"verb":"status"}"#).status?.last_command
    #expect(last?.verb == (outage.isTakenUp ? "end-outage" : nil))
  }

  @Test("Each verb's arguments make its command, and what is wrong is named")
  func reads() throws {
    let solution = Concentration(microgramsPerMillilitre: 500)
    func read(_ json: String) throws -> Command {
      try JSONDecoder().decode(WireRequest.self, from: Data("{\"itpump\":1,\(json)}".utf8)).command(
        solution)
    }
    func problem(_ json: String) -> String? {
      do { _ = try read(json) } catch { return (error as? RequestReader.Problem)?.message }
      return nil
    }
    let bolus = try Bolus(volume: Volume(microlitres: 20), duration: TimeSpan(minutes: 5))
    let expected: [(String, Command)] = [
      (
        #""verb":"silence","alarm":"battery-low","for":"10 min""#,
        .silence(.batteryLow, TimeSpan(minutes: 10))
      ),
      (#""verb":"acknowledge","alarm":"battery-low""#, .acknowledge(.batteryLow)),
      (#""verb":"refill","volume":"18 mL""#, .refill(Volume(microlitres: 18_000))),
      (#""verb":"anchor","place":"8 h""#, .anchor(place: TimeSpan(hours: 8))),
      (#""verb":"bolus","dose":"10 ug","over":"5 min""#, .bolus(bolus, isConfirmed: false)),
      (
        #""verb":"bolus","dose":"10 ug","over":"5 min","confirm":true"#,
        .bolus(bolus, isConfirmed: true)
      ),
      (#""verb":"prime","volume":"20 uL","over":"5 min""#, .prime(bolus, isConfirmed: false)),
      (#""verb":"suspend""#, .suspend), (#""verb":"resume""#, .resume), (#""verb":"stop""#, .stop),
      (#""verb":"cancel-bolus""#, .cancelBolus), (#""verb":"patient-bolus""#, .patientBolus),
    ]
    for (json, command) in expected {
      let found = CommandWords(try read(json))
      #expect(found == CommandWords(command), "\(json)")
    }
    #expect(
      problem(#""verb":"bolus","dose":"0 ug","over":"5 min""#) == "a bolus delivers something")
    #expect(
      problem(#""verb":"bolus","dose":"10 ug","over":"25 h""#) == "over: a bolus takes 1 s to 24 h")
    #expect(problem(#""verb":"bolus","dose":"100 mg","over":"1 s""#) == "faster than any pump")
    #expect(
      problem(#""verb":"bolus","dose":"10 ug","volume":"20 uL","over":"5 min""#)
        == "either a dose or a volume, not both")
  }

  @Test("Dates follow a wall clock that is set, and no other difference")
  func setClock() throws {
    let began = { [self] in
      clock.now += 1
      return try ask(#"{"itpump":1,"verb":"status"}"#).status?.began
    }
    let first = try began()
    #expect(first == "2027-01-15T08:00:00Z")
    #expect(try began() == first, "a status is a moment old")
    clock.now += 86_400
    serve()
    #expect(try began()?.hasPrefix("2027-01-16T08:00:0") == true)
  }

  @Test("A preview changes nothing, and says what would: dose, reservoir, refill")
  func preview() throws {
    let reply = try ask(
      #"{"itpump":1,"verb":"bolus","dose":"25 ug","over":"10 min","preview":true}"#)
    let preview = try #require(reply.preview)
    #expect(pump.asked.isEmpty)
    #expect(preview.now.next_24h_ug == 120 && preview.then.next_24h_ug == 145)
    #expect(preview.now.rate_ug_per_h == 5 && preview.then.rate_ug_per_h == 155)
    // 50 µL less last five hours less.
    let due = Date(timeIntervalSince1970: 1_800_000_000 + 1_595 * 3_600)
    #expect(preview.then.refill_due == ISO8601DateFormatter().string(from: due))
    let rest = try #require(
      try ask(#"{"itpump":1,"verb":"suspend","preview":true}"#).preview)
    #expect(rest.then.next_24h_ug == 0 && rest.then.refill_due == nil)
  }

  /// What a client of a storm does next, drawn by chance.
  private func misbehave(
    _ storm: inout [Client], _ random: inout Draw, _ tickets: inout Set<UInt64>
  ) {
    let line: String
    switch random.below(9) {
    case 0, 1: return storm.append(Client(path))
    case 2:
      guard !storm.isEmpty else { return }
      return _ = storm.remove(at: random.below(storm.count))
    case 3: line = String(repeating: "{", count: 1 + random.below(9_000))
    case 4:
      line = String(
        decoding: (0..<random.below(300)).map { _ in UInt8(random.below(256)) }, as: UTF8.self)
    case 5: line = #"{"itpump":1,"verb":"status"}"# + "\n"
    case 6: line = #"{"itpump":1,"verb":"status""#
    case 7: line = "}\n\n"
    default:
      let ticket = 1 + UInt64(random.below(400))
      tickets.insert(ticket)
      let verb = ["suspend", "resume", "stop", "patient-bolus", "cancel-bolus"][random.below(5)]
      line =
        #"{"itpump":1,"verb":"\#(verb)","ticket":"\#(String(ticket, radix: 16))"}"# + "\n"
    }
    guard !storm.isEmpty else { return }
    let client = storm[random.below(storm.count)]
    client.send(line)
    // Some fetch what they are told, some never do.
    if random.below(3) == 0 { _ = client.read() }
  }

  /// Numbers by chance, the same ones for a seed.
  private struct Draw {
    var state: UInt64
    mutating func below(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(count))
    }
  }

  @Test(
    "A storm of clients, good, bad and rude: an honest one is answered all along, and nothing piles up",
    arguments: 0..<6)
  func storm(seed: UInt64) throws {
    var random = Draw(state: seed)
    var storm: [Client] = []
    var tickets: Set<UInt64> = []
    let honest = Client(path)
    for turn in 0..<3_000 {
      misbehave(&storm, &random, &tickets)
      if storm.count > 80 { storm.removeFirst(40) }
      server.serve(within: 0)
      if random.below(4) == 0, !pump.asked.isEmpty {
        let asked = pump.asked[random.below(pump.asked.count)]
        pump.answers.append(
          Answered(
            ticket: asked.ticket, asked.command,
            random.below(2) == 0 ? .accepted : .refused(.commandInProgress)))
      }
      if random.below(200) == 0 { clock.now += 14 }
      #expect(server.clients.count <= PumpServer.mostClients, "seed \(seed)")
      #expect(server.waiting.count <= 400, "seed \(seed)")
      guard turn % 50 == 0 else { continue }
      honest.send(#"{"itpump":1,"verb":"status"}"# + "\n")
      serve()
      #expect(honest.read()?.contains("position") == true, "seed \(seed), turn \(turn)")
    }
    // What a ticket asks for the pump hears again only once it was answered.
    #expect(Set(pump.asked.map(\.ticket)).isSubset(of: tickets), "seed \(seed)")
    #expect(!pump.asked.isEmpty, "seed \(seed)")
  }

  private static func profile(_ rate: String, lot: String = "A1") -> String {
    """
    profile: p
    population: adult-spinal
    drug: {name: baclofen, concentration: 500 ug/mL, lot: "\(lot)", expires: 2030-01-01}
    reservoir: {capacity: 20 mL, volume: 18 mL, low-alarm: 2 mL}
    catheter: {length: 100 cm, volume-per-length: 2 uL/cm}
    therapy: {continuous: \(rate)}
    patient-bolus: {enabled: false}
    """
  }

  private func adopt(
    _ text: String, preview: Bool = false, confirm: Bool = true
  ) throws -> WireReply? {
    var request = WireRequest(.adopt)
    (request.profile, request.preview, request.ticket) = (text, preview, "b1")
    request.confirm = confirm
    let client = Client(path)
    client.send(String(decoding: try JSONEncoder().encode(request), as: UTF8.self) + "\n")
    if !preview {
      serve()
      if !pump.asked.isEmpty {
        pump.answers.append(Answered(ticket: 0xB1, kind: .adopt, value: 0, result: .accepted))
      }
    }
    return try replies(client).first
  }

  @Test(
    "Another therapy is judged like a profile, shown beside the present one, and kept when it runs")
  func adoption() throws {
    let preview = try #require(try adopt(Self.profile("132 ug/day"), preview: true))
    #expect(preview.preview?.now.next_24h_ug == 120 && preview.preview?.then.next_24h_ug == 132)
    #expect(
      preview.preview?.differences?.contains("dose a day: 120 µg before, 132 µg now") == true,
      "\(preview)")
    #expect(pump.asked.isEmpty)
    #expect(try adopt(Self.profile("132 ug/day"))?.result == .accepted)
    guard case .adopt(let prescription, _, _)? = pump.asked.first?.command else {
      Issue.record("nothing was adopted")
      return
    }
    let flow = try FlowRate(delivering: Volume(microlitres: 264), over: .day)
    #expect(prescription.therapy == .continuous(flow))
    #expect(pump.kept == [Self.profile("132 ug/day")])
    // From now on that one is what others are held against.
    let next = try adopt(Self.profile("120 ug/day"), preview: true)
    #expect(next?.preview?.differences?.contains { $0.hasPrefix("dose a day: 132 µg") } == true)
  }

  @Test("Small steps of the dose within a day are one step, and a day later they are not")
  func smallSteps() throws {
    func next(_ rate: String, after hours: Double) throws -> WireReply? {
      clock.now += hours * 3_600
      let at = pump.latest?.at ?? .epoch
      pump.latest?.at = at + TimeSpan(seconds: UInt64(hours * 3_600))
      pump.asked = []
      return try adopt(Self.profile(rate), preview: true)?.result == .preview
        ? try adopt(Self.profile(rate)) : adopt(Self.profile(rate), preview: true)
    }
    // From 120 µg: 33 %, then 25 % more, which is 67 %; the drug's limit is 60.
    #expect(try next("160 ug/day", after: 0)?.result == .accepted)
    let refused = try next("200 ug/day", after: 23.99)
    #expect(refused?.code == "dose-step-above-hard-limit", "\(String(describing: refused))")
    #expect(refused?.message?.contains("from 120 µg to 200 µg a day") == true)
    #expect(try next("200 ug/day", after: 0.01)?.result == .accepted)
    // What the journal had of the day before counts as well.
    var lower = server.facts.profile
    lower.prescription = Prescription(
      therapy: .continuous(try FlowRate(delivering: Volume(microlitres: 200), over: .day)),
      concentration: lower.concentration)
    let now = try #require(pump.latest?.at)
    server.facts.earlier = [(lower, until: now)]
    // A wall clock that is set forgets none of it.
    clock.now += 10 * 86_400
    #expect(try next("170 ug/day", after: 1)?.code == "dose-step-above-hard-limit")
  }

  @Test("More than the usual step takes a confirmation, and less drug takes none")
  func confirmedStep() throws {
    // 33 % more, and then a third of it; the drug's usual step is 30 %.
    let asked = try adopt(Self.profile("160 ug/day"), confirm: false)
    #expect(asked?.code == "dose-step-above-soft-limit" && pump.asked.isEmpty)
    #expect(asked?.message?.contains("confirms it with --confirm") == true)
    #expect(
      try adopt(Self.profile("160 ug/day"), preview: true, confirm: false)?.result == .preview)
    #expect(try adopt(Self.profile("40 ug/day"), confirm: false)?.result == .accepted)
  }

  @Test("No adoption: a step of the dose beyond the drug's, another lot, and what is no profile")
  func noAdoption() throws {
    #expect(try adopt(Self.profile("300 ug/day"))?.code == "dose-step-above-hard-limit")
    #expect(try adopt(Self.profile("120 ug/day", lot: "B2"))?.code == "not-a-therapy")
    #expect(try adopt("profile: p\n")?.code == "profile-refused")
    #expect(try ask(#"{"itpump":1,"verb":"adopt"}"#).code == "missing-argument")
    // Less drug is never refused.
    #expect(try adopt(Self.profile("10 ug/day"), preview: true)?.result == .preview)
    #expect(pump.asked.isEmpty && pump.kept.isEmpty)
  }

  @Test("An adoption that was answered before is not taken for what runs; one that is told late is")
  func adoptedAgain() throws {
    #expect(try adopt(Self.profile("132 ug/day"))?.result == .accepted)
    pump.asked = []
    // Another profile under the old ticket: the pump repeats its old answer, if any.
    var request = WireRequest(.adopt)
    (request.profile, request.ticket) = (Self.profile("140 ug/day"), "b1")
    let client = Client(path)
    client.send(String(decoding: try JSONEncoder().encode(request), as: UTF8.self) + "\n")
    serve()
    var again = Answered(ticket: 0xB1, kind: .adopt, value: 0, result: .accepted)
    again.isRepeated = true
    pump.answers.append(again)
    #expect(try replies(client).first?.result == .accepted)
    #expect(pump.kept == [Self.profile("132 ug/day")])
    // Unknown at first, accepted later: from then on it is what runs.
    request.ticket = "b2"
    client.send(String(decoding: try JSONEncoder().encode(request), as: UTF8.self) + "\n")
    serve()
    pump.answers.append(Answered(ticket: 0xB2, kind: .adopt, value: 0, result: .unknown))
    #expect(try replies(client).first?.result == .unknown)
    #expect(pump.kept.count == 1)
    pump.answers.append(Answered(ticket: 0xB2, kind: .adopt, value: 0, result: .accepted))
    serve()
    #expect(pump.kept == [Self.profile("132 ug/day"), Self.profile("140 ug/day")])
    #expect(client.read() == "", "nobody waits for it any more")
  }

  @Test("A dry run says what would be refused, as far as that is known")
  func wouldBeRefused() throws {
    func refusal(_ arguments: String) throws -> String? {
      try ask(#"{"itpump":1,"preview":true,"# + arguments + "}").preview?.would_be_refused
    }
    #expect(
      try refusal(#""verb":"bolus","dose":"3000 ug","over":"2 h""#)
        == Refusal.doseLimit(.hour).words)
    #expect(try refusal(#""verb":"refill","volume":"25 mL""#) == Refusal.overfilled.words)
    #expect(try refusal(#""verb":"resume""#) == Refusal.notPossible(in: .delivering).words)
    #expect(
      try refusal(#""verb":"patient-bolus""#) == Refusal.patientBolusNotPrescribed.words)
    #expect(try refusal(#""verb":"bolus","dose":"25 ug","over":"10 min""#) == nil)
    pump.latest?.drive.bolus = DriveDetail.RunningBolus(
      kind: .single, volume: Volume(microlitres: 20), given: Volume(microlitres: 4),
      end: .epoch + .day)
    #expect(
      try refusal(#""verb":"bolus","dose":"25 ug","over":"10 min""#)
        == Refusal.bolusInProgress.words)
    // 16 µL of it are still to come: 8 µg beside the therapy's 120.
    #expect(try ask(#"{"itpump":1,"verb":"status"}"#).status?.prescribed_next_24h_ug == 128)
    let cancel = try ask(#"{"itpump":1,"verb":"cancel-bolus","preview":true}"#).preview
    #expect(cancel?.then.next_24h_ug == 120)
  }

  @Test("A refusal that ends by itself says until when")
  func until() throws {
    let ends = Instant.epoch + TimeSpan(hours: 3)
    for (number, refusal) in [
      Refusal.lockedOut(until: ends), .dailyMaximum(until: ends), .bolusTooSoon(until: ends),
      .bolusInProgress,
    ].enumerated() {
      let client = Client(path)
      client.send(
        #"{"itpump":1,"verb":"bolus","ticket":"\#(number + 1)","dose":"25 ug","over":"10 min"}"#
          + "\n")
      serve()
      pump.answers.append(
        Answered(
          ticket: UInt64(number + 1), kind: .bolus, value: 0, result: .refused(refusal)))
      let message = try #require(try replies(client).first?.message)
      #expect(
        message.hasSuffix(" until 2027-01-15T11:00:00Z") == (refusal != .bolusInProgress),
        "\(message)")
    }
  }

  @Test("Where a pattern without times of day was put is where it goes on from")
  func anchored() throws {
    server.facts.profile.mode = .periodic
    for result in [Answered.Result.refused(.selfTestRuns), .accepted] {
      let client = Client(path)
      let ticket = result == .accepted ? "2" : "1"
      client.send(
        #"{"itpump":1,"verb":"anchor","ticket":"\#(ticket)","place":"5 h"}"# + "\n")
      serve()
      let asked = try #require(pump.asked.last)
      pump.answers.append(Answered(ticket: asked.ticket, asked.command, result))
      _ = try replies(client)
      let place = server.facts.place
      #expect((place?.place == TimeSpan(hours: 5)) == (result == .accepted))
      #expect((place?.at == .epoch + .hour) == (result == .accepted))
    }
  }

  @Test("Who stops the pump is heard though others ask for much")
  func urgent() throws {
    let client = Client(path)
    for ticket in 1...(PumpServer.mostWaiting + 5) {
      client.send(#"{"itpump":1,"verb":"cancel-bolus","ticket":"\#(ticket)"}"# + "\n")
      serve()
    }
    #expect(pump.asked.count == PumpServer.mostWaiting)
    client.send(#"{"itpump":1,"verb":"suspend","ticket":"fff"}"# + "\n")
    serve()
    #expect(pump.asked.last?.ticket == 0xFFF)
  }

  @Test("An outage is ended only where the minimum rate runs because of one")
  func endOutage() throws {
    #expect(try ask(#"{"itpump":1,"verb":"end-outage","ticket":"1"}"#).code == "no-outage")
    pump.latest?.drive.fallBack = FlowRate(femtolitresPerDay: 12_000_000_000)
    let client = Client(path)
    client.send(#"{"itpump":1,"verb":"end-outage","ticket":"1"}"# + "\n")
    serve()
    guard case .adopt(let prescription, _, _)? = pump.asked.first?.command else {
      Issue.record("nothing was adopted")
      return
    }
    let prescribed = try Served.facts().profile.prescription
    #expect(prescription == prescribed)
  }

  @Test(
    "A pump that takes no other prescription says why to whoever asks for one, and hears the rest")
  func noneIsAdopted() throws {
    pump.whyNoneIsAdopted = "its image is what it runs"
    pump.latest?.drive.fallBack = FlowRate(femtolitresPerDay: 12_000_000_000)
    for isPreview in [true, false] {
      let reply = try #require(try adopt(Self.profile("132 ug/day"), preview: isPreview))
      #expect(reply.code == "not-on-this-board" && reply.message == "its image is what it runs")
    }
    #expect(try ask(#"{"itpump":1,"verb":"end-outage","ticket":"1"}"#).code == "not-on-this-board")
    #expect(pump.asked.isEmpty)
    let client = Client(path)
    client.send(#"{"itpump":1,"verb":"suspend","ticket":"7"}"# + "\n")
    serve()
    #expect(pump.asked.map(\.ticket) == [7])
  }

  @Test("A pump that is too busy says so, and nothing is remembered as asked")
  func busy() throws {
    pump.hasRoom = false
    #expect(try ask(#"{"itpump":1,"verb":"suspend","ticket":"7"}"#).code == "busy")
    pump.hasRoom = true
    let client = Client(path)
    client.send(#"{"itpump":1,"verb":"suspend","ticket":"7"}"# + "\n")
    serve()
    #expect(pump.asked.map(\.ticket) == [7])
  }

  @Test("The documented table of requests is the code's, row by row")
  func documented() throws {
    let part = try #require(
      Served.text("Hardware/running-pump.md").components(separatedBy: "## ")
        .first { $0.hasPrefix("What can be asked") })
    let rows = part.split(separator: "\n").filter { $0.hasPrefix("| ") }.map {
      $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }.dropFirst()
    #expect(rows.map { $0[0] } == Verb.allCases.map(\.rawValue))
    for (verb, row) in zip(Verb.allCases, rows) {
      #expect(row[1] == verb.roles.map { "\($0)" }.sorted().joined(separator: ", "), "\(verb)")
    }
  }

  @Test("Every verb has its roles, and the journal's word for it")
  func verbs() throws {
    for verb in Verb.allCases {
      #expect(!verb.roles.isEmpty)
      #expect((verb.kind == nil) == (verb == .status))
      // What ran before an outage is adopted again.
      let named = verb == .endOutage ? .adopt : verb
      if let kind = verb.kind { #expect("\(kind)" == "\(named)") }
    }
    // Who prescribes is never a bench's or a patient's role alone.
    #expect(Verb.bolus.roles == [.clinician] && Verb.anchor.roles == [.clinician])
    #expect(!Verb.patientBolus.roles.contains(.bench))
    // Less drug is everybody's who has a role at all, but for the patient's pump.
    for verb in [Verb.suspend, .stop] { #expect(verb.roles == [.clinician, .bench]) }
    // A stranger may look, and no more.
    let stranger = Peer(process: 1, user: 54_321, group: 54_321)
    for verb in Verb.allCases {
      let role = Roles().role(of: stranger, for: verb)
      #expect((role == nil) == (verb != .status), "\(verb)")
    }
  }

  @Test("The file of roles: users, groups, remarks; what is wrong is named with its line")
  func roles() throws {
    let roles = try Roles(
      reading: "# who may\nclinician: nobody, @daemon\n\npatient: daemon # the button\n",
      named: "roles")
    let nobody = Peer(
      process: 1, user: try #require(getpwnam("nobody")).pointee.pw_uid, group: 65_534)
    #expect(roles.role(of: nobody, for: .bolus) == .clinician)
    #expect(roles.role(of: nobody, for: .prime) == .clinician)
    let daemon = Peer(process: 1, user: try #require(getpwnam("daemon")).pointee.pw_uid, group: 1)
    #expect(roles.role(of: daemon, for: .patientBolus) == .patient)
    for (text, place) in [
      ("clinican: nobody", "roles:1"), ("bench nobody", "roles:1"),
      ("\nbench: no-such-user", "roles:2"), ("bench: @no-such-group", "roles:1"),
    ] {
      #expect(throws: Roles.Problem.self) { try Roles(reading: text, named: "roles") }
      do { _ = try Roles(reading: text, named: "roles") } catch {
        #expect(error.description.hasPrefix(place + ": error: "))
      }
    }
  }

  @Test("A socket that nobody listens at is taken over, and one that is in use is not")
  func takeOver() throws {
    #expect(throws: PumpServer.Problem.self) {
      try PumpServer(at: path, try Served.facts(), Roles(), for: pump, isClockKept: { true })
    }
    server.end()
    #expect(access(path, F_OK) != 0)
    // Left behind by a process that was killed.
    close(pump_socket_listen(path))
    #expect(access(path, F_OK) == 0)
    let next = try PumpServer(
      at: path, try Served.facts(), Roles(), for: pump, isClockKept: { true })
    var status = stat()
    stat(path, &status)
    #expect(status.st_mode & 0o777 == 0o660)
    next.end()
  }
}
