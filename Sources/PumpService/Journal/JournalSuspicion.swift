/// Why a journal is not believed as it is: it tells what must be made good by an alarm, and by caution.
package enum JournalSuspicion: Equatable, Sendable {
  /// The last record was written whole and fails its checksum: it may have permitted steps.
  case damagedEnd(UInt64)
  /// It ends before a record that was written.
  case rolledBack(UInt64)
  /// A record is another than was written.
  case exchanged(UInt64)

  /// What a person is told.
  package var words: String {
    switch self {
    case .damagedEnd(let record):
      "record \(record), the last, is damaged: what it said is lost, and it may have permitted steps"
    case .rolledBack(let record):
      "it ends before record \(record), which was written: it was put back to an older copy, or cut; what "
        + "was delivered since is not in it"
    case .exchanged(let record):
      "record \(record) is another than was written: another journal has taken this one's place"
    }
  }

  /// Whether doses may be missing of which nothing is known: neither how many, nor since when.
  package var hidesDoses: Bool {
    if case .damagedEnd = self { false } else { true }
  }
}
