import Foundation
import PumpDrive
import PumpJournal
import PumpLinux
import PumpMessages
import PumpSafety
import Testing

@testable import PumpService

@Suite("run as two processes: whichever ends, every step is accounted for")
struct SupervisedRunTests {
  private static let night = "Profiles/adult-spinal-night.yaml"

  private func run(_ journal: String, _ more: String...) throws -> CommandLineTests.Run {
    try CommandLineTests.itpump(
      [
        "run", Self.night, "--start", "2026-11-22T22:00", "--priority", "0", "--journal", journal,
      ] + more)
  }

  /// A run in a bolus, and its drive's process.
  private struct Live {
    var process: Process
    var drive: Int32
    var errors: Pipe
  }

  private func start(_ journal: String) throws -> Live {
    let process = Process()
    let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    process.executableURL = tests.deletingLastPathComponent().appendingPathComponent("itpump")
    process.arguments = [
      "run", Self.night, "--start", "2026-11-22T22:00", "--priority", "0", "--journal", journal,
    ]
    process.currentDirectoryURL = CommandLineTests.top
    let errors = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    var told = ""
    while !told.contains("bolus of 25 µg begins") {
      let data = errors.fileHandleForReading.availableData
      try #require(!data.isEmpty, "it ended by itself: \(told)")
      told += String(decoding: data, as: UTF8.self)
    }
    let id = process.processIdentifier
    let children = try String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
    return Live(
      process: process, drive: try #require(Int32(children.split(separator: " ")[0])),
      errors: errors)
  }

  private func counts(_ journal: String) throws -> (certain: UInt64, uncertain: UInt64) {
    let carried = try JournalFile.read(journal).state.carried
    return (carried.certain, carried.uncertain)
  }

