import Foundation
import PumpJournal
import PumpLinux
import PumpMessages
import PumpRecords
import PumpReports
import PumpService
import PumpUnits

/// What a durable journal record costs, beside the same record in SQLite.
package struct JournalFigures: Encodable {
  /// A way's times, in nanoseconds.
  private struct Row: Encodable {
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

  private let journal: Row
  private let sqlite_wal_growing: Row
  private let sqlite_wal_written_over: Row
  private let median_ratio_growing: Double
  private let median_ratio_written_over: Double

  /// SQLite checkpoints after a thousand pages, so by its 700th record its WAL still grows, and after its
  /// 1,300th it does not.
  private static let (growingUntil, writtenOverFrom) = (700, 1_300)

  /// Measures.
  ///
  /// - Parameters:
  ///   - records: Records of each.
  ///   - path: Names that are not there yet, for the journal and the database beside it.
  package init(records: Int, at path: String) throws {
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
    self.journal = Row(ours[...])
    sqlite_wal_growing = Row(theirs[growing])
    sqlite_wal_written_over = Row(theirs[over])
    median_ratio_growing = median(ours[growing]) / median(theirs[growing])
    median_ratio_written_over = median(ours[over]) / median(theirs[over])
  }

  /// For people.
  package var table: String {
    func row(_ name: String, _ row: Row) -> String {
      func time(_ nanoseconds: UInt64) -> String {
        TextColumns.right(String(format: "%.1f µs", Double(nanoseconds) / 1e3), 14)
      }
      return "  " + name.padding(toLength: 28, withPad: " ", startingAt: 0)
        + time(row.median_ns) + time(row.p99_ns) + time(row.worst_ns) + "\n"
    }
    return "  a durable record                    median           p99         worst\n"
      + row("journal", journal)
      + row("SQLite, its WAL growing", sqlite_wal_growing)
      + row("SQLite, its WAL written over", sqlite_wal_written_over)
      + String(
        format: "  medians: %.2f of SQLite's while its WAL grows, %.2f once it is written over\n",
        median_ratio_growing, median_ratio_written_over)
  }
}
