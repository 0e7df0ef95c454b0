import PumpHAL
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpJournal

/// A store in memory of any shape: a file that grows, a ring, a ring that begins behind something else.
private struct ShapedStore: JournalStore {
  enum Shape: CaseIterable {
    case line
    case ring
    case ringBehind
  }

  static let room: UInt64 = 16
  let shape: Shape
  var blocks: [UInt64: JournalBlock] = [:]
  var fails = false

  struct Failure: Error {}

  init(_ shape: Shape) { self.shape = shape }

  var slots: Range<UInt64> {
    switch shape {
    case .line: 0..<max(Self.room, (blocks.keys.max() ?? 0) + 1)
    case .ring: 0..<Self.room
    case .ringBehind: 5..<(5 + Self.room)
    }
  }

  func slot(of sequence: UInt64) -> UInt64 {
    switch shape {
    case .line: sequence
    case .ring: sequence % Self.room
    case .ringBehind: 5 + sequence % Self.room
    }
  }

  mutating func read(_ slot: UInt64) throws(Failure) -> JournalBlock {
    if fails { throw Failure() }
    return blocks[slot] ?? JournalBlock()
  }
  mutating func write(_ block: JournalBlock, to slot: UInt64) throws(Failure) {
    if fails { throw Failure() }
    blocks[slot] = block
  }

  /// Flips a bit of a record, outside of what tells its place.
  mutating func damage(_ sequence: UInt64, byte: Int = 44) {
    blocks[slot(of: sequence)]?.withMutableBytes { $0[byte] ^= 1 }
  }
}

@Suite("A journal is the same in every kind of store")
struct StoreKindTests {
  private func filled(_ count: Int, _ shape: ShapedStore.Shape) throws -> Journal<ShapedStore> {
    var journal = Journal(blank: ShapedStore(shape))
    for number in 0..<count {
      let entry: JournalEntry =
        number == 0
        ? .opened(boot: 5, clock: .hour, servedSince: .epoch, nil)
        : .grant(
          StepCounts(certain: UInt64(number) * 10), upTo: UInt64(number) * 10 + 25,
          until: .epoch + .day)
      try journal.append(
        entry, at: .epoch + TimeSpan(seconds: UInt64(number)), wallSeconds: Int64(number))
    }
    return journal
  }

  @Test(
    "Any number of records reads back, the oldest that a ring still holds first",
    arguments: [1, 2, 15, 16, 17, 18, 31, 32, 33, 50])
  func readsBack(count: Int) throws {
    for shape in ShapedStore.Shape.allCases {
      var written = try filled(count, shape)
      var opened = try Journal(opening: written.store)
      let total = UInt64(count)
      let oldest = shape == .line || total <= ShapedStore.room ? 0 : total - ShapedStore.room
      let (first, next) = (opened.first, opened.next)
      #expect(first == oldest && next == total, "\(shape): \(first) to \(next)")
      if shape != .line {
        let writersFirst = written.first
        #expect(writersFirst == oldest, "\(shape)")
      }
      let isMarked = opened.damagedEnd != nil
      #expect(!isMarked)
      for sequence in 0..<(total + 2) {
        let record = opened.record(sequence)
        let isThere = oldest <= sequence && sequence < total
        #expect((record != nil) == isThere, "\(shape): record \(sequence) of \(count)")
        #expect(record.map { $0.at == .epoch + TimeSpan(seconds: sequence) } ?? true)
        let link = opened.link(of: sequence)
        #expect((link != nil) == isThere, "\(shape): link \(sequence) of \(count)")
        let writersLink = written.link(of: sequence)
        #expect(link == writersLink)
      }
      let (isWritten, isRead) = (written.readsBack(), opened.readsBack())
      #expect(isWritten && isRead)
      // It goes on where it was.
      try opened.append(.event(.suspended), at: .epoch + .hour, wallSeconds: 9)
      let again = try Journal(opening: opened.store)
      let now = again.next
      #expect(now == total + 1)
    }
  }

