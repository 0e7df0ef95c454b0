public import PumpJournal
public import PumpMessages
import PumpSafety
import PumpUnits

/// An index of a journal's records for queries, made from the journal each time and kept in memory: a file
/// beside the journal would have to be believed, and opening the journal reads every record anyway.
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

  private let database: SQLiteDatabase
  /// The first record that it does not have yet.
  private var next: UInt64 = 0

  /// Begins an empty index.
  ///
  /// - Throws: `SQLiteDatabase.Failure`.
  public init() throws(SQLiteDatabase.Failure) {
    database = try SQLiteDatabase(":memory:")
    try database.run(
      """
      CREATE TABLE record (
        sequence INTEGER PRIMARY KEY, session INTEGER NOT NULL, at_ns INTEGER NOT NULL,
        wall_s INTEGER NOT NULL, kind INTEGER NOT NULL, alarm INTEGER)
      """)
    try database.run("CREATE INDEX record_by_wall ON record (wall_s)")
    try database.run("CREATE INDEX record_by_alarm ON record (alarm) WHERE alarm IS NOT NULL")
  }

  /// Adds the journal's new records.
  ///
  /// - Returns: How many records were added.
  /// - Throws: `SQLiteDatabase.Failure`.
  @discardableResult
  public func update<Store: JournalStore & ~Copyable>(from journal: inout Journal<Store>)
    throws(SQLiteDatabase.Failure) -> Int
  {
    var rows: [[SQLiteDatabase.Value]] = []
    var added = 0
    var sequence = max(journal.first, next)
    while sequence < journal.next {
      if let record = journal.record(sequence) { rows.append(Self.row(record)) }
      sequence += 1
      guard rows.count == 10_000 || sequence == journal.next else { continue }
      try database.runAll("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", rows)
      added += rows.count
      rows.removeAll(keepingCapacity: true)
    }
    next = sequence
    return added
  }

  private static func row(_ record: JournalRecord) -> [SQLiteDatabase.Value] {
    [
      .integer(Int64(clamping: record.sequence)), .integer(Int64(record.session)),
      .integer(Int64(clamping: record.at.nanoseconds)), .integer(record.wallSeconds),
      .integer(Int64(record.entry.kind.rawValue)),
      record.entry.alarm.map { .integer(Int64($0.rawValue)) } ?? .null,
    ]
  }

  /// The sequences of the records that a filter lets pass, in order.
  ///
  /// - Throws: `SQLiteDatabase.Failure`.
  public func select(_ filter: Filter) throws(SQLiteDatabase.Failure) -> [UInt64] {
    var conditions = ["sequence >= ?"]
    var values: [SQLiteDatabase.Value] = [.integer(Int64(clamping: filter.from))]
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
      if case .integer(let sequence)? = row.first { sequences.append(UInt64(clamping: sequence)) }
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
    case .command, .asked, .answered: .command
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
    case .command(.acknowledge, let number, _), .command(.silence, let number, _),
      .answered(_, .acknowledge, let number, _), .answered(_, .silence, let number, _):
      Alarm(rawValue: UInt8(truncatingIfNeeded: number))
    default: nil
    }
  }
}
