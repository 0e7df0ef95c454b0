import Foundation
import PumpJournal
import PumpLinux
import PumpMessages
import PumpTherapy
import Testing

@testable import PumpService

@Suite("A pump that runs is spoken to over its socket, and a killed one remembers what it was told")
struct SpokenToTests {
  private let folder: TemporaryFolder
  private var journal: String { folder("p.journal") }
  private var socket: String { folder("p.socket") }

  init() throws { folder = try TemporaryFolder() }

  /// A run that is there to be spoken to.
  private func start(
    _ more: String..., profile: String = "Profiles/adult-spinal-night.yaml"
  ) throws -> Process {
    let process = Process()
    let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    process.executableURL = tests.deletingLastPathComponent().appendingPathComponent("itpump")
    process.arguments =
      [
        "run", profile, "--drugs", "Profiles/drugs", "--board", "Hardware/boards/simulator.yaml",
        "--start", "2026-11-22T12:00", "--priority",
        "0",
        "--journal", journal, "--socket", socket,
      ] + more
    process.currentDirectoryURL = CommandLineTests.top
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Asks for the status until it says so.
  private func wait(for state: String, _ process: Process) throws -> StatusReport {
    while process.isRunning {
      guard let client = try? PumpClient(socket),
        let status = try? client.ask(WireRequest(.status)).status, status.state == state
      else { continue }
      return status
    }
    throw CancellationError()
  }

  private func ask(_ arguments: String...) throws -> CommandLineTests.Run {
    try CommandLineTests.itpump(arguments + ["--pump", socket])
  }

  /// Asks until the pump has said what became of it: a machine that is held up for seconds answers that it does
  /// not know, and the same ticket asks again without doing it twice.
  private func settle(_ request: WireRequest) throws -> WireReply {
    var request = request
    request.ticket = request.ticket ?? String(UInt64.random(in: 1...(.max)), radix: 16)
    while true {
      let reply = try PumpClient(socket).ask(request)
      guard reply.result == .unknown || reply.code == "busy" else { return reply }
    }
  }

  private func untilNextRate(_ status: StatusReport) throws -> TimeInterval {
    let formatter = ISO8601DateFormatter()
    let next = try #require(formatter.date(from: status.next_rate_at ?? ""), "\(status)")
    return try next.timeIntervalSince(#require(formatter.date(from: status.at)))
  }

  /// A bolus of 1 µg, on no status: a busy machine's alarms make the one that was looked at stale.
  private func bolus(_ ticket: String? = nil) throws -> WireReply {
    var request = WireRequest(.bolus)
    (request.dose, request.over, request.ticket) = ("1 ug", "10 min", ticket)
    return try settle(request)
  }

  private func entries() throws -> [JournalEntry] {
    var journal = try JournalFile.read(journal)
    return (journal.first..<journal.next).compactMap { journal.record($0)?.entry }
  }

  private func journalStatus() throws -> StatusReport {
    let run = try CommandLineTests.itpump(["status", journal, "--json"])
    return try JSONDecoder().decode(StatusReport.self, from: Data(run.out.utf8))
  }

  private func kill(_ process: Process) {
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  @Test("A bolus is given once over a kill, a hold outlives it, and the end is an end")
  func killed() throws {
    var process = try start()
    let status = try wait(for: "delivering", process)
    #expect(status.rate_ug_per_h == 8 && status.alarms.isEmpty)
    let bolus = ["bolus", "1ug", "--over", "10min", "--yes", "--ticket", "abc"]
    let given = try self.bolus("abc")
    #expect(given.result == .accepted, "\(given)")
    // The same again is the same one; another dose under its name is none.
    #expect(try CommandLineTests.itpump(bolus + ["--pump", socket]).code == 0)
    #expect(try ask("bolus", "2ug", "--over", "10min", "--yes", "--ticket", "abc").code == 1)
    #expect(try ask("suspend").code == 0)
    let early = try CommandLineTests.itpump(["status", journal])
    #expect(early.code == 1 && early.err.contains("a run has this journal"), "\(early.err)")
    kill(process)

    // Its drive goes by itself, and the journal is free then.
    repeat {
      if process.processIdentifier != 0, !process.isRunning { process = try start() }
    } while (try? wait(for: "suspended", process)) == nil
    #expect(try CommandLineTests.itpump(bolus + ["--pump", socket]).code == 0)
    let held = try wait(for: "suspended", process)
    #expect(held.rate_ug_per_h == 0 && held.alarms.contains { $0.name == "stopped-long" })
    let resumed = try settle(WireRequest(.resume))
    #expect(resumed.result == .accepted, "\(resumed)")
    _ = try wait(for: "delivering", process)
    #expect(try ask("stop").code == 0)
    process.waitUntilExit()
    #expect(access(socket, F_OK) != 0, "the socket goes with the run")
    let begun = try entries().filter { entry in
      if case .event(.bolusBegan(.single, _)) = entry { true } else { false }
    }
    #expect(begun.count == 1)
    #expect(try ask("status").code == 1)
    let stopped = try journalStatus()
    #expect(stopped.state.hasPrefix("stopped for"), "\(stopped.state)")
    #expect(stopped.profile == "adult-spinal-night" && stopped.rate_ug_per_h == 0)
    #expect(stopped.last_command?.verb == "stop" && stopped.last_command?.result == "accepted")
    #expect(stopped.delivered_ug > 0 && stopped.may_have_left_last_24h_ug >= stopped.delivered_ug)
    #expect(stopped.alarms.contains { $0.name == "stopped-long" })
  }

  @Test(
    "A run with commands and another therapy replays the same, and the next one has what was adopted"
  )
  func adopted() throws {
    let record = folder("p.rec")
    let process = try start("--record", record)
    _ = try wait(for: "delivering", process)
    let text = try String(
      contentsOfFile: CommandLineTests.top.path + "/Profiles/adult-spinal-night.yaml",
      encoding: .utf8
    ).replacing("rate: 8 ug/h", with: "rate: 7 ug/h")
    var request = WireRequest(.adopt)
    request.profile = text
    let adoption = try settle(request)
    #expect(adoption.result == .accepted, "\(adoption)")
    // It began at noon, whatever the wall clock says, and what is adopted goes on from there.
    let ahead = try untilNextRate(wait(for: "delivering", process))
    #expect((9.5 * 3600...10 * 3600).contains(ahead), "the night rate comes in \(ahead) s")
    let given = try bolus()
    #expect(given.result == .accepted, "\(given)")
    let cancelled = try settle(WireRequest(.cancelBolus))
    #expect(cancelled.result == .accepted, "\(cancelled)")
    #expect(try ask("stop").code == 0)
    process.waitUntilExit()
    let replay = try CommandLineTests.itpump("replay", record)
    #expect(replay.code == 0 && replay.out.contains("the same actions"), "\(replay.out)")
    let adopted = try entries().contains { $0 == .event(.adopted) }
    var journal = try JournalFile.read(journal)
    #expect(adopted && journal.readProfile(copy: 0) == Array(text.utf8))
  }

  @Test(
    "With nobody there, what ran last runs, and the changed file waits and alarms until somebody decides"
  )
  func changedFile() throws {
    var process = try start()
    _ = try wait(for: "delivering", process)
    #expect(try ask("stop").code == 0)
    process.waitUntilExit()
    let changed = folder("changed.yaml")
    let text = try String(
      contentsOfFile: CommandLineTests.top.path + "/Profiles/adult-spinal-night.yaml",
      encoding: .utf8
    ).replacing("rate: 8 ug/h", with: "rate: 9 ug/h")
    try text.write(toFile: changed, atomically: true, encoding: .utf8)

    process = try start(profile: changed)
    let waiting = try wait(for: "delivering", process)
    #expect(waiting.rate_ug_per_h == 8, "what ran before runs")
    let alarm = waiting.alarms.first { $0.name == "profile-waits" }
    #expect(alarm?.is_cause_present == true)
    var request = WireRequest(.adopt)
    request.profile = text
    let reply = try settle(request)
    #expect(reply.result == .accepted, "\(reply)")
    repeat {
      guard let status = try PumpClient(socket).ask(WireRequest(.status)).status else { continue }
      guard status.rate_ug_per_h == 9 else { continue }
      #expect(status.alarms.first { $0.name == "profile-waits" }?.is_cause_present != true)
      break
    } while process.isRunning
    #expect(try ask("stop").code == 0)
    process.waitUntilExit()

    // What was adopted is what ran last: the file waits no more.
    process = try start(profile: changed)
    let settled = try wait(for: "delivering", process)
    #expect(settled.rate_ug_per_h == 9)
    #expect(settled.alarms.first { $0.name == "profile-waits" }?.is_cause_present != true)
    #expect(try ask("stop").code == 0)
    process.waitUntilExit()
  }
}
