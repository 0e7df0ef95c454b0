import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif
import Testing

@Suite("The command line, run as its user runs it")
struct CommandLineTests {
  struct Run {
    var code: Int32
    var out: String
    var err: String
  }

  static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The program that was built beside these tests.
  static func itpump(_ arguments: String...) throws -> Run { try itpump(arguments) }

  /// - Parameter input: What is typed; nothing can be where it is `nil`.
  static func itpump(_ arguments: [String], input: String? = nil) throws -> Run {
    let process = Process()
    let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    process.executableURL = tests.deletingLastPathComponent().appendingPathComponent("itpump")
    process.arguments = arguments
    process.currentDirectoryURL = top
    let (out, err) = (Pipe(), Pipe())
    process.standardOutput = out
    process.standardError = err
    let typed = Pipe()
    process.standardInput = input == nil ? FileHandle.nullDevice : typed
    try process.run()
    // Less than a pipe holds: nobody waits for a reader.
    try typed.fileHandleForWriting.write(contentsOf: Data((input ?? "").utf8))
    try typed.fileHandleForWriting.close()
    let output = out.fileHandleForReading.readDataToEndOfFile()
    let errors = err.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Run(
      code: process.terminationStatus, out: String(decoding: output, as: UTF8.self),
      err: String(decoding: errors, as: UTF8.self))
  }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
  }

  private func temporary(_ name: String) -> String {
    FileManager.default.temporaryDirectory
      .appendingPathComponent("itpump-\(UUID().uuidString)-\(name)").path
  }

  @Test("check: 0 for a clean profile, 1 for one with errors, 2 for a wrong command line")
  func exitCodes() throws {
    let clean = try Self.itpump("check", "Profiles/adult-spinal-night.yaml")
    #expect(clean.code == 0)
    #expect(clean.out.contains("total a day   251 µg"))
    let broken = try Self.itpump(
      "check", "Profiles/adult-spinal-night.yaml", "Profiles/invalid/oral-dose.yaml")
    #expect(broken.code == 1)
    #expect(broken.out.contains("Profiles/invalid/oral-dose.yaml:7:23: error:"))
    #expect(try Self.itpump("check").code == 2)
    #expect(try Self.itpump("check", "--frobnicate", "x").code == 2)
    #expect(
      try Self.itpump("simulate", "Profiles/adult-spinal-night.yaml", "--for", "24").code == 2)
    let missing = try Self.itpump("check", "Profiles/none.yaml")
    #expect(missing.code == 1)
    #expect(missing.out.contains("Profiles/none.yaml:1:1: error: there is no such file"))
  }

  @Test("check --json is JSON with units in its keys; --after holds the dose to titration steps")
  func checkJSON() throws {
    let run = try Self.itpump("check", "--json", "Profiles/paediatric.yaml")
    let reports = try JSONSerialization.jsonObject(with: Data(run.out.utf8)) as? [[String: Any]]
    let profile = try #require(reports?.first?["profile"] as? [String: Any])
    #expect(profile["dose_ug_per_day"] as? Double == 120)
    #expect(profile["highest_flow_ul_per_h"] as? Double == 10)
    func after(_ dose: String, _ before: String) throws -> Run {
      let (new, old) = (temporary("new.yaml"), temporary("old.yaml"))
      defer { for path in [new, old] { try? FileManager.default.removeItem(atPath: path) } }
      let text = try String(
        contentsOf: Self.top.appendingPathComponent("Profiles/adult-spinal-continuous.yaml"),
        encoding: .utf8)
      for (path, rate) in [(new, dose), (old, before)] {
        try text.replacingOccurrences(of: "300 ug/day", with: rate)
          .write(toFile: path, atomically: true, encoding: .utf8)
      }
      return try Self.itpump(
        "check", new, "--after", old, "--drugs", "Profiles/drugs", "--board",
        "Hardware/boards/simulator.yaml")
    }
    #expect(try after("500 ug/day", "300 ug/day").out.contains("dose-step-above-hard-limit"))
    #expect(try after("420 ug/day", "300 ug/day").out.contains("dose-step-above-soft-limit"))
    #expect(try after("380 ug/day", "300 ug/day").out.contains("clean"))
    #expect(try after("200 ug/day", "300 ug/day").out.contains("dose-cut-above-soft-limit"))
    let strength = try Self.itpump(
      "check", "Profiles/adult-spinal-continuous.yaml", "--after", "Profiles/adult-cerebral.yaml")
    #expect(strength.code == 1)
    #expect(strength.out.contains("concentration-changed"))
  }

  @Test(
    "diff names every setting that differs, before and now, and refuses what the drug's steps refuse"
  )
  func diff() throws {
    let (new, old) = (temporary("new.yaml"), temporary("old.yaml"))
    defer { for path in [new, old] { try? FileManager.default.removeItem(atPath: path) } }
    let text = try String(
      contentsOf: Self.top.appendingPathComponent("Profiles/adult-spinal-night.yaml"),
      encoding: .utf8)
    try text.write(toFile: old, atomically: true, encoding: .utf8)
    func changed(_ changes: [(String, String)], _ more: String...) throws -> Run {
      let other = changes.reduce(text) { $0.replacing($1.0, with: $1.1) }
      try other.write(toFile: new, atomically: true, encoding: .utf8)
      return try Self.itpump(
        [
          "diff", old, new, "--drugs", "Profiles/drugs", "--board",
          "Hardware/boards/simulator.yaml",
        ]
          + more)
    }
    let same = try changed([])
    #expect(same.code == 0 && same.out.contains("the two prescribe the same"), "\(same.out)")
    let more = try changed([("rate: 8 ug/h", "rate: 10 ug/h"), ("22:00", "21:30")])
    // 8.5 h of 12, 15.5 h of 8 and the bolus are 251 µg; 9 h of 12 and 15 h of 10 with it 283 µg.
    #expect(more.code == 0)
    for words in [
      "dose a day                251 µg before, 283 µg now (+12.75 %)",
      "lowest rate an hour       8 µg before, 10 µg now (+25 %)",
      "21:30", "low alarm in", "6 settings differ",
    ] {
      #expect(more.out.contains(words), "\(words): \(more.out)")
    }
    let far = try changed([("rate: 8 ug/h", "rate: 30 ug/h")])
    #expect(far.code == 1 && far.out.contains("dose-step-above-hard-limit"), "\(far.out)")
    #expect(far.out.contains("the change is refused"))
    let other = try changed([("lot: \"", "lot: \"Z")])
    #expect(other.code == 0 && other.out.contains("1 setting differs"), "\(other.out)")
    #expect(try Self.itpump("diff", old).code == 2)
  }

  @Test("simulate: what was asked for is what was delivered, twice the same, quiet in a pipe")
  func simulate() throws {
    let arguments = [
      "simulate", "Profiles/adult-spinal-night.yaml", "--for", "24h", "--start", "2026-11-23",
      "--json", "-",
    ]
    let first = try Self.itpump(
      arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5],
      arguments[6], arguments[7])
    #expect(first.code == 0)
    #expect(first.err.isEmpty, "no progress in a pipe")
    let outcome = try json(first.out)
    for key in [
      "prescribed_ug", "delivered_ug", "prescribed_ul", "delivered_ul", "steps", "reservoir_ul",
      "refill_due", "alarms", "trace_digest",
    ] { #expect(outcome[key] != nil, "\(key)") }
    #expect(outcome["prescribed_ug"] as? Double == 251)
    #expect(outcome["delivered_ug"] as? Double == 251)
    #expect(outcome["steps"] as? Int == 803_200)
    let again = try Self.itpump(
      arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5],
      arguments[6], arguments[7])
    #expect(try json(again.out)["trace_digest"] as? String == outcome["trace_digest"] as? String)
  }

  @Test("simulate --vcd: an independent reading of the waveform gives the reported digest")
  func waveform() throws {
    let path = temporary("wave.vcd")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let run = try Self.itpump(
      "simulate", "Profiles/adult-spinal-night.yaml", "--for", "10 min", "--start",
      "2026-11-23T22:00", "--vcd", path, "--json", "-")
    let outcome = try json(run.out)
    var names: [String: String] = [:]
    var now: UInt64 = 0
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    var rises = 0
    var isInitial = false
    let order = [
      "step", "dir", "enable", "watchdog-kick", "buzzer", "index", "fault", "reservoir-low",
    ]
    let activeLow: Set = ["enable", "fault", "reservoir-low"]
    for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.first == "$var" { names[String(words[3])] = String(words[4]) }
      if words.first == "$dumpvars" { isInitial = true }
      if words.first == "$end" { isInitial = false }
      if line.first == "#" { now = try #require(UInt64(line.dropFirst())) }
      guard let level = line.first, level == "0" || level == "1", !isInitial else { continue }
      let name = try #require(names[String(line.dropFirst())])
      let isAsserted = (level == "1") != activeLow.contains(name)
      if name == "step", isAsserted { rises += 1 }
      let number = UInt64(try #require(order.firstIndex(of: name)))
      digest ^= now * 16 + number * 2 + (isAsserted ? 1 : 0)
      digest = (digest << 31 | digest >> 33).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15).low
    }
    #expect(rises == outcome["steps"] as? Int)
    let hex = String(digest, radix: 16)
    let padded = String(repeating: "0", count: 16 - hex.count) + hex
    #expect(outcome["trace_digest"] as? String == padded)
  }

  @Test("simulate --faults: a stall shows as a difference between counted and turned")
  func faults() throws {
    let path = temporary("faults.yaml")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "faults:\n  - {at: 1 h, stall: 10 min}\n  - {at: 2 h, late-wake: 10 min}\n"
      .write(toFile: path, atomically: true, encoding: .utf8)
    let run = try Self.itpump(
      "simulate", "Profiles/adult-spinal-continuous.yaml", "--for", "3h", "--faults", path)
    #expect(run.code == 0)
    #expect(run.out.contains("delivery was not as counted"))
    #expect(run.out.contains("under-delivery"))
    try "faults:\n  - {at: 1, stall: 10 min}\n  - {stall: 10 min}\n"
      .write(toFile: path, atomically: true, encoding: .utf8)
    let broken = try Self.itpump(
      "simulate", "Profiles/adult-spinal-continuous.yaml", "--faults", path)
    #expect(broken.code == 1)
    #expect(broken.err.contains("missing-unit") && broken.err.contains("fault-incomplete"))
  }

  @Test("Each period of a simulation says its length with its unit, and a day is not two")
  func periods() throws {
    for (span, rows) in [
      ("24h", ["11-27 00:00 - 24:00"]), ("18h", ["11-27 00:00 - 18:00"]),
      ("36h", ["11-27 00:00 +1 d 12 h"]), ("48h", ["11-27 00:00 +2 d"]),
      ("60h", ["11-27 00:00 - 24:00", "11-28 00:00 - 24:00", "11-29 00:00 - 12:00"]),
      ("45days", ["2026-11-27 +30 d", "2026-12-27 +15 d"]),
    ] {
      let run = try Self.itpump(
        "simulate", "Profiles/minimum-rate.yaml", "--for", span, "--start",
        "2026-11-27")
      let lines = run.out.split(separator: "\n").map(String.init)
      let heading = try #require(lines.firstIndex { $0.hasPrefix("  period ") })
      let shown = lines[(heading + 1)...].prefix(rows.count)
      for (line, row) in zip(shown, rows) {
        #expect(line.hasPrefix("  \(row) ") && line.count <= 80, "\(span): \(line)")
      }
    }
  }

  @Test("plan and simulate tell one date of each event, from within a bolus of the pattern too")
  func oneDate() throws {
    let profile = temporary("many.yaml")
    defer { try? FileManager.default.removeItem(atPath: profile) }
    try """
    profile: many
    population: adult-spinal
    drug: {name: baclofen, concentration: 2000 ug/mL, lot: "A1234", expires: 2028-03-31}
    reservoir: {capacity: 20 mL, volume: 2.4 mL, low-alarm: 2 mL}
    catheter: {length: 72 cm, volume-per-length: 2.2 uL/cm}
    therapy:
      flex:
        time-zone: Europe/Berlin
        every-day:
          - {from: "00:00", rate: 9 ug/h}
          - {from: "06:30", rate: 20 ug/h}
          - {from: "08:30", rate: 9 ug/h}
          - {from: "23:50", dose: 20 ug, over: 30 min}
    """.write(toFile: profile, atomically: true, encoding: .utf8)
    let plan = try Self.itpump(
      "plan", profile, "--days", "12", "--start", "2026-11-27", "--json", "-")
    let planned = try json(plan.out)
    let simulated = try json(
      try Self.itpump(
        "simulate", profile, "--for", "1h", "--start", "2026-11-27", "--json", "-"
      ).out)
    func date(_ text: Any?) throws -> Date {
      let text = try #require(text as? String)
      return try #require(ISO8601DateFormatter().date(from: text), "\(text)")
    }
    let stops = try date(planned["delivery_stops"])
    // A second below the exact instant, and in the middle of a run by whole steps.
    let told = try date(simulated["delivery_stops"])
    #expect(abs(stops.timeIntervalSince(told)) <= 2)
    let rows = try #require(planned["rows"] as? [[String: Any]])
    let last = try date(rows.last?["end"])
    #expect(abs(stops.timeIntervalSince(last)) <= 2, "the plan ends where delivery does")
  }

  @Test("A therapy that begins inside a bolus of its pattern prescribes nothing of that bolus")
  func startInsideBolus() throws {
    let run = try Self.itpump(
      "simulate", "Profiles/adult-spinal-night.yaml", "--for", "1h", "--start",
      "2026-11-23T22:05", "--json", "-")
    let outcome = try json(run.out)
    #expect(outcome["prescribed_ug"] as? Double == 12)
    #expect(outcome["delivered_ug"] as? Double == 12)
  }

  @Test("No output overwrites an input, and a failed write is no success")
  func outputs() throws {
    let profile = "Profiles/adult-spinal-night.yaml"
    let before = try String(contentsOf: Self.top.appendingPathComponent(profile), encoding: .utf8)
    #expect(try Self.itpump("simulate", profile, "--for", "1h", "--json", profile).code == 1)
    let after = try String(contentsOf: Self.top.appendingPathComponent(profile), encoding: .utf8)
    #expect(before == after)
    #expect(try Self.itpump("plan", profile, "--csv", "/dev/full").code == 1)
    #expect(try Self.itpump("plan", profile, "--svg", "/nowhere/plan.svg").code == 1)
  }

  @Test("plan: rows of CSV and JSON add up to the profile's dose; the SVG says what it is")
  func plan() throws {
    let csv = try Self.itpump(
      "plan", "Profiles/adult-spinal-weekdays.yaml", "--days", "7", "--start", "2026-11-23",
      "--csv", "-")
    let rows = csv.out.split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
    let header = csv.out.split(separator: "\n").first?.split(separator: ",") ?? []
    let column = try #require(header.firstIndex(of: "dose_ug"))
    let sum = rows.reduce(0.0) { $0 + (Double($1[column]) ?? .nan) }
    // Monday to Friday: 80 + 15 + 56 + 72 + 30 = 253 µg; the weekend: 100 + 126 = 226 µg a day.
    #expect(abs(sum - (5 * 253 + 2 * 226)) < 0.001, "\(sum)")
    let path = temporary("plan.svg")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let run = try Self.itpump("plan", "Profiles/adult-spinal-night.yaml", "--svg", path)
    #expect(run.code == 0)
    let svg = try String(contentsOfFile: path, encoding: .utf8)
    #expect(svg.contains("25 µg over 10 min") && svg.contains("not for human use"))
    #expect(XMLParser(data: Data(svg.utf8)).parse(), "the plot is well-formed XML")
  }

  @Test("Help reads well at every level, and completions are made for three shells")
  func help() throws {
    for command in [[], ["check"], ["plan"], ["simulate"], ["bench"]] {
      let run = try command.isEmpty ? Self.itpump("--help") : Self.itpump(command[0], "--help")
      #expect(run.code == 0)
      #expect(run.out.contains("OVERVIEW") && run.out.contains("USAGE"))
    }
    for shell in ["bash", "zsh", "fish"] {
      let run = try Self.itpump("--generate-completion-script", shell)
      #expect(run.code == 0 && run.out.contains("simulate"))
    }
  }
}
