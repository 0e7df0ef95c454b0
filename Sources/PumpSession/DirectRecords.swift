public import PumpHAL
public import PumpJournal
public import PumpMessages
public import PumpUnits

/// A journal that is written at once, on the thread that asks.
public struct DirectRecords<Store: JournalStore & ~Copyable>: RecordLink, ~Copyable {
  public var journal: Journal<Store>
  /// Whether the journal took the last record.
  public private(set) var isTaking = true
  // At most one of each waits: the session takes the answers after each thing that it asks for.
  @usableFromInline var reply: RecordAnswer?
  @usableFromInline var isTakingNews = false

  public init(_ journal: consuming Journal<Store>) { self.journal = journal }

  /// Begins anew: what waits to be said was for a session that is over.
  public mutating func forget() {
    isTaking = true
    isTakingNews = false
    reply = nil
  }

  public mutating func write(_ entry: JournalEntry, at now: Instant, wallSeconds: Int64) -> Bool {
    do throws(Store.StoreFailure) {
      try journal.append(entry, at: now, wallSeconds: wallSeconds)
      note(isTaking: true)
      return true
    } catch {
      note(isTaking: false)
      return false
    }
  }

  public mutating func keep(
    _ entry: JournalEntry, number: UInt64, at now: Instant, wallSeconds: Int64
  ) -> Bool {
    let isKept = write(entry, at: now, wallSeconds: wallSeconds)
    reply = .kept(number: number, isKept)
    return true
  }

  public mutating func grant(
    _ counts: StepCounts, upTo: UInt64, until: Instant, at now: Instant, wallSeconds: Int64
  ) -> Bool {
    do throws(Store.StoreFailure) {
      let grant = try journal.grant(
        counts, upTo: upTo, until: until, at: now, wallSeconds: wallSeconds)
      note(isTaking: true)
      reply = .granted(grant)
    } catch {
      note(isTaking: false)
      reply = .notGranted
    }
    return true
  }

  public mutating func prove(_ part: SelfTestPart) -> Bool {
    let isGood: Bool
    if part == .journal {
      isGood = journal.readsBack()
    } else {
      let copies = journal.profileCopies
      isGood = copies == .whole || copies == .absent
    }
    reply = .proved(part, isGood)
    return true
  }

  /// Whether records are taken comes first: why a grant was refused, and then that it was.
  @inlinable
  public mutating func answer() -> RecordAnswer? {
    guard isTakingNews || reply != nil else { return nil }
    if isTakingNews {
      isTakingNews = false
      return .isTaking(isTaking)
    }
    defer { reply = nil }
    return reply
  }

  private mutating func note(isTaking: Bool) {
    guard isTaking != self.isTaking else { return }
    self.isTaking = isTaking
    isTakingNews = true
  }
}
