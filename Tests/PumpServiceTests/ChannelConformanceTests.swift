import PumpConformance
import PumpJournal
import PumpLinux
import PumpMessages
import PumpUnits
import Testing

@testable import PumpService

@Suite("The journal's thread, turned by hand, keeps what a way to the journal promises")
struct ChannelConformanceTests {
  private final class Disk {
    var isFull = false
    var base = MemoryStore(slots: 64)
  }

  private struct DiskStore: RunStore {
    struct Full: Error {}
    let disk: Disk

    var slots: Range<UInt64> { disk.base.slots }
    func slot(of sequence: UInt64) -> UInt64 { disk.base.slot(of: sequence) }
    mutating func read(_ slot: UInt64) throws(Full) -> JournalBlock { disk.base.read(slot) }
    mutating func write(_ block: JournalBlock, to slot: UInt64) throws(Full) {
      guard !disk.isFull else { throw Full() }
      disk.base.write(block, to: slot)
    }
    mutating func lookForPlace() -> JournalPlace? { nil }
    mutating func seal(_ sequence: UInt64, link: [UInt8], isDurable: Bool) {}
    mutating func makeRoom(for next: UInt64) -> Bool { true }
  }

  /// The thread's work, turned by hand.
  private final class Worker {
    let task: JournalTask<DiskStore>
    var journal: Journal<DiskStore>?

    init(_ task: JournalTask<DiskStore>, _ disk: Disk) {
      self.task = task
      journal = Journal(blank: DiskStore(disk: disk))
    }

    /// Turns until there is nothing more to do, or the disk is to be waited for.
    func settle() {
      guard var own = journal.take() else { return }
      while task.turn(&own) == .zero {}
      journal = consume own
    }
  }

  @Test("Every promise")
  func promises() throws {
    let disk = Disk()
    let orders = try #require(SlotRing<JournalOrder>(slots: 64))
    let answers = try #require(SlotRing<JournalAnswer>(slots: 64))
    let events = try #require(SlotRing<TimedEvent>(slots: 64))
    let news = try #require(SlotRing<GuardNews>(slots: 64))
    // The task is turned with the worker's journal, and never starts its own.
    let task = JournalTask(
      Journal(blank: DiskStore(disk: Disk())), orders: orders, answers: answers, events: events,
      channel: try #require(Channel()), monotonic: { 1 })
    let worker = Worker(task, disk)
    var conformance = RecordLinkConformance(
      settle: worker.settle,
      entries: {
        guard var journal = try? Journal(opening: disk.base) else { return [] }
        return (journal.first..<journal.next).compactMap { journal.record($0)?.entry }
      }, refuse: { disk.isFull = $0 })
    var link = ChannelRecords(
      orders: orders, answers: answers, news: news, withholdsGrants: false)
    conformance.check(&link)
    #expect(conformance.violations == [])
    #expect(Set(conformance.kept).count == 17)
  }
}
