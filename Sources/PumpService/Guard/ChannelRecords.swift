package import PumpHAL
package import PumpJournal
package import PumpLinux
package import PumpMessages
package import PumpSession
package import PumpUnits

/// A journal on a thread of its own, which no disk can hold up the supervisor by.
package struct ChannelRecords: RecordLink, ~Copyable {
  private let orders: SlotRing<JournalOrder>.Writer
  private let answers: SlotRing<JournalAnswer>
  private let news: SlotRing<GuardNews>.Writer
  /// Whether the drive gets its first grant only, to see what it does at its end.
  private let withholdsGrants: Bool
  private var hasGranted = false

  package init(
    orders: SlotRing<JournalOrder>, answers: SlotRing<JournalAnswer>, news: SlotRing<GuardNews>,
    withholdsGrants: Bool
  ) {
    self.orders = orders.writer
    self.answers = answers
    self.news = news.writer
    self.withholdsGrants = withholdsGrants
  }

  package mutating func write(_ entry: JournalEntry, at now: Instant, wallSeconds: Int64) -> Bool {
    orders.put(.entry(entry, at: now))
  }

  package mutating func keep(
    _ entry: JournalEntry, number: UInt64, at now: Instant, wallSeconds: Int64
  ) -> Bool { orders.put(.keep(entry, number: number, at: now)) }

  package mutating func grant(
    _ counts: StepCounts, upTo: UInt64, until: Instant, at now: Instant, wallSeconds: Int64
  ) -> Bool { orders.put(.grant(counts, upTo: upTo, until: until, at: now)) }

  package mutating func prove(_ part: SelfTestPart) -> Bool { orders.put(.prove(part)) }

  package mutating func close() { orders.put(.close) }

  package mutating func answer() -> RecordAnswer? {
    switch answers.take() {
    case .granted where withholdsGrants && hasGranted: return .notGranted
    case .granted(let grant):
      hasGranted = true
      return .granted(grant)
    case .notGranted: return .notGranted
    case .kept(let number, let isKept): return .kept(number: number, isKept)
    case .proved(let part, let isGood): return .proved(part, isGood)
    case .isTaking(let isTaking): return .isTaking(isTaking)
    case .isFilling(let isFilling): return .isFilling(isFilling)
    case .isMisplaced(let place):
      news.put(.journalMisplaced(place))
      return .isMisplaced
    case nil: return nil
    }
  }
}
