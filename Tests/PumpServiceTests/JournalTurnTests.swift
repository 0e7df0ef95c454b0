import PumpHAL
import PumpJournal
import PumpLinux
import PumpMessages
import PumpUnits
import Testing

@testable import PumpService

@Suite(
  "The journal's thread, turn by turn: what it answers, tries again, seals and says of its file")
struct JournalTurnTests {
  /// A disk in memory that does what the test says.
  private final class Disk {
    var isFull = false
    var hasRoom = true
    var place: JournalPlace?
    var base = MemoryStore(slots: 1 << 15)
    /// How often each was asked for; a seal with its sequence.
    var rooms = 0
    var looks = 0
    var seals: [(sequence: UInt64, isDurable: Bool)] = []
    var nanoseconds: UInt64 = 1
  }

  private struct DiskStore: RunStore {
    struct Full: Error {}
    let disk: Disk

    var slots: Range<UInt64> { disk.base.slots }
    func slot(of sequence: UInt64) -> UInt64 { sequence }
    func read(_ slot: UInt64) throws(Full) -> JournalBlock { disk.base.blocks[Int(slot)] }
    mutating func write(_ block: JournalBlock, to slot: UInt64) throws(Full) {
      guard !disk.isFull else { throw Full() }
      disk.base.write(block, to: slot)
    }
    mutating func lookForPlace() -> JournalPlace? {
      disk.looks += 1
      return disk.place
    }
    mutating func seal(_ sequence: UInt64, link: [UInt8], isDurable: Bool) {
      disk.seals.append((sequence, isDurable))
    }
    mutating func makeRoom(for next: UInt64) -> Bool {
      disk.rooms += 1
      return disk.hasRoom
    }
  }

  private struct Rig: ~Copyable {
    let disk = Disk()
    let orders: SlotRing<JournalOrder>
    let answers: SlotRing<JournalAnswer>
    let events: SlotRing<TimedEvent>
    let texts = TextSlot()
    let task: JournalTask<DiskStore>
    var journal: Journal<DiskStore>

    /// The rings are asked for first: Debian 13's compiler crashes on an initialiser of a noncopyable value that
    /// throws.
    static func make() throws -> Rig {
      Rig(
        channel: try #require(Channel()), orders: try #require(SlotRing(slots: 64)),
        answers: try #require(SlotRing(slots: 64)), events: try #require(SlotRing(slots: 64)))
    }

    private init(
      channel: Channel, orders: SlotRing<JournalOrder>, answers: SlotRing<JournalAnswer>,
      events: SlotRing<TimedEvent>
    ) {
      let disk = disk
      self.orders = orders
      self.answers = answers
      self.events = events
      task = JournalTask(
        Journal(blank: DiskStore(disk: Disk())), orders: orders, answers: answers, events: events,
        channel: channel, texts: texts, monotonic: { disk.nanoseconds })
      journal = Journal(blank: DiskStore(disk: disk))
    }

    /// Takes turns until there is nothing to do, or the end was heard.
    ///
    /// - Returns: How long it would pause; `nil` at the end.
    @discardableResult
    mutating func run() -> TimeSpan? {
      while let pause = task.turn(&journal) { if pause > .zero { return pause } }
      return nil
    }

    mutating func order(_ order: JournalOrder) {
      orders.writer.put(order)
      run()
    }

    /// What was answered since this was asked last, in words.
    func said() -> [String] {
      var all: [String] = []
      while let answer = answers.take() {
        switch answer {
        case .granted(let grant): all.append("granted \(grant.upTo)")
        case .notGranted: all.append("not granted")
        case .kept(let number, let isKept): all.append("kept \(number) \(isKept)")
        case .proved(let part, let isGood): all.append("proved \(part) \(isGood)")
        case .isTaking(let isTaking): all.append("taking \(isTaking)")
        case .isFilling(let isFilling): all.append("filling \(isFilling)")
        case .isMisplaced(.restored): all.append("restored")
        case .isMisplaced(.moved(let number)): all.append("moved \(number)")
        case .isMisplaced(.lost): all.append("lost")
        }
      }
      return all
    }

    func entries() throws -> [JournalEntry] {
      var journal = try Journal(opening: disk.base)
      return (journal.first..<journal.next).compactMap { journal.record($0)?.entry }
    }
  }

