import PumpConformance
import PumpHAL
import PumpJournal
import PumpMessages
import PumpSession
import PumpUnits
import Testing

@Suite("A journal that is written at once keeps what a way to the journal promises")
struct DirectConformanceTests {
  private final class Disk {
    var isFull = false
    var base = MemoryStore(slots: 64)
  }

  private struct DiskStore: JournalStore {
    struct Full: Error {}
    let disk: Disk

    var slots: Range<UInt64> { disk.base.slots }
    func slot(of sequence: UInt64) -> UInt64 { disk.base.slot(of: sequence) }
    mutating func read(_ slot: UInt64) throws(Full) -> JournalBlock { disk.base.read(slot) }
    mutating func write(_ block: JournalBlock, to slot: UInt64) throws(Full) {
      guard !disk.isFull else { throw Full() }
      disk.base.write(block, to: slot)
    }
  }

  @Test("Every promise")
  func promises() {
    let disk = Disk()
    var conformance = RecordLinkConformance(
      settle: {}, entries: { entries(of: disk.base) }, refuse: { disk.isFull = $0 })
    var link = DirectRecords(Journal(blank: DiskStore(disk: disk)))
    conformance.check(&link)
    #expect(conformance.violations == [])
    #expect(Set(conformance.kept).count == 17)
  }

  /// What a link does wrong, and the promise that finds it.
  enum Fault: String, CaseIterable {
    case answersWrites = "what is only written is not answered"
    case forgets = "records are in the order in which they were given"
    case confusesNumbers = "a record is answered once, with its own number"
    case grantsUnwritten = "a permission that is answered is written"
    case grantsWithoutDisk = "what is not written permits nothing"
  }

  /// A link that breaks one promise.
  private struct Broken: RecordLink, ~Copyable {
    var base: DirectRecords<DiskStore>
    let fault: Fault
    var extra: RecordAnswer?

    mutating func write(_ entry: JournalEntry, at now: Instant, wallSeconds: Int64) -> Bool {
      if fault == .answersWrites { extra = .kept(number: 0, true) }
      return fault == .forgets || base.write(entry, at: now, wallSeconds: wallSeconds)
    }

    mutating func keep(
      _ entry: JournalEntry, number: UInt64, at now: Instant, wallSeconds: Int64
    ) -> Bool {
      base.keep(
        entry, number: fault == .confusesNumbers ? number + 1 : number, at: now,
        wallSeconds: wallSeconds)
    }

    mutating func grant(
      _ counts: StepCounts, upTo: UInt64, until: Instant, at now: Instant, wallSeconds: Int64
    ) -> Bool {
      guard fault == .grantsUnwritten else {
        let isTaken = base.grant(
          counts, upTo: upTo, until: until, at: now, wallSeconds: wallSeconds)
        if fault == .grantsWithoutDisk, base.journal.store.disk.isFull {
          extra = .granted(Grant(number: 3, upTo: upTo, until: until))
        }
        return isTaken
      }
      extra = .granted(Grant(number: 1, upTo: upTo, until: until))
      return true
    }

    mutating func prove(_ part: SelfTestPart) -> Bool { base.prove(part) }

    mutating func answer() -> RecordAnswer? {
      if let extra {
        self.extra = nil
        return extra
      }
      return base.answer()
    }
  }

  @Test("A link that breaks a promise is found by it", arguments: Fault.allCases)
  func broken(fault: Fault) {
    let disk = Disk()
    var conformance = RecordLinkConformance(
      settle: {}, entries: { entries(of: disk.base) }, refuse: { disk.isFull = $0 })
    var link = Broken(
      base: DirectRecords(Journal(blank: DiskStore(disk: disk))), fault: fault)
    conformance.check(&link)
    #expect(conformance.violations.contains(fault.rawValue))
  }

  private func entries(of store: MemoryStore) -> [JournalEntry] {
    guard var journal = try? Journal(opening: store) else { return [] }
    return (journal.first..<journal.next).compactMap { journal.record($0)?.entry }
  }
}