  @Test("A killed drive: the supervisor books its steps to one, says so, and exits with 1")
  func killedDrive() throws {
    let folder = try TemporaryFolder()
    let live = try start(folder("p.journal"))
    kill(live.drive, SIGKILL)
    let told = String(
      decoding: live.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    live.process.waitUntilExit()
    #expect(live.process.terminationStatus == 1)
    #expect(told.contains("was killed by signal 9"))
    #expect(told.contains("the drive gives no sign of life"))
    let counts = try counts(folder("p.journal"))
    #expect(counts.uncertain <= 1)
    let again = try run(folder("p.journal"), "--for", "1s")
    #expect(again.code == 0, "\(again.err)")
    #expect(again.err.contains("the last run was not ended"))
  }

  @Test(
    "A killed supervisor: the drive stops by itself; the next run takes the grant for uncertain")
  func killedSupervisor() throws {
    let folder = try TemporaryFolder()
    let live = try start(folder("p.journal"))
    kill(live.process.processIdentifier, SIGKILL)
    let told = String(
      decoding: live.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    live.process.waitUntilExit()
    // The pipe ends when the drive has ended too.
    #expect(
      told.contains("the supervisor is gone: the therapy was stopped and the motor de-energised"))
    let left = try counts(folder("p.journal"))
    #expect(left.uncertain > 0)
    let again = try run(folder("p.journal"), "--for", "1s")
    // The uncertain steps are an alarm, and not this run's fault.
    #expect(again.err.contains("delivery uncertain"))
    #expect(again.out.contains("uncertain"))
    let settled = try CommandLineTests.itpump(
      "reconcile", folder("p.journal"), "--made", "10", "--reason", "weighed 0.002 g, a test")
    #expect(settled.code == 0, "\(settled.err)")
    #expect(try counts(folder("p.journal")).uncertain == 0)
    let log = try CommandLineTests.itpump("log", folder("p.journal"))
    #expect(log.out.contains("weighed 0.002 g, a test"))
    #expect(log.out.contains("reconciled: 10 of the uncertain steps were made"))
  }

  @Test(
    "A drive that lies is caught in a run as in virtual time",
    arguments: [
      DriveFault.doubleRate, .early, .halfTold, .aheadTold,
    ])
  func lies(fault: DriveFault) throws {
    let folder = try TemporaryFolder()
    let run = try run(
      folder("p.journal"), "--for", "6s", "--drive-fault", fault.word, "--json",
      folder("run.json"))
    #expect(run.code == 1)
    let data = try Data(contentsOf: URL(fileURLWithPath: folder("run.json")))
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(json["state"] as? String == "tripped by drive-disagrees", "\(run.err)")
    // The bolus has 144 steps a second; six seconds of it are 860.
    #expect(try #require(json["steps"] as? Int) < 600)
    #expect(json["motor_de_energised"] as? Bool == true)
  }

  @Test("What earlier runs delivered counts: for the reservoir, and for the day's limit")
  func carriedOver() throws {
    let folder = try TemporaryFolder()
    let first = try run(folder("p.journal"), "--for", "2s")
    #expect(first.code == 0)
    let second = try run(folder("p.journal"), "--for", "1s")
    #expect(second.code == 0)
    let steps = try counts(folder("p.journal")).certain
    #expect(second.out.contains("\(steps) steps in all sessions"))
    // Another fill than the journal's must be said; a refill sets the count of the reservoir anew.
    let profile = try String(
      contentsOfFile: CommandLineTests.top.path + "/" + Self.night, encoding: .utf8
    ).replacingOccurrences(of: "volume: 18 mL", with: "volume: 17 mL")
    try profile.write(toFile: folder("other.yaml"), atomically: true, encoding: .utf8)
    let other = [
      "run", folder("other.yaml"), "--priority", "0", "--for", "1s", "--journal",
      folder("p.journal"), "--board", "Hardware/boards/simulator.yaml", "--drugs", "Profiles/drugs",
    ]
    let refused = try CommandLineTests.itpump(other)
    #expect(refused.code == 1)
    #expect(refused.err.contains("the journal has the reservoir filled to 18 mL"))
    let refilled = try CommandLineTests.itpump(other + ["--refilled"])
    #expect(refilled.code == 0, "\(refilled.err)")
    let state = try JournalFile.read(folder("p.journal")).state
    #expect(state.counts.atFill == steps)
  }

  @Test("A single bolus is given once, however often its run is taken up again")
  func bolusOnce() throws {
    let folder = try TemporaryFolder()
    let text = try String(
      contentsOfFile: CommandLineTests.top.path + "/Profiles/screening-bolus.yaml", encoding: .utf8)
    try text.write(toFile: folder("screening.yaml"), atomically: true, encoding: .utf8)
    func again(_ more: String...) throws -> CommandLineTests.Run {
      try CommandLineTests.itpump(
        [
          "run", folder("screening.yaml"), "--board", "Hardware/boards/simulator.yaml", "--drugs",
          "Profiles/drugs", "--priority", "0", "--for", "1s", "--confirm", "--journal",
          folder("p.journal"),
        ] + more)
    }
    #expect(try again().err.contains("bolus of"))
    // As if it had broken off: its end is taken off the journal.
    // A journal that is open is locked: it is closed before the next run.
    func records() throws -> [JournalRecord] {
      var journal = try JournalFile.open(folder("p.journal")).release()
      return (0..<journal.next).compactMap { journal.record($0) }
    }
    do {
      let records = try records()
      var other = Journal(blank: try FileStore(path: folder("broken.journal")))
      for record in records where record.entry != .event(.ended) {
        try other.append(record.entry, at: record.at, wallSeconds: record.wallSeconds)
      }
    }
    let broken = try CommandLineTests.itpump(
      "run", folder("screening.yaml"), "--board", "Hardware/boards/simulator.yaml", "--drugs",
      "Profiles/drugs", "--priority", "0", "--for", "1s", "--confirm", "--journal",
      folder("broken.journal"), "--record", folder("broken.rec"))
    #expect(broken.err.contains("--bolus-again"))
    #expect(!broken.err.contains("bolus of"), "\(broken.err)")
    // Nor after an end in good order, however often it is started; and by name only.
    func given() throws -> Int {
      try records().filter { record in
        guard case .command(.bolus, _, isAccepted: true) = record.entry else { return false }
        return true
      }.count
    }
    for _ in 0..<2 { _ = try again() }
    #expect(try given() == 1)
    _ = try again("--bolus-again")
    #expect(try given() == 2)
    // The replay knows it too.
    let replay = try CommandLineTests.itpump("replay", folder("broken.rec"))
    #expect(replay.code == 0, "\(replay.out)")
  }

  @Test("After a long outage only the minimum rate runs, until a clinician has looked")
  func outage() throws {
    let folder = try TemporaryFolder()
    let live = try start(folder("p.journal"))
    kill(live.process.processIdentifier, SIGKILL)
    _ = live.errors.fileHandleForReading.readDataToEndOfFile()
    live.process.waitUntilExit()
    // The same journal as if the machine had been started anew two hours later.
    var journal = try JournalFile.open(folder("p.journal")).release()
    let blocks = (0..<journal.next).compactMap { journal.record($0) }
    let moved = folder("moved.journal")
    do {
      var other = Journal(blank: try FileStore(path: moved))
      for record in blocks {
        var entry = record.entry
        if case .opened(_, let clock, let since, let binding, _) = entry {
          entry = .opened(boot: 1, clock: clock, servedSince: since, binding)
        }
        try other.append(entry, at: record.at, wallSeconds: record.wallSeconds - 7_200)
      }
    }
    let run = try run(moved, "--for", "2s", "--json", folder("run.json"))
    #expect(run.err.contains("only the minimum rate runs"))
    #expect(run.err.contains("under-delivery"))
    let data = try Data(contentsOf: URL(fileURLWithPath: folder("run.json")))
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    // 6 µL a day are a step in 2.25 s; the bolus would have made 288.
    #expect(try #require(json["steps"] as? Int) <= 2)
  }

  @Test("log: filters, CSV, JSON, damage and a second program")
  func log() throws {
    let folder = try TemporaryFolder()
    let journal = folder("p.journal")
    #expect(try run(journal, "--for", "1s").code == 0)
    let verified = try CommandLineTests.itpump("log", journal, "--verify")
    #expect(verified.code == 0)
    #expect(verified.out.contains("each intact and linked to the one before"))
    let csv = try CommandLineTests.itpump("log", journal, "--csv", "-", "--kind", "grant")
    let rows = csv.out.split(separator: "\n")
    #expect(rows[0].hasPrefix("sequence,session,pump_clock_ns,"))
    #expect(rows.dropFirst().allSatisfy { $0.split(separator: ",")[4] == "grant" })
    #expect(rows.count > 2)
    let json = try CommandLineTests.itpump("log", journal, "--json", "-", "--last", "1")
    let list = try #require(
      try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [[String: Any]])
    #expect(list.count == 1)
    #expect((list[0]["what"] as? String)?.contains("ended in good order") == true)
    #expect(try CommandLineTests.itpump("log", journal, "--alarm", "nonsense").code == 2)
    #expect(try CommandLineTests.itpump("log", folder("none")).code == 1)
    // A bit of an early record: refused by name, and what is intact can still be read.
    var damaged = try Data(contentsOf: URL(fileURLWithPath: journal))
    damaged[3 * 128 + 40] ^= 1
    try damaged.write(to: URL(fileURLWithPath: journal))
    let refused = try CommandLineTests.itpump("log", journal)
    #expect(refused.code == 1)
    #expect(refused.err.contains("record 3 is damaged"))
    #expect(try run(journal, "--for", "1s").code == 1)
    let intact = try CommandLineTests.itpump("log", journal, "--damaged")
    #expect(intact.code == 1)
    #expect(intact.err.contains("damaged records: 3"))
    #expect(intact.out.contains("session ended"))
  }

  @Test("The service manager hears when a run is ready, that it lives, and that it stops")
  func notifies() throws {
    let folder = try TemporaryFolder()
    let path = folder("notify")
    let script = """
      import os, socket, subprocess, sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      s.bind(sys.argv[1])
      s.settimeout(30)
      p = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=sys.argv[1]),
          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
      heard = []
      while not heard or "STOPPING" not in heard[-1]:
          heard.append(s.recv(512).decode())
          if "READY" in heard[-1]:
              p.terminate()
      p.wait()
      print(" ".join(h.splitlines()[0] for h in heard), p.returncode)
      """
    let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    let program = tests.deletingLastPathComponent().appendingPathComponent("itpump").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = [
      "-c", script, path, program, "run", Self.night, "--priority", "0", "--journal",
      folder("p.journal"),
    ]
    process.currentDirectoryURL = CommandLineTests.top
    let out = Pipe()
    process.standardOutput = out
    try process.run()
    let heard = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(heard.contains("WATCHDOG=1"))
    #expect(heard.contains("READY=1"))
    #expect(heard.contains("STOPPING=1 0"))
  }
}
