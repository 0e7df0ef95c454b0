import CSQLite

/// A thin layer over SQLite: statements with bound values, and failures in words.
public final class SQLiteDatabase {
  /// A value of a column or a parameter.
  public enum Value: Equatable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])
  }

  /// What SQLite says went wrong.
  public struct Failure: Error, Equatable, CustomStringConvertible, Sendable {
    public var path: String
    public var message: String
    public var description: String { "\(path): \(message)" }
  }

  public let path: String
  private let handle: OpaquePointer
  private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  /// Opens a database, and makes it where it is not there.
  ///
  /// - Parameter path: `:memory:` for none on disk.
  /// - Throws: `Failure`.
  public init(_ path: String) throws(Failure) {
    var opened: OpaquePointer?
    let status = sqlite3_open_v2(
      path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nil)
    guard status == SQLITE_OK, let opened else {
      sqlite3_close(opened)
      throw Failure(path: path, message: String(cString: sqlite3_errstr(status)))
    }
    handle = opened
    self.path = path
    sqlite3_busy_timeout(opened, 5_000)
  }

  deinit { sqlite3_close(handle) }

  /// Runs a statement.
  ///
  /// - Parameters:
  ///   - sql: One statement.
  ///   - values: Bound to its parameters in order.
  ///   - row: Given each row's columns.
  /// - Throws: `Failure`.
  public func run(
    _ sql: String, _ values: [Value] = [], row: ([Value]) -> Void = { _ in }
  ) throws(Failure) {
    try prepare(sql).run(values, row: row)
  }

  /// Prepares a statement that is run more than once.
  public func prepare(_ sql: String) throws(Failure) -> Statement {
    var prepared: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK, let prepared else {
      throw failure
    }
    return Statement(self, prepared)
  }

  /// A prepared statement.
  public final class Statement {
    private let database: SQLiteDatabase
    private let prepared: OpaquePointer

    fileprivate init(_ database: SQLiteDatabase, _ prepared: OpaquePointer) {
      self.database = database
      self.prepared = prepared
    }

    deinit { sqlite3_finalize(prepared) }

    /// Runs it.
    public func run(_ values: [Value] = [], row: ([Value]) -> Void = { _ in }) throws(Failure) {
      sqlite3_reset(prepared)
      defer { sqlite3_reset(prepared) }
      for (index, value) in values.enumerated() {
        SQLiteDatabase.bind(value, Int32(index + 1), prepared)
      }
      while true {
        switch sqlite3_step(prepared) {
        case SQLITE_ROW:
          row((0..<sqlite3_column_count(prepared)).map { SQLiteDatabase.column(prepared, $0) })
        case SQLITE_DONE: return
        default: throw database.failure
        }
      }
    }
  }

  /// Runs a statement for each set of values, in one transaction.
  public func runAll(_ sql: String, _ rows: [[Value]]) throws(Failure) {
    let statement = try prepare(sql)
    try run("BEGIN")
    do throws(Failure) {
      for values in rows { try statement.run(values) }
    } catch {
      try? run("ROLLBACK")
      throw error
    }
    try run("COMMIT")
  }

  fileprivate var failure: Failure {
    Failure(path: path, message: String(cString: sqlite3_errmsg(handle)))
  }

  fileprivate static func bind(_ value: Value, _ place: Int32, _ prepared: OpaquePointer) {
    switch value {
    case .null: sqlite3_bind_null(prepared, place)
    case .integer(let number): sqlite3_bind_int64(prepared, place, number)
    case .text(let text): sqlite3_bind_text(prepared, place, text, -1, transient)
    case .blob(let bytes):
      sqlite3_bind_blob(prepared, place, bytes, Int32(bytes.count), transient)
    }
  }

  fileprivate static func column(_ prepared: OpaquePointer, _ place: Int32) -> Value {
    switch sqlite3_column_type(prepared, place) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(prepared, place))
    case SQLITE_TEXT:
      return sqlite3_column_text(prepared, place).map { .text(String(cString: $0)) } ?? .null
    case SQLITE_BLOB:
      let count = Int(sqlite3_column_bytes(prepared, place))
      guard count > 0, let bytes = sqlite3_column_blob(prepared, place) else { return .blob([]) }
      return .blob(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    default: return .null
    }
  }
}