  private static func grant(_ made: UInt64, upTo: UInt64) -> JournalOrder {
    .grant(StepCounts(certain: made), upTo: upTo, until: .epoch + .hour, at: .epoch)
  }

  private static func forgone(_ steps: UInt64) -> JournalOrder {
    .entry(.event(.forgone(steps: steps)), at: .epoch)
  }

  @Test("A disk that takes nothing is told once, and once when it takes again; the order is kept")
  func taking() throws {
    var rig = try Rig.make()
    rig.order(Self.grant(1, upTo: 10))
    #expect(rig.said() == ["granted 10"])
    rig.disk.isFull = true
    rig.order(Self.forgone(1))
    rig.order(Self.forgone(2))
    let pause = rig.run()
    #expect(rig.said() == ["taking false"])
    #expect(
      pause == TimeSpan(milliseconds: 200), "a disk that takes nothing is not tried all the time")
    rig.order(.keep(.event(.began), number: 5, at: .epoch))
    rig.order(Self.grant(2, upTo: 20))
    rig.order(.prove(.journal))
    #expect(rig.said() == ["kept 5 false", "not granted", "proved journal false"])
    rig.disk.isFull = false
    let rest = rig.run()
    #expect(rig.said() == ["taking true"] && rest == TimeSpan(milliseconds: 2))
    rig.order(Self.forgone(3))
    rig.order(.keep(.event(.began), number: 6, at: .epoch))
    #expect(rig.said() == ["kept 6 true"])
    let forgone = try rig.entries().compactMap { entry -> UInt64? in
      if case .event(.forgone(let steps)) = entry { steps } else { nil }
    }
    #expect(forgone == [1, 2, 3])
    // What was refused is not there: neither the record nor the permission.
    let began = try rig.entries().filter { $0 == .event(.began) }.count
    let grants = try rig.entries().compactMap { entry -> UInt64? in
      if case .grant(_, let upTo, _) = entry { upTo } else { nil }
    }
    #expect(began == 1 && grants == [10])
  }

  @Test("The last counts of a session wait for a full disk; a permission does not")
  func lastCounts() throws {
    var rig = try Rig.make()
    rig.disk.isFull = true
    rig.order(Self.forgone(1))
    rig.order(Self.grant(7, upTo: 8))
    rig.order(Self.grant(7, upTo: 7))
    rig.disk.isFull = false
    rig.order(.close)
    let counts = rig.journal.state.counts.certain
    let grants = try rig.entries().filter { if case .grant = $0 { true } else { false } }.count
    #expect(counts == 7 && grants == 1)
    #expect(rig.task.end.waitForEnd(within: .zero))
  }

  @Test("An end on a disk that is full is not said to be whole, and nobody waits for it")
  func endsFull() throws {
    var rig = try Rig.make()
    rig.disk.isFull = true
    rig.order(Self.forgone(1))
    rig.orders.writer.put(.close)
    let pause = rig.run()
    #expect(pause == nil && !rig.task.end.waitForEnd(within: .zero))
  }

  @Test("What waits for a disk is bounded: the first is kept, for it is the cause of the rest")
  func bounded() throws {
    var rig = try Rig.make()
    rig.disk.isFull = true
    let most = UInt64(JournalTask<DiskStore>.mostWaiting)
    for steps in 0..<most + 100 { rig.order(Self.forgone(steps)) }
    rig.disk.isFull = false
    rig.order(.close)
    let kept = try rig.entries()
    #expect(kept.count == Int(most))
    #expect(kept.first == .event(.forgone(steps: 0)))
    #expect(kept.last == .event(.forgone(steps: most - 1)))
  }

  @Test("Both parts of the self-test that are the journal's are tried in it")
  func proves() throws {
    var rig = try Rig.make()
    rig.order(Self.forgone(1))
    rig.order(.prove(.journal))
    rig.order(.prove(.profile))
    #expect(rig.said() == ["proved journal true", "proved profile true"])
    try rig.journal.keepProfile(Array("mode: stopped".utf8), at: .epoch, wallSeconds: 0)
    rig.order(.prove(.profile))
    #expect(rig.said() == ["proved profile true"])
  }