  @Test(
    "A record that is damaged while the journal is open is none, and its place can't be believed")
  func damagedLater() throws {
    for shape in ShapedStore.Shape.allCases {
      var journal = try filled(12, shape)
      journal.store.damage(5)
      let (record, link) = (journal.record(5), journal.link(of: 5))
      #expect(record == nil && link == nil, "\(shape)")
      let isLatestGood = journal.readsBack()
      #expect(isLatestGood)
      journal.store.damage(11)
      let isLatestBad = journal.readsBack()
      #expect(!isLatestBad, "\(shape)")
      #expect(throws: JournalProblem.damaged(sequence: 5)) {
        _ = try Journal(opening: journal.store)
      }
    }
  }

  @Test(
    "A last record that is whole and damaged is told in a line, and torn ones are as never written")
  func lastOne() throws {
    // In what it says, and in each half of its checksum.
    for byte in [44, 120, 123, 124, 127] {
      var whole = try filled(8, .line).store
      whole.damage(7, byte: byte)
      let told = try Journal(opening: whole)
      let (damagedEnd, next) = (told.damagedEnd, told.next)
      #expect(damagedEnd == 7 && next == 7, "byte \(byte)")
    }
    var whole = try filled(8, .line).store
    whole.damage(7)
    let told = try Journal(opening: whole)
    // What is written next is believed again.
    var mended = told
    try mended.append(.event(.suspended), at: .epoch + .hour, wallSeconds: 9)
    let mark = mended.damagedEnd
    #expect(mark == nil)
    // Torn: the second half was never written.
    var torn = try filled(8, .line).store
    torn.blocks[7]?.withMutableBytes { bytes in
      for index in 64..<128 { bytes[index] = 0 }
    }
    let opened = try Journal(opening: torn)
    let (end, nextAfterTorn) = (opened.damagedEnd, opened.next)
    #expect(end == nil && nextAfterTorn == 7)
    // Two of them were not being written at once.
    torn.blocks[6]?.withMutableBytes { bytes in
      for index in 64..<128 { bytes[index] = 0 }
    }
    #expect(throws: JournalProblem.damaged(sequence: 6)) { _ = try Journal(opening: torn) }
  }

  @Test("A journal that holds nothing is open, reads back, and gives no record")
  func blank() throws {
    for shape in ShapedStore.Shape.allCases {
      var journal = try Journal(opening: ShapedStore(shape))
      let (next, reads, record) = (journal.next, journal.readsBack(), journal.record(0))
      #expect(next == 0 && reads && record == nil)
    }
    // One torn first record is the same; a whole one that is no record is another file's.
    var store = try filled(1, .line).store
    store.blocks[0]?.withMutableBytes { bytes in
      for index in 64..<128 { bytes[index] = 0 }
    }
    let torn = try Journal(opening: store).next
    #expect(torn == 0)
    var foreign = try filled(1, .line).store
    foreign.damage(0)
    #expect(throws: JournalProblem.notAJournal) { _ = try Journal(opening: foreign) }
  }

  @Test("A write that fails leaves the journal as it was, and the next one takes its place")
  func failedWrite() throws {
    for shape in ShapedStore.Shape.allCases {
      var journal = try filled(20, shape)
      let before = journal.state.counts
      journal.store.fails = true
      #expect(throws: ShapedStore.Failure.self) {
        try journal.append(
          .grant(StepCounts(certain: 900), upTo: 950, until: .epoch + .day), at: .epoch + .hour,
          wallSeconds: 1)
      }
      let (after, next, reads) = (journal.state.counts, journal.next, journal.readsBack())
      #expect(after == before && next == 20 && !reads, "what can't be read does not read back")
      journal.store.fails = false
      try journal.append(.event(.suspended), at: .epoch + .hour, wallSeconds: 1)
      let reopened = try Journal(opening: journal.store)
      let (counts, last) = (reopened.state.counts, reopened.next)
      #expect(counts == before && last == 21)
    }
  }
}
