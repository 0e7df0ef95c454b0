import PumpHAL
import PumpJournal
import PumpLinux
import PumpSafety
import PumpUnits

/// What the supervisor wants of the journal's thread.
enum JournalOrder: BitwiseCopyable, Sendable {
  case entry(JournalEntry, at: Instant)
  /// Journal this permission, and answer with it.
  case grant(StepCounts, upTo: UInt64, until: Instant, at: Instant)
  /// Try the journal's own part of the self-test.
  case prove(SelfTestPart)
  /// Nothing more will come.
  case close
}

/// What the journal's thread answers.
enum JournalAnswer: BitwiseCopyable, Sendable {
  case granted(Grant)
  case notGranted
  case proved(SelfTestPart, Bool)
  /// Whether records are taken.
  case isTaking(Bool)
  /// Whether room could not be made ahead.
  case isFilling(Bool)
  /// The file was taken from its name.
  case isMisplaced(JournalPlace)
}

/// What became of a journal whose file was taken from its name.
enum JournalPlace: BitwiseCopyable, Sendable {
  /// A copy has the name again.
  case restored
  /// Another file has the name; the records are in a copy with this number.
  case moved(UInt8)
  case lost
}

/// A store that a run journals to.
protocol RunStore: JournalStore, ~Copyable {
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
}

extension MemoryStore: RunStore {
  mutating func makeRoom(for next: UInt64) -> Bool { true }
  mutating func lookForPlace() -> JournalPlace? { nil }
  mutating func seal(_ sequence: UInt64, link: [UInt8], isDurable: Bool) {}
}

extension FileStore: RunStore {
  mutating func makeRoom(for next: UInt64) -> Bool {
    prepare(for: next)
    return shortage == nil
  }

  mutating func lookForPlace() -> JournalPlace? {
    switch keepPlace() {
    case .kept: nil
    case .restored: .restored
    case .moved(let name): .moved(UInt8(name.split(separator: "-").last ?? "") ?? 0)
    case .lost: .lost
    }
  }

  mutating func seal(_ sequence: UInt64, link: [UInt8], isDurable: Bool) {
    JournalSeal(sequence: sequence, link: link).write(besideJournal: path, isDurable: isDurable)
  }
}

/// How the journal's thread ended, for others to wait for.
final class JournalEnd: @unchecked Sendable {
  private let ended: SlotRing<Bool>?
  private var isWhole: Bool?

  init() { ended = SlotRing(slots: 2) }

  func tell(isWhole: Bool) { ended?.writer.put(isWhole) }

