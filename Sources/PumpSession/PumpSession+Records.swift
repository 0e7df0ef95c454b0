public import PumpHAL
public import PumpJournal
public import PumpMessages
public import PumpSafety
public import PumpUnits

extension PumpSession where Pump: ~Copyable, Records: ~Copyable {
  /// Takes what the journal has answered.
  @inlinable
  mutating func takeRecordAnswers(at now: Instant) {
    while let answer = records.answer() { take(answer, at: now) }
    answers.releaseOverdue(at: now)
    guard now.elapsed(since: grantAskedAt) > Self.journalPatience else { return }
    supervisor.raise(.journalFailed, at: now)
  }

  @inlinable
  mutating func take(_ answer: RecordAnswer, at now: Instant) {
    switch answer {
    case .granted(let grant):
      grantAnswered(at: now)
      supervisor.grantTaken()
      pump.send(.grant(grant), at: now)
    case .notGranted:
      grantAnswered(at: now)
      supervisor.grantFailed(at: now)
    case .proved(let part, let isGood): proof = (part, isGood)
    case .kept(let number, let isKept): kept(number, isKept, at: now)
    case .isTaking(let isTaking): note(.journalFailed, !isTaking, at: now)
    case .isFilling(let isFilling): note(.journalFilling, isFilling, at: now)
    case .isMisplaced:
      supervisor.raise(.journalSuspect, at: now)
      supervisor.causeGone(.journalSuspect, at: now)
    }
  }

  /// A grant's answer has come: the journal is there.
  @inlinable
  mutating func grantAnswered(at now: Instant) {
    if now.elapsed(since: grantAskedAt) > Self.journalPatience {
      supervisor.causeGone(.journalFailed, at: now)
    }
    grantAskedAt = .never
  }

  /// Has a record written, or loses it where the journal takes none.
  ///
  /// - Returns: Whether it was taken.
  @inlinable @discardableResult
  public mutating func write(_ entry: JournalEntry, at now: Instant) -> Bool {
    let isTaken = records.write(entry, at: now, wallSeconds: pump.readWallClock())
    takeRecordAnswers(at: now)
    return isTaken
  }

  /// Journals what happened in either channel since last time; what is not taken is kept for the next time.
  @inlinable
  public mutating func journalEvents(at now: Instant) {
    while let event = pump.event() {
      guard write(.event(event.event), at: event.at) else { return }
      pump.takeEvent()
    }
    while journaledEvents < supervisor.eventCount {
      let event = supervisor.event(journaledEvents)
      if let event, !write(.event(event.event), at: event.at) { return }
      journaledEvents += 1
    }
  }
}
