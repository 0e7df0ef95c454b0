import Foundation
import PumpJournal
import PumpMessages
import PumpSafety
import PumpUnits
import Testing

@testable import PumpLinux

@Suite("A journal in a file")
struct FileStoreTests {
  /// A folder that is gone when the test is.
  private final class Folder {
    let path: String

    init() throws {
      path =
        FileManager.default.temporaryDirectory
        .appendingPathComponent("itpump-journal-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
  }

  private func entry(_ number: UInt64) -> JournalEntry {
    .grant(StepCounts(certain: number), upTo: number + 100, until: .epoch + .hour)
  }

  private func cause(_ path: String, isReadOnly: Bool = false) -> StoreError.Cause? {
    do {
      _ = try FileStore(path: path, isReadOnly: isReadOnly)
      return nil
    } catch {
      return error.cause
    }
  }

  @Test("A record is on the disk when its write returns: the file is open for durable writes")
  func durable() throws {
    let folder = try Folder()
    let store = try FileStore(path: folder("a.journal"))
    let info = try String(contentsOfFile: "/proc/self/fdinfo/\(store.file)", encoding: .utf8)
    let line = try #require(info.split(separator: "\n").first { $0.hasPrefix("flags:") })
    let flags = try #require(
      Int32(line.dropFirst(6).drop { $0.isWhitespace }.description, radix: 8))
    #expect(flags & O_DSYNC != 0)
    #expect(flags & O_CLOEXEC != 0, "no program that is started holds it")
  }

  @Test("Records outlive their program, over many pieces of room, and are read back in order")
  func reopened() throws {
    let folder = try Folder()
    do {
      var journal = Journal(blank: try FileStore(path: folder("a.journal")))
      for number in UInt64(0)..<1_500 {
        try journal.append(entry(number), at: .epoch, wallSeconds: 0)
      }
    }
    var journal = try Journal(opening: try FileStore(path: folder("a.journal")))
    let (next, counts) = (journal.next, journal.state.counts)
    #expect(next == 1_500)
    #expect(counts.certain == 1_499)
    for number in [UInt64(0), 511, 512, 1_499] {
      let record = journal.record(number)
      #expect(record?.entry == entry(number))
    }
  }

  @Test("A second program is refused; one that only reads is not, and sees what is appended")
  func twoPrograms() throws {
    let folder = try Folder()
    var journal = Journal(blank: try FileStore(path: folder("a.journal")))
    try journal.append(entry(1), at: .epoch, wallSeconds: 0)
    #expect(cause(folder("a.journal")) == .inUse)
    var reader = try Journal(opening: try FileStore(path: folder("a.journal"), isReadOnly: true))
    for number in UInt64(2)..<700 {
      try journal.append(entry(number), at: .epoch, wallSeconds: 0)
    }
    reader.store.refresh()
    // What was not gone over for its chain is no record yet.
    let (early, earlyLink) = (reader.record(1), reader.link(of: 1))
    #expect(early == nil && earlyLink == nil)
    let (taken, counts) = (reader.advance(), reader.state.counts)
    #expect(taken == 698)
    #expect(counts.certain == 699)
    let then = reader.record(1)
    #expect(then?.entry == entry(2))
  }

  @Test("A record torn at any byte is as if never written, and is written over")
  func torn() throws {
    let folder = try Folder()
    let path = folder("a.journal")
    do {
      var journal = Journal(blank: try FileStore(path: path))
      for number in UInt64(0)..<4 {
        try journal.append(entry(number), at: .epoch, wallSeconds: 0)
      }
    }
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for bytes in 0..<JournalBlock.size {
      var cut = whole
      cut.replaceSubrange(
        (3 * JournalBlock.size + bytes)..<(4 * JournalBlock.size),
        with: Data(repeating: 0, count: JournalBlock.size - bytes))
      try cut.write(to: URL(fileURLWithPath: path))
      var journal = try Journal(opening: try FileStore(path: path))
      let next = journal.next
      #expect(next == 3, "\(bytes) bytes")
      try journal.append(entry(9), at: .epoch, wallSeconds: 0)
      let last = journal.record(3)
      #expect(last?.entry == entry(9))
    }
  }

  @Test("More than one torn record at the end is damage: what is gone may have permitted steps")
  func tornPage() throws {
    let folder = try Folder()
    let path = folder("a.journal")
    do {
      var journal = Journal(blank: try FileStore(path: path))
      for number in UInt64(0)..<6 {
        try journal.append(entry(number), at: .epoch, wallSeconds: 0)
      }
    }
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for lost in 1...4 {
      var torn = whole
      for record in (6 - lost)..<6 { torn[record * JournalBlock.size + 70] ^= 1 }
      try torn.write(to: URL(fileURLWithPath: path))
      do {
        let next = try Journal(opening: try FileStore(path: path)).next
        #expect(lost == 1 && next == 5)
      } catch {
        #expect(lost > 1, "\(error)")
      }
    }
  }

