import Foundation
import PumpJournal
import PumpLinux
import PumpMessages
import PumpSafety
import PumpUnits
import Testing

@testable import PumpFiles
@testable import PumpService

@Suite("A journal that is not as it was left is told, alarmed, and its doses are not forgotten")
struct JournalTrustTests {
  private static let night = "Profiles/adult-spinal-night.yaml"
  private static let record = JournalBlock.size

  private func run(_ journal: String, _ more: String...) throws -> CommandLineTests.Run {
    try CommandLineTests.itpump(
      ["run", Self.night, "--priority", "0", "--journal", journal, "--for", "1s"] + more)
  }

  private func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func write(_ bytes: Data, _ path: String) throws {
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  /// A journal that broke off right behind a grant of so many steps, as written by a run that was killed.
  private func brokenOff(_ folder: TemporaryFolder, granted: UInt64) throws -> Data {
    #expect(try run(folder("whole.journal")).code == 0)
    var source = try JournalFile.open(folder("whole.journal")).release()
    let records = (0..<source.next).compactMap { source.record($0) }
    do {
      var journal = Journal(blank: try FileStore(path: folder("broken.journal")))
      for record in records {
        if case .grant = record.entry, journal.state.began != nil { break }
        try journal.append(record.entry, at: record.at, wallSeconds: record.wallSeconds)
      }
      try journal.append(
        .grant(StepCounts(), upTo: granted, until: journal.state.at + TimeSpan(seconds: 70)),
        at: journal.state.at, wallSeconds: journal.state.wallSeconds)
    }
    return try bytes(folder("broken.journal"))
  }

  private func last(_ data: Data) -> Int {
    (data.lastIndex { $0 != 0 } ?? 0) / Self.record
  }

  @Test(
    "A last record that is whole and fails its checksum: its steps are uncertain, whatever was flipped",
    arguments: [0, 8, 33, 64, 90, 121, 127])
  func flippedLastRecord(byte: Int) throws {
    let folder = try TemporaryFolder()
    var data = try brokenOff(folder, granted: 9_000)
    let place = last(data) * Self.record + byte
    data[place] ^= 0x10
    try write(data, folder("p.journal"))
    let verified = try CommandLineTests.itpump("log", folder("p.journal"), "--verify")
    #expect(verified.code == 1)
    let again = try run(folder("p.journal"), "--json", folder("run.json"))
    let json = try #require(
      try JSONSerialization.jsonObject(with: try bytes(folder("run.json"))) as? [String: Any])
    let alarms = try #require(json["alarms"] as? [[String: Any]]).compactMap {
      $0["alarm"] as? String
    }
    #expect(alarms.contains("journal-suspect"), "\(again.err)")
    #expect(try JournalFile.read(folder("p.journal")).state.carried.uncertain >= 9_000)
    // Told once: what was lost is booked now.
    #expect(try CommandLineTests.itpump("log", folder("p.journal"), "--verify").code == 0)
  }

  @Test(
    "A last record that ends in unwritten bytes is torn: nothing was granted by it",
    arguments: [1, 60, 120, 127])
  func tornLastRecord(bytes: Int) throws {
    let folder = try TemporaryFolder()
    var data = try brokenOff(folder, granted: 9_000)
    let from = last(data) * Self.record + bytes
    data.replaceSubrange(
      from..<(from / Self.record + 1) * Self.record, with: Data(count: Self.record - bytes))
    try write(data, folder("p.journal"))
    #expect(try CommandLineTests.itpump("log", folder("p.journal"), "--verify").code == 0)
    #expect(try JournalFile.read(folder("p.journal")).state.carried.uncertain == 0)
  }

  @Test("The only record, damaged, is no new journal")
  func onlyRecord() throws {
    let folder = try TemporaryFolder()
    do {
      var journal = Journal(blank: try FileStore(path: folder("p.journal"), reserve: 0))
      try journal.append(.event(.ended), at: .epoch, wallSeconds: 0)
    }
    var data = try bytes(folder("p.journal"))
    data[17] ^= 1
    try write(data, folder("p.journal"))
    #expect(try run(folder("p.journal")).code == 1)
  }

  /// What is done to a journal between two runs.
  enum Trick: CaseIterable {
    case olderCopy, cutRecords, anotherPumps
  }

  @Test(
    "A journal that was put back, cut or exchanged is told, and only the minimum rate runs",
    arguments: Trick.allCases)
  func rolledBack(trick: Trick) throws {
    let folder = try TemporaryFolder()
    #expect(try run(folder("p.journal")).code == 0)
    let older = try bytes(folder("p.journal"))
    #expect(try run(folder("p.journal")).code == 0)
    var data = try bytes(folder("p.journal"))
    switch trick {
    case .olderCopy: data = older
    case .cutRecords:
      let from = (last(data) - 1) * Self.record
      data.replaceSubrange(from..<data.count, with: Data(count: data.count - from))
    case .anotherPumps:
      for _ in 0..<3 { #expect(try run(folder("other.journal")).code == 0) }
      data = try bytes(folder("other.journal"))
    }
    try write(data, folder("p.journal"))
    let again = try run(
      folder("p.journal"), "--start", "2026-11-22T22:00", "--json", folder("run.json"))
    let json = try #require(
      try JSONSerialization.jsonObject(with: try bytes(folder("run.json"))) as? [String: Any])
    let alarms = try #require(json["alarms"] as? [[String: Any]]).compactMap {
      $0["alarm"] as? String
    }
    #expect(alarms.contains("journal-suspect"), "\(again.err)")
    #expect(json["minimum_rate_only"] as? Bool == true)
  }

  @Test("A journal that is gone is no new pump while its seal is there")
  func goneBetween() throws {
    let folder = try TemporaryFolder()
    #expect(try run(folder("p.journal")).code == 0)
    try FileManager.default.removeItem(atPath: folder("p.journal"))
    let again = try run(folder("p.journal"))
    #expect(again.code == 1)
    #expect(again.err.contains(JournalSeal.path(of: folder("p.journal"))))
    try FileManager.default.removeItem(atPath: JournalSeal.path(of: folder("p.journal")))
    #expect(try run(folder("p.journal")).code == 0)
  }

  @Test("A journal of an earlier version has no seal yet: it is opened, and sealed from then on")
  func withoutSeal() throws {
    let folder = try TemporaryFolder()
    #expect(try run(folder("p.journal")).code == 0)
    try FileManager.default.removeItem(atPath: JournalSeal.path(of: folder("p.journal")))
    #expect(try run(folder("p.journal")).code == 0)
    let seal = try #require(JournalSeal(ofJournal: folder("p.journal")))
    let next = try JournalFile.read(folder("p.journal")).next
    #expect(seal.sequence == next - 1)
  }

  /// A run whose therapy has begun, by its journal.
  private func start(_ journal: String, _ json: String) throws -> Process {
    let process = Process()
    let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    process.executableURL = tests.deletingLastPathComponent().appendingPathComponent("itpump")
    process.arguments = [
      "run", Self.night, "--start", "2026-11-22T22:00", "--priority", "0", "--journal", journal,
      "--json",
      json,
    ]
    process.currentDirectoryURL = CommandLineTests.top
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    while process.isRunning {
      if let opened = try? JournalFile.read(journal), opened.state.began != nil,
        opened.state.granted > 0
      {
        return process
      }
    }
    return process
  }

  private func isTold(_ alarm: Alarm, in path: String) -> Bool {
    guard var journal = try? JournalFile.read(path) else { return false }
    return (0..<journal.next).contains {
      journal.record($0)?.entry == .event(.alarmRaised(alarm))
    }
  }

  @Test(
    "A journal that is removed or replaced under a run: its steps are kept, and it is alarmed",
    arguments: [false, true])
  func takenAway(isReplaced: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder("p.journal")
    let process = try start(path, folder("run.json"))
    let second = try run(path)
    #expect(second.code == 1, "two runs on one journal")
    try FileManager.default.removeItem(atPath: path)
    // The lock does not lie in the journal: a second run is refused now too.
    if isReplaced { try write(Data(count: 65_536), path) }
    #expect(try run(path).code == 1)
    let kept = isReplaced ? path + ".kept-1" : path
    while process.isRunning, !isTold(.journalSuspect, in: kept) {}
    process.terminate()
    process.waitUntilExit()
    let json = try #require(
      try JSONSerialization.jsonObject(with: try bytes(folder("run.json"))) as? [String: Any])
    let alarms = try #require(json["alarms"] as? [[String: Any]]).compactMap {
      $0["alarm"] as? String
    }
    #expect(alarms.contains("journal-suspect"))
    let state = try JournalFile.read(kept).state
    let steps = try #require(json["steps"] as? Int)
    #expect(state.counts.certain == UInt64(steps))
    #expect(state.isEnded)
    // What has taken its place is not believed.
    if isReplaced { #expect(try run(path).code == 1) }
  }

  @Test("A start that was killed before its first record leaves a file that the next one takes")
  func killedAtBirth() throws {
    let folder = try TemporaryFolder()
    let path = folder("born.journal")
    // Room for records and none of them; then one that was cut to nothing, and one with a seal beside it.
    try Data(repeating: 0, count: 4_096).write(to: URL(fileURLWithPath: path))
    #expect(try JournalFile.open(path).release().next == 0)
    try Data().write(to: URL(fileURLWithPath: folder("cut.journal")))
    #expect(throws: ProjectFiles.Problem.self) {
      _ = try JournalFile.open(folder("cut.journal")).release().next
    }
    try Data(repeating: 0, count: 4_096).write(to: URL(fileURLWithPath: folder("old.journal")))
    let seal = JournalSeal(sequence: 7, link: Array(repeating: 1, count: 32))
    #expect(seal.write(besideJournal: folder("old.journal"), isDurable: false))
    #expect(throws: ProjectFiles.Problem.self) {
      _ = try JournalFile.open(folder("old.journal")).release().next
    }
  }

  @Test("A wall clock behind the journal's last record tells no length of an outage")
  func clockBehind() throws {
    var journal = Journal(blank: MemoryStore(slots: 64))
    journal.append(
      .opened(boot: 5, clock: .hour, servedSince: .epoch, nil, isClockSynchronised: true),
      at: .epoch,
      wallSeconds: 1_000)
    let state = journal.state
    for (wall, isKnown) in [
      (Int64(1_000 - 86_400), false), (999, false), (1_000, true), (5_000, true),
    ] {
      #expect(
        state.knowsTime(boot: 6, clock: .zero, wallSeconds: wall, isSynchronised: true) == isKnown)
    }
    #expect(
      state.knowsTime(boot: 5, clock: .day, wallSeconds: 0, isSynchronised: true),
      "its own clock says")
  }
}
