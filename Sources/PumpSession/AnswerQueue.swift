public import PumpMessages
public import PumpUnits

/// Answers on their way to whoever asked, each told once the journal has it.
@usableFromInline
struct AnswerQueue: ~Copyable {
  // Not private: Swift 6.3's AddressSanitizer breaks on a private type that a buffer of another file holds.
  struct Waiting {
    var answered = Answered(ticket: 0, .suspend, .unknown)
    /// The record that must be there first, and until when that is waited for; `nil` where it may be told.
    var record: UInt64?
    var until = Instant.never
  }

  private var waiting: FixedBuffer<Waiting>
  private var count = 0

  /// - Parameter capacity: At least 1.
  @usableFromInline
  init(capacity: Int) { waiting = FixedBuffer(repeating: Waiting(), count: capacity) }

  /// Puts an answer that waits for no record, unless the same request's first answer does.
  @usableFromInline
  mutating func put(_ answered: Answered) {
    var entry = Waiting(answered: answered)
    for index in 0..<count
    where answered.ticket != 0 && waiting[index].answered.ticket == answered.ticket {
      (entry.record, entry.until) = (waiting[index].record, waiting[index].until)
    }
    put(entry)
  }

  /// Puts an answer that is told when a record is written, or when nobody can wait for it any longer.
  @usableFromInline
  mutating func put(_ answered: Answered, after record: UInt64, until: Instant) {
    put(Waiting(answered: answered, record: record, until: until))
  }

  private mutating func put(_ entry: Waiting) {
    // Who asks without listening loses the oldest.
    if count == waiting.count { remove(0) }
    waiting[count] = entry
    count += 1
  }

  private mutating func remove(_ place: Int) {
    for index in place + 1..<count { waiting[index - 1] = waiting[index] }
    count -= 1
  }

  /// Lets those be told that wait for a record.
  ///
  /// - Returns: Whether there was one.
  @usableFromInline
  mutating func release(_ record: UInt64) -> Bool {
    var isKnown = false
    for index in 0..<count where waiting[index].record == record {
      waiting[index].record = nil
      isKnown = true
    }
    return isKnown
  }

  /// Lets those be told whose patience is over; at `Instant.never`, all.
  @usableFromInline
  mutating func releaseOverdue(at now: Instant) {
    for index in 0..<count where now >= waiting[index].until { waiting[index].record = nil }
  }

  /// The first that may be told.
  @usableFromInline
  mutating func take() -> Answered? {
    for index in 0..<count where waiting[index].record == nil {
      let answered = waiting[index].answered
      remove(index)
      return answered
    }
    return nil
  }
}
