import PumpHAL
import PumpJournal
import PumpLinux
import PumpMessages
import PumpSafety
import PumpUnits
import Testing

@testable import PumpService

@Suite("The journal's thread: nothing is granted that is not written, and nothing written is lost")
struct JournalTaskTests {
  /// A disk in memory that can be full, or hang.
  private final class Disk: @unchecked Sendable {
    let isFull = SlotRing<Bool>(slots: 4)
    var full = false
    var base = MemoryStore(slots: 4_096)
  }

  private struct DiskStore: RunStore {
    struct Full: Error {}
    let disk: Disk

    var slots: Range<UInt64> { disk.base.slots }
    func slot(of sequence: UInt64) -> UInt64 { sequence }
    func read(_ slot: UInt64) throws(Full) -> JournalBlock { disk.base.blocks[Int(slot)] }
    mutating func write(_ block: JournalBlock, to slot: UInt64) throws(Full) {
      while let full = disk.isFull?.take() { disk.full = full }
      guard !disk.full else { throw Full() }
      disk.base.write(block, to: slot)
    }
    mutating func lookForPlace() -> JournalPlace? { nil }
    mutating func seal(_ sequence: UInt64, link: [UInt8], isDurable: Bool) {}
    mutating func makeRoom(for next: UInt64) -> Bool { true }
  }

  /// The journal's thread with all that it speaks to.
  private struct Rig {
    let channel: Channel
    let orders: SlotRing<JournalOrder>
    let answers: SlotRing<JournalAnswer>
    let events: SlotRing<TimedEvent>
    let task: JournalTask<DiskStore>

    /// - Parameter prepare: Writes what the journal holds already.
    init(_ disk: Disk, prepare: (inout Journal<DiskStore>) throws -> Void = { _ in }) throws {
      channel = try #require(Channel())
      orders = try #require(SlotRing(slots: 64))
      answers = try #require(SlotRing(slots: 64))
      events = try #require(SlotRing(slots: 64))
      var journal = Journal(blank: DiskStore(disk: disk))
      try prepare(&journal)
      task = JournalTask(
        journal, orders: orders, answers: answers, events: events,
        channel: channel)
    }

    func start() -> RealTimeThread? {
      RealTimeThread.start(.init(priority: 0, locksMemory: false), task)
    }
  }

  @Test(
    "A full disk: the grant is refused, events wait in their order, and both go on when it is not")
  func fullDisk() throws {
    let disk = Disk()
    let rig = try Rig(disk)
    func grant(_ steps: UInt64) {
      rig.orders.writer.put(
        .grant(StepCounts(certain: steps), upTo: steps + 9, until: .epoch + .hour, at: .epoch))
    }
    // Each answer rings the bell.
    func answer(_ isWanted: (JournalAnswer) -> Bool) -> JournalAnswer? {
      for _ in 0..<64 {
        let heard = rig.channel.bell
        while let answer = rig.answers.take() { if isWanted(answer) { return answer } }
        rig.channel.waitForBell(after: heard, until: monotonicNanoseconds() + 30_000_000_000)
      }
      return nil
    }
    func isGrant(_ answer: JournalAnswer) -> Bool {
      switch answer {
      case .granted, .notGranted: true
      default: false
      }
    }
    let thread = try #require(rig.start())
    grant(1)
    guard case .granted(let first)? = answer(isGrant) else {
      Issue.record("the first grant was not taken")
      return
    }
    #expect(first.upTo == 10)
    disk.isFull?.writer.put(true)
    grant(2)
    guard case .notGranted? = answer(isGrant) else {
      Issue.record("a grant was given that no record has")
      return
    }
    // Putting never waits, whatever the disk does.
    for steps in UInt64(1)...5 {
      rig.events.writer.put(TimedEvent(at: .epoch, event: .forgone(steps: steps)))
    }
    disk.isFull?.writer.put(false)
    grant(3)
    guard case .granted? = answer(isGrant) else {
      Issue.record("the journal did not go on")
      return
    }
    rig.orders.writer.put(.close)
    thread.join()
    var journal = try Journal(opening: disk.base)
    var told: [UInt64] = []
    for sequence in 0..<journal.next {
      if case .event(.forgone(let steps))? = journal.record(sequence)?.entry { told.append(steps) }
    }
    #expect(told == [1, 2, 3, 4, 5])
    let counts = journal.state.counts
    #expect(counts.certain == 3)
  }

  @Test(
    "A self-test reads the profile's copies from the disk: one that was damaged there fails",
    arguments: [nil, 0, 1] as [Int?])
  func damagedCopy(copy: Int?) throws {
    let disk = Disk()
    let text = Array("profile: of more than forty bytes, so that each copy takes two records".utf8)
    let rig = try Rig(disk) { journal in
      try journal.keepProfile(text, at: .epoch, wallSeconds: 0)
    }
    if let copy {
      // Two records a copy, one copy after the other.
      disk.base.blocks[2 * copy].withMutableBytes { $0[50] ^= 1 }
    }
    rig.orders.writer.put(.prove(.profile))
    rig.orders.writer.put(.close)
    let thread = try #require(rig.start())
    thread.join()
    var proofs: [Bool] = []
    while let answer = rig.answers.take() {
      if case .proved(.profile, let isGood) = answer { proofs.append(isGood) }
    }
    #expect(proofs == [copy == nil])
  }

  @Test("A disk that is full for good: the end is heard, and is not said to be whole")
  func fullForGood() throws {
    let disk = Disk()
    disk.full = true
    let rig = try Rig(disk)
    let end = rig.task.end
    // The event waits for the disk, and what is ordered after it is heard all the same.
    rig.orders.writer.put(.entry(.event(.began), at: .epoch))
    rig.orders.writer.put(.grant(StepCounts(), upTo: 9, until: .epoch + .hour, at: .epoch))
    rig.orders.writer.put(.prove(.journal))
    rig.orders.writer.put(.close)
    let thread = try #require(rig.start())
    thread.join()
    let isWhole = end.waitForEnd(within: TimeSpan(seconds: 60))
    #expect(!isWhole)
    var told: [JournalAnswer] = []
    while let answer = rig.answers.take() { told.append(answer) }
    let isRefused = told.contains { if case .notGranted = $0 { true } else { false } }
    let isAlarmed = told.contains { if case .isTaking(false) = $0 { true } else { false } }
    let isDisproved = told.contains {
      if case .proved(.journal, false) = $0 { true } else { false }
    }
    #expect(isRefused && isAlarmed && isDisproved)
  }
}