  @Test("A folder, a missing folder, a file that is no journal: each told for what it is")
  func strange() throws {
    let folder = try Folder()
    #expect(cause("/dev/null") == .notAFile)
    #expect(cause(folder("none/a.journal")) == .system(ENOENT))
    #expect(cause(folder("none.journal"), isReadOnly: true) == .system(ENOENT))
    // A file of something else is never written over, whatever its size.
    for size in [1, 200, 4_096, 65_536] {
      let path = folder("text-\(size)")
      try Data(repeating: 65, count: size).write(to: URL(fileURLWithPath: path))
      do {
        _ = try Journal(opening: try FileStore(path: path))
        Issue.record("\(size) bytes of text passed for a journal")
      } catch {}
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == size)
    }
    #expect("\(StoreError(path: "p", cause: .system(ENOSPC)))".contains("free some space"))
    #expect("\(StoreError(path: "p", cause: .inUse))".contains("another itpump"))
  }

  @Test("A pipe is refused at once, for reading and for writing; a link to a journal is one")
  func pipesAndLinks() throws {
    let folder = try Folder()
    #expect(mkfifo(folder("pipe.journal"), 0o600) == 0)
    #expect(cause(folder("pipe.journal"), isReadOnly: true) == .notAFile)
    #expect(cause(folder("pipe.journal")) == .notAFile)
    #expect(cause(folder.path, isReadOnly: true) == .notAFile)
    do {
      var journal = Journal(blank: try FileStore(path: folder("a.journal")))
      try journal.append(entry(1), at: .epoch, wallSeconds: 0)
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder("link.journal"), withDestinationPath: folder("a.journal"))
    let next = try Journal(opening: try FileStore(path: folder("link.journal"))).next
    #expect(next == 1)
  }

  @Test("A tail that was never written costs nothing, however long the file says it is")
  func sparseTail() throws {
    let folder = try Folder()
    let path = folder("a.journal")
    do {
      var journal = Journal(blank: try FileStore(path: path, reserve: 0))
      for number in UInt64(0)..<700 {
        try journal.append(entry(number), at: .epoch, wallSeconds: 0)
      }
    }
    #expect(truncate(path, 2 << 30) == 0)
    let slots = try FileStore(path: path, isReadOnly: true).slots
    #expect(slots.upperBound < 4_096)
    var journal = try Journal(opening: try FileStore(path: path, reserve: 0))
    let before = journal.next
    for number in UInt64(700)..<5_000 {
      try journal.append(entry(number), at: .epoch, wallSeconds: 0)
    }
    let after = try Journal(opening: try FileStore(path: path, isReadOnly: true)).next
    #expect(before == 700 && after == 5_000)
  }

  @Test("A record is read as it was written, in whatever order, and between writes")
  func anyOrder() throws {
    let folder = try Folder()
    var journal = Journal(blank: try FileStore(path: folder("a.journal"), reserve: 0))
    for number in UInt64(0)..<2_000 {
      try journal.append(entry(number), at: .epoch, wallSeconds: 0)
    }
    // 777 and 2,000 have no common divisor: each comes once.
    let orders = [
      Array(0..<2_000), Array((0..<2_000).reversed()), (0..<2_000).map { $0 * 777 % 2_000 },
    ]
    for order in orders {
      for sequence in order {
        guard journal.record(UInt64(sequence))?.entry == entry(UInt64(sequence)) else {
          Issue.record("record \(sequence) was read otherwise than it was written")
          return
        }
        if sequence % 100 == 0 {
          let next = journal.next
          try journal.append(entry(next), at: .epoch, wallSeconds: 0)
          let written = journal.record(next)?.entry
          #expect(written == entry(next))
        }
      }
    }
  }

  @Test("Room for the reserve is there as soon as the journal is opened, and stays ahead")
  func reserve() throws {
    let folder = try Folder()
    var journal = Journal(blank: try FileStore(path: folder("a.journal"), reserve: 3_000))
    let room = journal.store.slots.upperBound
    #expect(room >= 3_000)
    for number in UInt64(0)..<600 { try journal.append(entry(number), at: .epoch, wallSeconds: 0) }
    journal.store.prepare(for: journal.next)
    let later = journal.store.slots.upperBound
    #expect(later >= 3_600)
  }

  @Test("A file that is taken from its name keeps every record under a name")
  func keepsItsPlace() throws {
    let folder = try Folder()
    let path = folder("a.journal")
    var journal = Journal(blank: try FileStore(path: path, reserve: 0))
    for number in UInt64(0)..<600 { try journal.append(entry(number), at: .epoch, wallSeconds: 0) }
    #expect(journal.store.keepPlace() == .kept)
    try FileManager.default.removeItem(atPath: path)
    #expect(journal.store.keepPlace() == .restored)
    try journal.append(entry(600), at: .epoch, wallSeconds: 0)
    let restored = try Journal(opening: try FileStore(path: path, isReadOnly: true)).next
    #expect(restored == 601)
    try FileManager.default.removeItem(atPath: path)
    try Data("something else".utf8).write(to: URL(fileURLWithPath: path))
    #expect(journal.store.keepPlace() == .moved(to: path + ".kept-1"))
    try journal.append(entry(601), at: .epoch, wallSeconds: 0)
    let moved = try Journal(opening: try FileStore(path: path + ".kept-1", isReadOnly: true)).next
    #expect(moved == 602)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("something else".utf8))
  }
}
