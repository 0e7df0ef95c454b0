public import PumpHAL
public import PumpJournal
public import PumpMessages
public import PumpUnits

/// What the journal says to what it was asked.
public enum RecordAnswer: Equatable, BitwiseCopyable, Sendable {
  /// The permission is written: the drive may have it.
  case granted(Grant)
  case notGranted
  /// A part of the self-test passed, or failed.
  case proved(SelfTestPart, Bool)
  /// The record with this number is written for sure, or could not be.
  case kept(number: UInt64, Bool)
  /// Whether records are taken.
  case isTaking(Bool)
  /// Whether room could not be made ahead.
  case isFilling(Bool)
  /// The file was taken from its name.
  case isMisplaced
}

/// How the supervisor's side reaches the journal: at once, or through a thread that no disk can hold up.
public protocol RecordLink: ~Copyable {
  /// Has a record written.
  ///
  /// - Returns: Whether it was taken: where not, the same is to be asked for again later.
  mutating func write(_ entry: JournalEntry, at now: Instant, wallSeconds: Int64) -> Bool

  /// Has a record written, and answers with its number when it is there for sure.
  mutating func keep(
    _ entry: JournalEntry, number: UInt64, at now: Instant, wallSeconds: Int64
  ) -> Bool

  /// Has a permission written, and answers with it.
  mutating func grant(
    _ counts: StepCounts, upTo: UInt64, until: Instant, at now: Instant, wallSeconds: Int64
  ) -> Bool

  /// Has the journal's or the profile's part of the self-test tried.
  mutating func prove(_ part: SelfTestPart) -> Bool

  /// The next answer, if there is one.
  mutating func answer() -> RecordAnswer?
}
