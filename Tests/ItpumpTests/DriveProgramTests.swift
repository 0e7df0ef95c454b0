import Foundation
import PumpDrive
import PumpJournal
import PumpLinux
import PumpMessages
import PumpPlan
import PumpProfiles
import PumpService
import PumpSession
import PumpUnits
import Testing

@testable import PumpBench
@testable import PumpFiles
@testable import itpump

@Suite(
  "The drive is a program of its own: it has what it is given, and nothing else of whoever started it"
)
struct DriveProgramTests {
  private static let program = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("itpump").path

  /// A run that a shell starts, with a descriptor that nothing closes at an exec, and its drive's number.
  private func started(_ journal: String) throws -> (process: Process, drive: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c", "exec 7</dev/null; exec \"$0\" \"$@\"", Self.program, "run",
      "Profiles/adult-spinal-night.yaml", "--for", "1min", "--priority", "0", "--journal", journal,
    ]
    process.currentDirectoryURL = CommandLineTests.top
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let id = process.processIdentifier
    // It takes the name right after it has taken what it was given.
    while process.isRunning {
      let children =
        (try? String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8))
      if let drive = children?.split(separator: " ").first.flatMap({ Int32($0) }),
        (try? text("/proc/\(drive)/comm")) == "itpump-drive\n"
      {
        return (process, drive)
      }
      sched_yield()
    }
    let told = errors.fileHandleForReading.readDataToEndOfFile()
    Issue.record("it ended by itself: \(String(decoding: told, as: UTF8.self))")
    return (process, 0)
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test(
    "It runs the same file under its own name, with the shared memory, the journal and its lock, and no other descriptor"
  )
  func descriptors() throws {
    let folder = try TemporaryFolder()
    let (process, drive) = try started(folder("p.journal"))
    defer { process.waitUntilExit() }
    defer { process.terminate() }
    let files = FileManager.default
    #expect(try text("/proc/\(drive)/cmdline") == "itpump-drive\0")
    let ends = ["\(drive)", "\(process.processIdentifier)"]
    let programs = try ends.map { try files.destinationOfSymbolicLink(atPath: "/proc/\($0)/exe") }
    #expect(programs[0] == programs[1])
    var open: [Int: String] = [:]
    for name in try files.contentsOfDirectory(atPath: "/proc/\(drive)/fd") {
      let at = "/proc/\(drive)/fd/\(name)"
      open[try #require(Int(name))] = try? files.destinationOfSymbolicLink(atPath: at)
    }
    #expect(open.keys.filter { $0 > 2 }.sorted() == [3, 4, 5], "\(open)")
    #expect(open[3]?.hasPrefix("/memfd:itpump") == true, "\(open)")
    #expect(open[4]?.hasSuffix(".lock") == true, "\(open)")
    #expect(open[5]?.hasSuffix("/p.journal") == true, "\(open)")
  }

  /// A program that only sleeps.
  private func sleeper(_ folder: TemporaryFolder) throws -> String {
    try "#!/bin/sh\nexec sleep 600\n".write(
      toFile: folder("drive"), atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder("drive"))
    return folder("drive")
  }

  @Test("A drive that is left behind keeps its journal from every other program")
  func leftBehind() throws {
    let folder = try TemporaryFolder()
    let memory = try #require(DriveMemory([1]))
    let child: ChildProcess
    do {
      var journal = Journal(blank: try FileStore(path: folder("p.journal")))
      try journal.append(.event(.ended), at: .epoch, wallSeconds: 0)
      child = try DriveProgram.start(try sleeper(folder), memory, [journal.store.file])
    }
    // Whoever has started it has it open no more.
    let isHeld = JournalFile.isInUse(folder("p.journal"))
    child.kill()
    while child.end() == nil { sched_yield() }
    #expect(isHeld && !JournalFile.isInUse(folder("p.journal")))
  }

  @Test("A person who calls it is told what to say")
  func byHand() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createSymbolicLink(
      atPath: folder("itpump-drive"), withDestinationPath: Self.program)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: folder("itpump-drive"))
    process.arguments = ["--for", "1s"]
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let told = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == DriveProgram.wrongStart)
    #expect(
      told == "error: itpump-drive is a part of itpump run, which starts it; say itpump run\n")
  }

  /// A run of a second from this process, which has threads.
  private func control(_ program: String, longestStart: TimeSpan = TimeSpan(seconds: 30)) throws
    -> SupervisedRun
  {
    let top = CommandLineTests.top.path
    let bench = try BenchFiles(board: top + "/Hardware/boards/simulator.yaml").bench()
    let drugs = try InputFile.drugs([InputFile(top + "/Profiles/drugs/baclofen.yaml")])
    let text = try InputFile(top + "/Profiles/adult-spinal-night.yaml").text
    let day = Date(timeIntervalSince1970: 1_795_305_600)
    let profile = try #require(
      ProfileLoader(drugs: drugs, bench: bench, now: day).load(text).profile)
    let session = try RunOpening.open(
      Journal(blank: MemoryStore(slots: 1 << 10)), profile, on: bench,
      profile.sessionWish(on: bench), text: Array(text.utf8))
    let ordinary = RealTimeThread.Wish(priority: 0, locksMemory: false)
    var parts = RunParts(
      span: TimeSpan(seconds: 1), isConfirmed: true, hasWaitingProfile: false, isRecording: false,
      fault: nil, locks: [], wish: ordinary, guardsWish: ordinary, pace: .asleep,
      sizeGrants: { _ in })
    parts.program = program
    parts.longestStart = longestStart
    return try parts.control(profile, bench, session)
  }

  /// Whether this process's drive blocks SIGHUP, SIGINT and SIGTERM, which this process does not.
  private func blocksStops() throws -> Bool {
    let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
    let children = tasks.compactMap { try? text("/proc/self/task/\($0)/children") }
      .flatMap { $0.split(separator: " ") }
    let drive = try #require(
      children.first { (try? text("/proc/\($0)/comm")) == "itpump-drive\n" })
    let line = try text("/proc/\(drive)/status").split(separator: "\n")
      .first { $0.hasPrefix("SigBlk:") }
    let mask = try #require(line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
    return [SIGHUP, SIGINT, SIGTERM].allSatisfy { mask >> UInt64($0 - 1) & 1 == 1 }
  }

  @Test("A process with threads runs a pump, and its books are what the drive has made")
  func fromThreads() throws {
    let control = try control(Self.program)
    #expect(control.test { _, _ in })
    #expect(try blocksStops(), "a signal to this process's group would leave the motor energised")
    // 22:00, where a bolus of 25 µg begins: 143.8 steps a second.
    control.begin(at: control.nextFirst, place: TimeSpan(hours: 22))
    let ending = control.join()
    #expect(control.end == .exited(0))
    // A machine that is busy may be late: what is not made is then missed, and nothing is lost.
    let ledger = try #require(ending.outcome).status.ledger
    let all = ledger.delivered + ledger.missed
    #expect((140...148).contains(all) && ledger.delivered > 0, "\(ledger)")
  }

  @Test("A run whose starter ignores what becomes of children knows how its drive has ended")
  func ignoredChildren() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c", "trap '' CHLD; exec \"$0\" \"$@\"", Self.program, "run",
      "Profiles/adult-spinal-night.yaml", "--for", "1s", "--priority", "0",
    ]
    process.currentDirectoryURL = CommandLineTests.top
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let told = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && !told.contains("no sign of life"), "\(told)")
  }

  @Test("A plan that is damaged is refused by the drive under a code of its own")
  func damagedPlan() throws {
    let memory = try #require(DriveMemory(Array(repeating: 1, count: 64)))
    let child = try DriveProgram.start(Self.program, memory, [])
    var end = child.end()
    while end == nil {
      sched_yield()
      end = child.end()
    }
    #expect(end == .exited(DriveProgram.damagedPlan))
  }

  @Test("A drive that never has its plan and its lines is ended, and the pump does not begin")
  func neverReady() throws {
    let folder = try TemporaryFolder()
    let control = try control(try sleeper(folder), longestStart: TimeSpan(milliseconds: 50))
    #expect(!control.test { _, _ in })
    _ = control.join()
    #expect(control.end == .killed(signal: SIGKILL) && control.obstacle == nil)
  }

  @Test("A drive that does not start is an error that says why")
  func noProgram() throws {
    do {
      _ = try control("/nonexistent/itpump")
      Issue.record("it began")
    } catch {
      #expect(
        "\(error)" == "error: the drive's process does not start: No such file or directory")
    }
  }
}