  @Test("A profile that was adopted is kept in two copies, after what waits, and tried until it is")
  func keepsProfile() throws {
    var rig = try Rig.make()
    let text = Array("mode: stopped".utf8)
    rig.disk.isFull = true
    rig.order(Self.forgone(1))
    rig.texts.put(text)
    rig.run()
    rig.run()
    rig.disk.isFull = false
    rig.run()
    rig.run()
    let entries = try rig.entries()
    let copies = entries.compactMap { entry -> UInt8? in
      if case .profile(let copy, 0, _, _, _) = entry { copy } else { nil }
    }
    #expect(entries.first == .event(.forgone(steps: 1)) && copies == [0, 1])
    let kept = rig.journal.readProfile(copy: 1)
    #expect(kept == text)
    // Nothing waits: a disk that fails just now is told, and it is tried again.
    rig.texts.put(Array("mode: continuous".utf8))
    rig.disk.isFull = true
    rig.run()
    #expect(rig.said().last == "taking false")
    rig.disk.isFull = false
    rig.run()
    #expect(rig.said() == ["taking true"])
    let second = rig.journal.readProfile(copy: 0)
    #expect(second == Array("mode: continuous".utf8))
  }

  @Test("A disk without room ahead is told once, asked again every 2 s, and told when it has room")
  func room() throws {
    var rig = try Rig.make()
    rig.disk.hasRoom = false
    rig.run()
    rig.run()
    #expect(rig.said() == ["filling true"])
    let asked = rig.disk.rooms
    rig.run()
    rig.disk.nanoseconds += 1_999_999_999
    rig.run()
    #expect(rig.disk.rooms == asked)
    rig.disk.nanoseconds += 1
    rig.run()
    #expect(rig.disk.rooms == asked + 1 && rig.said().isEmpty)
    rig.disk.hasRoom = true
    rig.disk.nanoseconds += 2_000_000_000
    rig.run()
    #expect(rig.said() == ["filling false"])
    rig.run()
    rig.run()
    #expect(
      rig.said().isEmpty && rig.disk.rooms == asked + 4, "asked each time where there is room")
  }

  @Test("The file's name is looked at once a second; one that stays lost is told once")
  func place() throws {
    var rig = try Rig.make()
    rig.run()
    rig.run()
    #expect(rig.disk.looks == 1)
    func next(_ place: JournalPlace?) -> [String] {
      rig.disk.place = place
      rig.disk.nanoseconds += 1_000_000_000
      rig.run()
      return rig.said()
    }
    #expect(next(nil).isEmpty)
    #expect(next(.restored) == ["restored"])
    #expect(next(.moved(3)) == ["moved 3"])
    #expect(next(.lost) == ["lost"])
    #expect(next(.lost).isEmpty)
    #expect(next(nil).isEmpty)
    #expect(next(.lost) == ["lost"], "it was there in between")
    #expect(rig.disk.looks == 8)
  }

  @Test(
    "A seal is set with the first record, each interval, where the file moved, and for good at the end"
  )
  func seals() throws {
    var rig = try Rig.make()
    rig.run()
    #expect(rig.disk.seals.isEmpty, "nothing is there to be sealed")
    rig.order(Self.forgone(0))
    for steps in 1..<2 * JournalSeal.interval { rig.order(Self.forgone(steps)) }
    #expect(rig.disk.seals.map(\.sequence) == [0, JournalSeal.interval])
    #expect(rig.disk.seals.allSatisfy { !$0.isDurable })
    rig.disk.place = .restored
    rig.disk.nanoseconds += 1_000_000_000
    rig.run()
    rig.disk.place = nil
    rig.run()
    let last = 2 * JournalSeal.interval - 1
    #expect(rig.disk.seals.last?.sequence == last)
    let before = rig.disk.seals.count
    rig.order(.close)
    #expect(rig.disk.seals.count == before + 1)
    #expect(rig.disk.seals.last?.sequence == last && rig.disk.seals.last?.isDurable == true)
  }
}
