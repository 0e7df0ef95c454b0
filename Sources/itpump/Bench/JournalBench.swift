import ArgumentParser
import Foundation
import PumpFiles
import PumpJournal
import PumpLinux
import PumpMessages
import PumpRecords
import PumpReports
import PumpSafety
import PumpService
import PumpUnits

/// `itpump bench journal`: what a durable record costs beside the same record in SQLite.
struct JournalBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal",
    abstract: "Time a durable journal record beside an SQLite WAL transaction.",
    discussion: """
      Both write the same 128 bytes to the same folder and wait for the disk: the journal as a run does, \
      SQLite with journal_mode=WAL and synchronous=FULL and a prepared statement. They take turns, ten \
      records each, and medians of the same turns are compared: while SQLite's WAL grows, as after each \
      opening, and once it has been checkpointed and is written over.
      """)

  @Option(help: .init("Records of each, 2000 to 1000000.", valueName: "number"))
  var records = 3_000

  @Option(help: .init("The folder to write to; this one if not given.", valueName: "folder"))
  var folder = "."

  @Option(help: .init("Write the figures as JSON; - for standard output.", valueName: "file"))
  var json: String?

  func validate() throws {
    guard (2_000...1_000_000).contains(records) else {
      throw ValidationError("--records: 2000 to 1000000")
    }
  }

  /// A way's times, in nanoseconds.
  struct Row: Encodable {
    var median_ns: UInt64
    var p99_ns: UInt64
    var worst_ns: UInt64

    init(_ times: ArraySlice<UInt64>) {
      let sorted = times.sorted()
      median_ns = sorted[sorted.count / 2]
      p99_ns = sorted[sorted.count * 99 / 100]
      worst_ns = sorted[sorted.count - 1]
    }
  }

  struct Figures: Encodable {
    var journal: Row
    var sqlite_wal_growing: Row
    var sqlite_wal_written_over: Row
    var median_ratio_growing: Double
    var median_ratio_written_over: Double
  }

  /// SQLite checkpoints after a thousand pages, so by its 700th record its WAL still grows, and after its
  /// 1,300th it does not.
  private static let (growingUntil, writtenOverFrom) = (700, 1_300)

  func run() throws {
    let path = "\(folder)/itpump-bench-\(UUID().uuidString)"
    let files = ["", ".db", ".db-wal", ".db-shm"].map { path + $0 }
    defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
    let figures: Figures
    do {
      figures = try measure(path)
    } catch let problem as ProjectFiles.Problem {
      throw problem
    } catch {
      throw ProjectFiles.Problem(description: "\(folder): error: \(error)")
    }
    if let json {
      let text = try JSONOutput.text(figures)
      if json == "-" { return try ProjectFiles.print(text) }
      try ProjectFiles.write(text, to: json)
    }
    func row(_ name: String, _ row: Row) -> String {
      func time(_ nanoseconds: UInt64) -> String {
        TextColumns.right(String(format: "%.1f µs", Double(nanoseconds) / 1e3), 14)
      }
      return "  " + name.padding(toLength: 28, withPad: " ", startingAt: 0)
        + time(row.median_ns) + time(row.p99_ns) + time(row.worst_ns) + "\n"
    }
    try ProjectFiles.print(
      "  a durable record                    median           p99         worst\n"
        + row("journal", figures.journal)
        + row("SQLite, its WAL growing", figures.sqlite_wal_growing)
        + row("SQLite, its WAL written over", figures.sqlite_wal_written_over)
        + String(
          format: "  medians: %.2f of SQLite's while its WAL grows, %.2f once it is written over\n",
          figures.median_ratio_growing, figures.median_ratio_written_over))
  }

  private func measure(_ path: String) throws -> Figures {
    var journal = try JournalFile.open(path).release()
    let database = try SQLiteDatabase(path + ".db")
    try database.run("PRAGMA journal_mode=WAL")
    try database.run("PRAGMA synchronous=FULL")
    try database.run("CREATE TABLE record (sequence INTEGER PRIMARY KEY, block BLOB NOT NULL)")
    let insert = try database.prepare("INSERT INTO record (block) VALUES (?)")
    let block = [UInt8](repeating: 0x5A, count: 128)
    var (ours, theirs): ([UInt64], [UInt64]) = ([], [])
    var bar = Console.Progress("measuring")
    for round in 0..<(records / 10) {
      for number in 0..<10 {
        let made = UInt64(round * 10 + number)
        let began = monotonicNanoseconds()
        journal.store.prepare(for: journal.next)
        try journal.append(
          .grant(
            StepCounts(certain: made), upTo: made + 100,
            until: Instant(nanoseconds: made + 1_000_000)),
          at: Instant(nanoseconds: made), wallSeconds: 0)
        let took = monotonicNanoseconds() - began
        ours.append(took)
      }
      for _ in 0..<10 {
        let began = monotonicNanoseconds()
        try insert.run([.blob(block)])
        let took = monotonicNanoseconds() - began
        theirs.append(took)
      }
      bar.show(Double(round) / Double(records / 10))
    }
    bar.finish()
    func median(_ times: ArraySlice<UInt64>) -> Double { Double(max(1, Row(times).median_ns)) }
    let growing = ..<Self.growingUntil
    let over = Self.writtenOverFrom...
    return Figures(
      journal: Row(ours[...]), sqlite_wal_growing: Row(theirs[growing]),
      sqlite_wal_written_over: Row(theirs[over]),
      median_ratio_growing: median(ours[growing]) / median(theirs[growing]),
      median_ratio_written_over: median(ours[over]) / median(theirs[over]))
  }
}
