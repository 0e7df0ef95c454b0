package import PumpHAL
package import PumpJournal
package import PumpLinux
package import PumpMessages
import PumpSafety
package import PumpUnits

/// What the supervisor wants of the journal's thread.
package enum JournalOrder: BitwiseCopyable, Sendable {
  case entry(JournalEntry, at: Instant)
  /// Journal this, and answer with the number when it is written.
  case keep(JournalEntry, number: UInt64, at: Instant)
  /// Journal this permission, and answer with it.
  case grant(StepCounts, upTo: UInt64, until: Instant, at: Instant)
  /// Try the journal's own part of the self-test.
  case prove(SelfTestPart)
  /// Nothing more will come.
  case close
}

/// What the journal's thread answers.
package enum JournalAnswer: BitwiseCopyable, Sendable {
  case granted(Grant)
  case notGranted
  case kept(number: UInt64, Bool)
  case proved(SelfTestPart, Bool)
  /// Whether records are taken.
  case isTaking(Bool)
  /// Whether room could not be made ahead.
  case isFilling(Bool)
  /// The file was taken from its name.
  case isMisplaced(JournalPlace)
}

/// What became of a journal whose file was taken from its name.
package enum JournalPlace: BitwiseCopyable, Sendable {
  /// A copy has the name again.
  case restored
  /// Another file has the name; the records are in a copy with this number.
  case moved(UInt8)
  case lost
}

/// A store that a run journals to.
package protocol RunStore: JournalStore, ~Copyable {
  /// Makes room ahead of the next record.
  ///
  /// - Returns: Whether there is enough.
  mutating func makeRoom(for next: UInt64) -> Bool

  /// Looks whether its name still leads to it.
  ///
  /// - Returns: What was done where it did not; `nil` where it does.
  mutating func lookForPlace() -> JournalPlace?

  /// Keeps the latest record's sequence and link apart from the records.
  mutating func seal(_ sequence: UInt64, link: [UInt8], isDurable: Bool)

  /// The file that whoever has it open keeps from every other program; `nil` for none.
  var lockedFile: Int32? { get }
}

extension RunStore where Self: ~Copyable {
  package var lockedFile: Int32? { nil }
}

extension MemoryStore: RunStore {
  package mutating func makeRoom(for next: UInt64) -> Bool { true }
  package mutating func lookForPlace() -> JournalPlace? { nil }
  package mutating func seal(_ sequence: UInt64, link: [UInt8], isDurable: Bool) {}
}

extension FileStore: RunStore {
  package var lockedFile: Int32? { file }

  package mutating func makeRoom(for next: UInt64) -> Bool {
    prepare(for: next)
    return shortage == nil
  }

  package mutating func lookForPlace() -> JournalPlace? {
    switch keepPlace() {
    case .kept: nil
    case .restored: .restored
    case .moved(let name): .moved(UInt8(name.split(separator: "-").last ?? "") ?? 0)
    case .lost: .lost
    }
  }

  package mutating func seal(_ sequence: UInt64, link: [UInt8], isDurable: Bool) {
    JournalSeal(sequence: sequence, link: link).write(besideJournal: path, isDurable: isDurable)
  }
}

/// How the journal's thread ended, for others to wait for.
package final class JournalEnd: @unchecked Sendable {
  private let ended: SlotRing<Bool>?
  private var isWhole: Bool?

  package init() { ended = SlotRing(slots: 2) }

  package func tell(isWhole: Bool) { ended?.writer.put(isWhole) }

  /// Waits for the end, so long at most.
  ///
  /// - Returns: Whether it came, and every record was taken.
  package func waitForEnd(within span: TimeSpan) -> Bool {
    var clock = PacedClock(pace: .asleep)
    let latest = clock.read() + span
    while isWhole == nil {
      isWhole = ended?.take()
      guard isWhole == nil, clock.read() < latest else { break }
      _ = clock.wait(until: clock.read() + TimeSpan(milliseconds: 5))
    }
    return isWhole ?? false
  }
}
