import Foundation
import PumpFiles
import PumpHAL
import PumpReplay
import Testing

@testable import PumpReports
@testable import PumpService

@Suite("run and replay, as their user runs them")
struct RunTests {
  private static let night = "Profiles/adult-spinal-night.yaml"

  /// A record of a run of a second or two that crosses the beginning of a bolus.
  private func record(_ folder: TemporaryFolder) throws -> CommandLineTests.Run {
    try CommandLineTests.itpump(
      "run", Self.night, "--start", "2026-11-22T21:59:59", "--for", "2s", "--priority", "0",
      "--record", folder("run.rec"), "--json", folder("run.json"))
  }

  @Test("A run is recorded, ends de-energised, and is replayed to the same actions")
  func recordAndReplay() throws {
    let folder = try TemporaryFolder()
    let run = try record(folder)
    #expect(run.code == 0, "\(run.err)")
    #expect(run.out.contains("motor        de-energised"))
    #expect(run.err.contains("bolus of 25 µg begins"))
    let data = try Data(contentsOf: URL(fileURLWithPath: folder("run.json")))
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(json["motor_de_energised"] as? Bool == true)
    let steps = try #require(json["steps"] as? Int)
    #expect(steps > 60)
    let digest = try #require(json["run_digest"] as? String)
    let replay = try CommandLineTests.itpump(
      "replay", folder("run.rec"), "--vcd", folder("run.vcd"))
    #expect(replay.code == 0, "\(replay.out)\(replay.err)")
    #expect(replay.out.contains("the same actions, each at its instant"))
    #expect(replay.out.contains("run digest  \(digest)"))
    #expect(replay.out.contains("\(steps) steps"))
    // The waveform has a rise for every step.
    let wave = try String(contentsOfFile: folder("run.vcd"), encoding: .utf8)
    let code = try #require(
      wave.split(separator: "\n").first { $0.hasPrefix("$var") && $0.contains(" step ") }?
        .split(separator: " ")[3])
    #expect(wave.split(separator: "\n").filter { $0 == "1\(code)" }.count == steps)
  }

  @Test("A record that was cut replays as far as it goes and says so; a damaged one is refused")
  func cutAndDamaged() throws {
    let folder = try TemporaryFolder()
    #expect(try record(folder).code == 0)
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder("run.rec")))
    try whole.dropLast(7).write(to: URL(fileURLWithPath: folder("cut.rec")))
    let cut = try CommandLineTests.itpump("replay", folder("cut.rec"))
    #expect(cut.code == 0, "\(cut.out)\(cut.err)")
    #expect(cut.out.contains("broken off"))
    var damaged = whole
    damaged[damaged.count - 20] ^= 1
    try damaged.write(to: URL(fileURLWithPath: folder("damaged.rec")))
    let refused = try CommandLineTests.itpump("replay", folder("damaged.rec"))
    #expect(refused.code == 1)
    #expect(refused.err.contains("is damaged"))
    let other = try CommandLineTests.itpump("replay", Self.night)
    #expect(other.code == 1)
    #expect(other.err.contains("not a record"))
  }

  @Test("A record whose header counts steps or time that no pump can have is refused")
  func impossibleHeader() throws {
    let folder = try TemporaryFolder()
    #expect(try record(folder).code == 0)
    let header = try RecordReader(folder("run.rec")).header
    let changes: [(inout RecordHeader) -> Void] = [
      { $0.session.at_fill_steps = 5 },
      { $0.session.certain_steps = .max },
      { ($0.session.certain_steps, $0.session.uncertain_steps) = (1 << 63, 1 << 63) },
      { $0.session.missed_steps = .max },
      { $0.session.first_ns = .max },
      { $0.session.place_ns = .max },
      { $0.session.recalled = [RecalledDose(steps: .max, by_ns: 0)] },
      { $0.session.recalled = [RecalledDose(steps: 1, by_ns: .max)] },
      { $0.span_ns = .max },
      { $0.judged_at_s = 1e300 },
    ]
    for (number, change) in changes.enumerated() {
      var changed = header
      change(&changed)
      let path = folder("changed-\(number).rec")
      try RecordWriter(path, changed, most: .max).close()
      let replay = try CommandLineTests.itpump("replay", path)
      #expect(replay.code == 1, "change \(number)")
      #expect(replay.err.contains("no pump can have"), "change \(number): \(replay.err)")
    }
    try RecordWriter(folder("same.rec"), header, most: .max).close()
    #expect(try CommandLineTests.itpump("replay", folder("same.rec")).code == 0)
  }

  @Test("An engine that would act otherwise is told, with the first call that differs, and ends")
  func difference() throws {
    let folder = try TemporaryFolder()
    #expect(try record(folder).code == 0)
    let reader = try RecordReader(folder("run.rec"))
    // The record's own profile with another bolus stands for an engine that works otherwise; one that
    // was to run until it is stopped must end all the same.
    for span in [reader.header.span_ns, nil] {
      var header = reader.header
      header.span_ns = span
      header.inputs.profile.text = header.inputs.profile.text.replacingOccurrences(
        of: "dose: 25 ug", with: "dose: 24 ug")
      let other = folder("other-\(span ?? 0).rec")
      let writer = try RecordWriter(other, header, most: .max)
      for entry in reader.entries { writer.append(entry) }
      try writer.close()
      let replay = try CommandLineTests.itpump("replay", other)
      #expect(replay.code == 1)
      #expect(replay.out.contains("DIFFERS at call"))
      #expect(replay.out.contains("recorded  waited"))
    }
  }

  @Test("A record is never overwritten, and one of damaged lengths or header is refused")
  func evidence() throws {
    let folder = try TemporaryFolder()
    #expect(try record(folder).code == 0)
    let again = try record(folder)
    #expect(again.code == 1)
    #expect(again.err.contains("never overwritten"))
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder("run.rec")))
    let start = RecordWriter.magic.utf8.count
    let length = (0..<4).reduce(0) { $0 | Int(whole[start + $1]) << (8 * $1) }
    // The first line, each word of the header's block, the header, the second block's length.
    for place in [0, start, start + 4, start + 8, start + 40, start + 12 + length + 1] {
      var damaged = whole
      damaged[place] ^= 4
      try damaged.write(to: URL(fileURLWithPath: folder("damaged.rec")))
      #expect(try CommandLineTests.itpump("replay", folder("damaged.rec")).code == 1, "\(place)")
    }
  }

  @Test("A standard error that is closed or full ends no run, and costs no ledger")
  func brokenStandardError() throws {
    let folder = try TemporaryFolder()
    for target in ["2>/dev/full", "2>&-"] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      let tests = URL(fileURLWithPath: CommandLine.arguments[0])
      let program = tests.deletingLastPathComponent().appendingPathComponent("itpump").path
      let json = folder("out\(target.count).json")
      process.arguments = [
        "-c",
        "'\(program)' run \(Self.night) --start 2026-11-22T22:00 --for 1s --priority 0 "
          + "--record '\(json).rec' --json '\(json)' \(target)",
      ]
      process.currentDirectoryURL = CommandLineTests.top
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(target)")
      #expect(FileManager.default.fileExists(atPath: json))
      #expect(try CommandLineTests.itpump("replay", json + ".rec").code == 0)
    }
  }

  @Test("SIGTERM and SIGINT end a run cleanly: held, de-energised, ledger written")
  func signals() throws {
    for number in [SIGTERM, SIGINT] {
      let folder = try TemporaryFolder()
      let process = Process()
      let tests = URL(fileURLWithPath: CommandLine.arguments[0])
      process.executableURL = tests.deletingLastPathComponent().appendingPathComponent("itpump")
      process.arguments = [
        "run", Self.night, "--start", "2026-11-22T22:00", "--priority", "0", "--json",
        folder("run.json"),
      ]
      process.currentDirectoryURL = CommandLineTests.top
      let errors = Pipe()
      process.standardOutput = FileHandle.nullDevice
      process.standardError = errors
      process.standardInput = FileHandle.nullDevice
      try process.run()
      // The bolus begins with the run: once that is told, the run is under way.
      var told = ""
      while !told.contains("bolus of 25 µg begins") {
        let data = errors.fileHandleForReading.availableData
        try #require(!data.isEmpty, "it ended by itself: \(told)")
        told += String(decoding: data, as: UTF8.self)
      }
      kill(process.processIdentifier, number)
      _ = errors.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let data = try Data(contentsOf: URL(fileURLWithPath: folder("run.json")))
      let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      #expect(json["motor_de_energised"] as? Bool == true)
      #expect(json["state"] as? String == "suspended")
    }
  }

  @Test("A board whose chip is not here is refused before anything is claimed")
  func missingChip() throws {
    let folder = try TemporaryFolder()
    let board = try String(
      contentsOfFile: CommandLineTests.top.path + "/Hardware/boards/simulator.yaml",
      encoding: .utf8
    ).replacingOccurrences(of: "chip: simulated", with: "chip: no-such-chip")
      .replacingOccurrences(of: "../", with: CommandLineTests.top.path + "/Hardware/")
    try board.write(toFile: folder("board.yaml"), atomically: true, encoding: .utf8)
    let commands: [[String]] = [
      ["run", Self.night], ["run", Self.night, "--dry-run"], ["hardware", "check"],
      ["hardware", "safe"], ["hardware", "conform"], ["bench", "gpio"],
      ["hardware", "blink", "--line", "buzzer"],
      ["hardware", "calibrate", "--volume", "1mL"],
    ]
    for command in commands {
      let run = try CommandLineTests.itpump(command + ["--board", folder("board.yaml")])
      #expect(run.code == 1, "\(command)")
      #expect(run.err.contains("chip 'no-such-chip'"), "\(command): \(run.err)")
    }
    for command in [["hardware", "safe"], ["hardware", "check"]] {
      let run = try CommandLineTests.itpump(
        command + ["--board", "Hardware/boards/simulator.yaml"])
      #expect(run.code == 1)
      #expect(run.err.contains("this board is simulated"))
    }
  }

  @Test("--dry-run says what would be claimed and claims nothing")
  func dryRun() throws {
    let run = try CommandLineTests.itpump("run", Self.night, "--dry-run", "--cpu", "1")
    #expect(run.code == 0)
    #expect(run.out.contains("nothing is claimed"))
    #expect(run.out.contains("SCHED_FIFO 50, memory locked, processor 1"))
  }

  @Test("A replay of a run that broke off ends where the run ended: not one step more")
  func brokenOff() throws {
    let folder = try TemporaryFolder()
    let run = try CommandLineTests.itpump(
      "run", Self.night, "--for", "3s", "--priority", "0", "--start", "2026-11-22T22:00",
      "--record",
      folder("run.rec"))
    #expect(run.code == 0, "\(run.err)")
    let whole = try RecordReader(folder("run.rec"))
    let data = try Data(contentsOf: URL(fileURLWithPath: folder("run.rec")))
    var some = 0
    for tenths in 3...9 {
      try data.prefix(data.count * tenths / 10).write(to: URL(fileURLWithPath: folder("cut.rec")))
      guard let kept = try? RecordReader(folder("cut.rec")) else { continue }
      let rises = kept.entries.filter { $0 == .call(.set(.step, .asserted, nil)) }.count
      guard kept.entries.count < whole.entries.count else { continue }
      some += rises > 0 ? 1 : 0
      let replay = try CommandLineTests.itpump(
        "replay", folder("cut.rec"), "--vcd", folder("cut-\(tenths).vcd"))
      #expect(replay.code == 0, "\(replay.out)")
      #expect(replay.out.contains("broken off"))
      #expect(replay.out.contains(" \(TextColumns.grouped(UInt64(rises))) steps"), "\(replay.out)")
      // The waveform ends there too: its STEP rises are the recording's.
      let wave = try String(contentsOfFile: folder("cut-\(tenths).vcd"), encoding: .utf8)
      let code = try #require(wave.firstMatch(of: /\$var wire 1 (\S+) step \$end/)).1
      let drawn = wave.split(separator: "\n").filter { $0 == "1\(code)" }.count
      #expect(drawn == rises)
    }
    #expect(some > 2, "the cuts left nothing to replay")
  }

  @Test("Recordings rotate, and end at their size while the run goes on")
  func rotation() throws {
    let folder = try TemporaryFolder()
    for number in 0..<4 {
      let run = try CommandLineTests.itpump(
        "run", Self.night, "--for", "1s", "--priority", "0", "--record", folder("run.rec"),
        "--record-keep", "2")
      #expect(run.code == 0, "\(run.err)")
      let kept = ["run.rec", "run.rec.1", "run.rec.2", "run.rec.3"].filter {
        FileManager.default.fileExists(atPath: folder($0))
      }
      #expect(kept.count == min(3, number + 1))
    }
    #expect(
      try CommandLineTests.itpump(
        "run", Self.night, "--for", "1s", "--priority", "0", "--record", folder("run.rec")
      ).code == 1, "without --record-keep nothing is overwritten")
  }
}
