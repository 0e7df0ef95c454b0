import PumpMessages

/// Why a journal can't be used.
///
/// It stands beside `Journal` and not in it: Swift 6.0.3's compiler crashes on an initialiser that throws
/// an error type nested in the generic type that it makes.
public enum JournalProblem: Error, Equatable, Sendable {
  /// A record before the end is damaged: from there back nothing is to be relied on.
  case damaged(sequence: UInt64)
  /// A record does not follow from the one before, or counts what no pump can: somebody changed it.
  case chainBroken(sequence: UInt64)
  /// A later version wrote it.
  case laterFormat(UInt16)
  /// The store can't be read.
  case unreadable
  /// It holds something, and none of it is a record.
  case notAJournal
}