  /// Waits for the end, so long at most.
  ///
  /// - Returns: Whether it came, and every record was taken.
  func waitForEnd(within span: TimeSpan) -> Bool {
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

/// Writes the journal on a thread of its own, so that no disk ever holds up the supervisor.
final class JournalTask<Store: RunStore & ~Copyable>: RealTimeTask, @unchecked Sendable {
  private var journal: Journal<Store>?
  private let orders: SlotRing<JournalOrder>
  private let answers: SlotRing<JournalAnswer>
  private let events: SlotRing<TimedEvent>
  private let channel: Channel
  private var isTaking = true
  private var isFilling = false
  /// When room that could not be made is tried again, by CLOCK_MONOTONIC.
  private var roomAgainAt: UInt64 = 0
  /// What the disk did not take yet, in order.
  private var waiting: [(entry: JournalEntry, at: Instant)] = []
  /// More than these are lost, the youngest first: what was said first is the cause of the rest.
  private static var mostWaiting: Int { 16_384 }
  private var isClosed = false
  let end = JournalEnd()
  /// From which record on a new seal is due, and when the file's place is looked at again.
  private var sealFrom: UInt64 = 0
  private var placeAgainAt: UInt64 = 0
  private var isLost = false

  init(
    _ journal: consuming Journal<Store>, orders: SlotRing<JournalOrder>,
    answers: SlotRing<JournalAnswer>, events: SlotRing<TimedEvent>, channel: Channel
  ) {
    self.journal = consume journal
    self.orders = orders
    self.answers = answers
    self.events = events
    self.channel = channel
  }

  func carryOut(without denials: [RealTimeThread.Denial]) {
    guard var journal = journal.take() else { return }
    var clock = PacedClock(pace: .asleep)
    while true {
      let isIdle = !work(&journal)
      // What the disk does not take at the end is lost with the process, and said to be.
      if isClosed, isIdle || !isTaking {
        seal(&journal, isLast: true)
        end.tell(isWhole: waiting.isEmpty)
        break
      }
      makeRoom(&journal)
      seal(&journal, isLast: false)
      lookForPlace(&journal)
      if isIdle || !isTaking {
        let pause = TimeSpan(milliseconds: isTaking ? 2 : 200)
        _ = clock.wait(until: clock.read() + pause)
      }
    }
  }

  /// Does what there is to do.
  ///
  /// - Returns: Whether there was anything.
  private func work(_ journal: inout Journal<Store>) -> Bool {
    // What was refused comes first: nothing is journaled out of its order.
    if !waiting.isEmpty {
      retry(&journal)
      if !waiting.isEmpty { hear() }
      return true
    }
    // A grant must not wait for a drive that has much to tell.
    guard let order = orders.take() else {
      guard let event = events.take() else { return false }
      append(.event(event.event), at: event.at, &journal)
      return true
    }
    switch order {
    case .entry(let entry, let now): append(entry, at: now, &journal)
    case .grant(let counts, let upTo, let until, let now):
      do throws(Store.StoreFailure) {
        let grant = try journal.grant(
          counts, upTo: upTo, until: until, at: now, wallSeconds: wallClockSeconds())
        answer(.granted(grant))
        note(isTaking: true)
      } catch {
        answer(.notGranted)
        note(isTaking: false)
      }
    case .prove(.journal): answer(.proved(.journal, journal.readsBack()))
    case .prove(let part):
      let copies = journal.profileCopies
      answer(.proved(part, copies == .whole || copies == .absent))
    case .close: isClosed = true
    }
    return true
  }

  private func append(_ entry: JournalEntry, at now: Instant, _ journal: inout Journal<Store>) {
    do throws(Store.StoreFailure) {
      try journal.append(entry, at: now, wallSeconds: wallClockSeconds())
      note(isTaking: true)
    } catch {
      keep(entry, at: now)
      note(isTaking: false)
    }
  }

  private func keep(_ entry: JournalEntry, at now: Instant) {
    if waiting.count < Self.mostWaiting { waiting.append((entry, now)) }
  }

  /// Tries what waits, oldest first.
  private func retry(_ journal: inout Journal<Store>) {
    var taken = 0
    for (entry, at) in waiting {
      do throws(Store.StoreFailure) {
        try journal.append(entry, at: at, wallSeconds: wallClockSeconds())
      } catch {
        break
      }
      taken += 1
    }
    waiting.removeFirst(taken)
    note(isTaking: waiting.isEmpty)
  }

  /// Hears what is ordered while the disk takes nothing: a grant is refused, the end is the end, and the rest
  /// waits its turn.
  private func hear() {
    while let order = orders.take() {
      switch order {
      case .entry(let entry, let now): keep(entry, at: now)
      case .grant(let counts, let upTo, let until, let now):
        answer(.notGranted)
        // The last counts of a session are no permission, and are worth keeping.
        if upTo == counts.highest { keep(.grant(counts, upTo: upTo, until: until), at: now) }
      case .prove(let part): answer(.proved(part, false))
      case .close: isClosed = true
      }
    }
    while waiting.count < Self.mostWaiting, let event = events.take() {
      keep(.event(event.event), at: event.at)
    }
  }

  private func note(isTaking: Bool) {
    guard isTaking != self.isTaking else { return }
    self.isTaking = isTaking
    answer(.isTaking(isTaking))
  }

  private func makeRoom(_ journal: inout Journal<Store>) {
    let now = monotonicNanoseconds()
    guard !isFilling || now >= roomAgainAt else { return }
    roomAgainAt = now + 2_000_000_000
    let isFilling = !journal.store.makeRoom(for: journal.next)
    guard isFilling != self.isFilling else { return }
    self.isFilling = isFilling
    answer(.isFilling(isFilling))
  }

  private func seal(_ journal: inout Journal<Store>, isLast: Bool) {
    guard isLast || journal.next >= sealFrom, journal.next > 0, isTaking,
      let link = journal.link(of: journal.next - 1)
    else { return }
    sealFrom = journal.next + JournalSeal.interval
    journal.store.seal(journal.next - 1, link: link, isDurable: isLast)
  }

  private func lookForPlace(_ journal: inout Journal<Store>) {
    let now = monotonicNanoseconds()
    guard now >= placeAgainAt else { return }
    placeAgainAt = now + 1_000_000_000
    guard let place = journal.store.lookForPlace() else {
      isLost = false
      return
    }
    // One that stays lost is told once.
    if case .lost = place {
      guard !isLost else { return }
      isLost = true
    }
    sealFrom = 0
    answer(.isMisplaced(place))
  }

  private func answer(_ answer: JournalAnswer) {
    answers.writer.put(answer)
    channel.ring()
  }
}
