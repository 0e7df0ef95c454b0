import PumpHAL
package import PumpJournal
package import PumpLinux
package import PumpMessages
import PumpSafety
import PumpUnits

/// Writes the journal on a thread of its own, so that no disk ever holds up the supervisor.
package final class JournalTask<Store: RunStore & ~Copyable>: RealTimeTask, @unchecked Sendable {
  private var journal: Journal<Store>?
  private let orders: SlotRing<JournalOrder>
  private let answers: SlotRing<JournalAnswer>
  private let events: SlotRing<TimedEvent>
  private let channel: Channel
  private let texts: TextSlot
  /// A profile that was adopted, and is not in the journal yet.
  private var text: [UInt8]?
  private var isTaking = true
  private var isFilling = false
  /// When room that could not be made is tried again, by CLOCK_MONOTONIC.
  private var roomAgainAt: UInt64 = 0
  /// What the disk did not take yet, in order.
  private var waiting: [(entry: JournalEntry, at: Instant)] = []
  /// More than these are lost, the youngest first: what was said first is the cause of the rest.
  static var mostWaiting: Int { 16_384 }
  private var isClosed = false
  package let end = JournalEnd()
  /// From which record on a new seal is due, and when the file's place is looked at again.
  private var sealFrom: UInt64 = 0
  private var placeAgainAt: UInt64 = 0
  private var isLost = false
  /// CLOCK_MONOTONIC, in nanoseconds.
  private let monotonic: () -> UInt64

  package init(
    _ journal: consuming Journal<Store>, orders: SlotRing<JournalOrder>,
    answers: SlotRing<JournalAnswer>, events: SlotRing<TimedEvent>, channel: Channel,
    texts: TextSlot = TextSlot(), monotonic: @escaping () -> UInt64 = monotonicNanoseconds
  ) {
    self.journal = consume journal
    self.orders = orders
    self.answers = answers
    self.events = events
    self.channel = channel
    self.texts = texts
    self.monotonic = monotonic
  }

  package func carryOut(without denials: [RealTimeThread.Denial]) {
    guard var journal = journal.take() else { return }
    var clock = PacedClock(pace: .asleep)
    while let pause = turn(&journal) {
      if pause > .zero { _ = clock.wait(until: clock.read() + pause) }
    }
  }

  /// Does what is due.
  ///
  /// - Returns: How long it may pause; `nil` at the end.
  func turn(_ journal: inout Journal<Store>) -> TimeSpan? {
    let isIdle = !work(&journal)
    // What the disk does not take at the end is lost with the process, and said to be.
    if isClosed, isIdle || !isTaking {
      seal(&journal, isLast: true)
      end.tell(isWhole: waiting.isEmpty)
      return nil
    }
    keepProfile(&journal)
    makeRoom(&journal)
    seal(&journal, isLast: false)
    lookForPlace(&journal)
    guard isIdle || !isTaking else { return .zero }
    return TimeSpan(milliseconds: isTaking ? 2 : 200)
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
    case .keep(let entry, let number, let now):
      append(entry, at: now, &journal)
      answer(.kept(number: number, isTaking))
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
      // What is refused is none that the journal has to know.
      case .keep(_, let number, _): answer(.kept(number: number, false))
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

  /// Keeps a profile that was adopted; one that the disk does not take is tried again.
  private func keepProfile(_ journal: inout Journal<Store>) {
    text = texts.take() ?? text
    guard let kept = text, waiting.isEmpty else { return }
    do throws(Store.StoreFailure) {
      try journal.keepProfile(kept, at: journal.state.at, wallSeconds: wallClockSeconds())
      text = nil
      note(isTaking: true)
    } catch {
      note(isTaking: false)
    }
  }

  private func note(isTaking: Bool) {
    guard isTaking != self.isTaking else { return }
    self.isTaking = isTaking
    answer(.isTaking(isTaking))
  }

  private func makeRoom(_ journal: inout Journal<Store>) {
    let now = monotonic()
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
    let now = monotonic()
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
