public import PumpJournal
public import PumpSafety
import PumpUnits

/// An index of a journal's records for queries: an SQLite file that may be deleted at any time, and is made
/// anew from the journal.
public final class RecordIndex {
  /// Which records are asked for; what is `nil` or empty excludes none.
  public struct Filter: Equatable, Sendable {
    public var kinds: [RecordKind] = []
    public var session: UInt32?
    public var alarm: Alarm?
    /// By the wall clock, in seconds since 1970.
    public var since: Int64?
    public var until: Int64?
    /// Only the latest so many.
    public var last: Int?
    /// Only records from this sequence on.
    public var from: UInt64 = 0

    public init() {}
  }

  private static let version: Int64 = 1
  private let database: SQLiteDatabase

  /// Opens an index, or begins an empty one.
  ///
  /// - Parameter path: `nil` keeps it in memory.
  /// - Throws: `SQLiteDatabase.Failure`.
  public init(path: String?) throws(SQLiteDatabase.Failure) {
    database = try SQLiteDatabase(path ?? ":memory:")
    var found: Int64 = 0
    try database.run("PRAGMA user_version") { row in
      if case .integer(let number)? = row.first { found = number }
    }
    // It can be made anew at any time: nothing in it needs to survive a loss of power.
    try database.run("PRAGMA synchronous = OFF")
    guard found != Self.version else { return }
    try database.run("DROP TABLE IF EXISTS record")
    try database.run(
      """
      CREATE TABLE record (
        sequence INTEGER PRIMARY KEY, session INTEGER NOT NULL, at_ns INTEGER NOT NULL,
        wall_s INTEGER NOT NULL, kind INTEGER NOT NULL, alarm INTEGER, link BLOB NOT NULL)
      """)
    try database.run("CREATE INDEX record_by_wall ON record (wall_s)")
    try database.run("CREATE INDEX record_by_alarm ON record (alarm) WHERE alarm IS NOT NULL")
    try database.run("PRAGMA user_version = \(Self.version)")
  }

  /// Adds the journal's new records; an index of another journal, or of one that was changed, is made
  /// anew.
  ///
  /// - Returns: How many records were added.
  /// - Throws: `SQLiteDatabase.Failure`.
  @discardableResult
  public func update<Store: JournalStore & ~Copyable>(from journal: inout Journal<Store>)
    throws(SQLiteDatabase.Failure) -> Int
  {
    var last: (sequence: UInt64, link: [UInt8])?
    try database.run("SELECT sequence, link FROM record ORDER BY sequence DESC LIMIT 1") { row in
      if case .integer(let sequence) = row[0], case .blob(let link) = row[1] {
        last = (UInt64(sequence), link)
      }
    }
    if let known = last, journal.link(of: known.sequence) != known.link {
      try database.run("DELETE FROM record")
      last = nil
    }
    var rows: [[SQLiteDatabase.Value]] = []
    var added = 0
    var sequence = max(journal.first, last.map { $0.sequence + 1 } ?? 0)
    while sequence < journal.next {
      if let record = journal.record(sequence), let link = journal.link(of: sequence) {
        rows.append(Self.row(record, link))
      }
      sequence += 1
      guard rows.count == 10_000 || sequence == journal.next else { continue }
      try database.runAll("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
      added += rows.count
      rows.removeAll(keepingCapacity: true)
    }
    return added
  }

  private static func row(_ record: JournalRecord, _ link: [UInt8]) -> [SQLiteDatabase.Value] {
    [
      .integer(Int64(record.sequence)), .integer(Int64(record.session)),
      .integer(Int64(clamping: record.at.nanoseconds)), .integer(record.wallSeconds),
      .integer(Int64(record.entry.kind.rawValue)),
      record.entry.alarm.map { .integer(Int64($0.rawValue)) } ?? .null, .blob(link),
    ]
  }

  /// The sequences of the records that a filter lets pass, in order.
  ///
  /// - Throws: `SQLiteDatabase.Failure`.
  public func select(_ filter: Filter) throws(SQLiteDatabase.Failure) -> [UInt64] {
    var conditions = ["sequence >= ?"]
    var values: [SQLiteDatabase.Value] = [.integer(Int64(filter.from))]
    if !filter.kinds.isEmpty {
      let kinds = filter.kinds.map { "\($0.rawValue)" }.joined(separator: ", ")
      conditions.append("kind IN (\(kinds))")
    }
    func add(_ condition: String, _ value: Int64?) {
      guard let value else { return }
      conditions.append(condition)
      values.append(.integer(value))
    }
    add("session = ?", filter.session.map(Int64.init))
    add("alarm = ?", filter.alarm.map { Int64($0.rawValue) })
    add("wall_s >= ?", filter.since)
    add("wall_s <= ?", filter.until)
    var sql = "SELECT sequence FROM record WHERE " + conditions.joined(separator: " AND ")
    if let last = filter.last {
      sql = "SELECT * FROM (\(sql) ORDER BY sequence DESC LIMIT \(last))"
    }
    var sequences: [UInt64] = []
    try database.run(sql + " ORDER BY sequence", values) { row in
      if case .integer(let sequence)? = row.first { sequences.append(UInt64(sequence)) }
    }
    return sequences
  }
}

/// What kind of record it is, as queries name it.
public enum RecordKind: UInt8, CaseIterable, Sendable {
  case session = 1
  case grant
  case event
  case alarm
  case command
  case profile
  case text
  case unknown
}

extension JournalEntry {
  /// Its kind; what is about an alarm is of that kind.
  public var kind: RecordKind {
    switch self {
    case .opened, .event(.ended), .event(.restarted): .session
    case .grant: .grant
    case .event: alarm == nil ? .event : .alarm
    case .command: .command
    case .profile: .profile
    case .text: .text
    case .unknown: .unknown
    }
  }

  /// The alarm that it is about.
  public var alarm: Alarm? {
    switch self {
    case .event(.tripped(let alarm)), .event(.alarmRaised(let alarm)),
      .event(.alarmCauseGone(let alarm)), .event(.acknowledged(let alarm)),
      .event(.silenced(let alarm, _)):
      alarm
    case .command(.acknowledge, let number, _), .command(.silence, let number, _):
      Alarm(rawValue: UInt8(truncatingIfNeeded: number))
    default: nil
    }
  }
}
