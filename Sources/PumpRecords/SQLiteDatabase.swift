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
    var prepared: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK, let prepared else {
      throw failure
    }
    defer { sqlite3_finalize(prepared) }
    try execute(prepared, values, row)
  }

  /// Runs a prepared statement once more with other values.
  func execute(_ prepared: OpaquePointer, _ values: [Value], _ row: ([Value]) -> Void)
    throws(Failure)
  {
    sqlite3_reset(prepared)
    for (index, value) in values.enumerated() { bind(value, Int32(index + 1), prepared) }
    while true {
      switch sqlite3_step(prepared) {
      case SQLITE_ROW:
        row((0..<sqlite3_column_count(prepared)).map { Self.column(prepared, $0) })
      case SQLITE_DONE: return
      default: throw failure
      }
    }
  }

  /// Runs a statement for each set of values, in one transaction.
  public func runAll(_ sql: String, _ rows: [[Value]]) throws(Failure) {
    try run("BEGIN")
    var prepared: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK, let prepared else {
      throw failure
    }
    defer { sqlite3_finalize(prepared) }
    do {
      for values in rows { try execute(prepared, values) { _ in } }
    } catch {
      let failure = failure
      try? run("ROLLBACK")
      throw failure
    }
    try run("COMMIT")
  }

  private var failure: Failure {
    Failure(path: path, message: String(cString: sqlite3_errmsg(handle)))
  }

  private func bind(_ value: Value, _ place: Int32, _ prepared: OpaquePointer) {
    switch value {
    case .null: sqlite3_bind_null(prepared, place)
    case .integer(let number): sqlite3_bind_int64(prepared, place, number)
    case .text(let text): sqlite3_bind_text(prepared, place, text, -1, Self.transient)
    case .blob(let bytes):
      sqlite3_bind_blob(prepared, place, bytes, Int32(bytes.count), Self.transient)
    }
  }

  private static func column(_ prepared: OpaquePointer, _ place: Int32) -> Value {
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
