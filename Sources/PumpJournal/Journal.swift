public import PumpMessages
import PumpSafety
public import PumpUnits

/// The record of everything that counts: written ahead, chained, and recovered from any torn tail.
public struct Journal<Store: JournalStore & ~Copyable>: ~Copyable {
  private let inPlace = InPlace()
  public var store: Store
  /// What the records say up to now.
  public private(set) var state = JournalState()
  /// The oldest record that is still there, and the next one's sequence.
  public private(set) var first: UInt64 = 0
  public private(set) var next: UInt64 = 0
  /// A record behind the last intact one that was written whole and fails its checksum; `nil` for none.
  ///
  /// It is not torn, for a torn one ends in unwritten bytes: it may have permitted steps, and what it said is
  /// gone. The next record takes its place.
  public private(set) var damagedEnd: UInt64?
  private var chain = SHA256.Digest()

  /// Begins a journal on a store that holds nothing.
  public init(blank store: consuming Store) { self.store = store }

  /// Opens a journal, whatever its last session left: a torn last record is as if never written.
  ///
  /// - Throws: `JournalProblem`.
  public init(opening store: consuming Store) throws(JournalProblem) {
    var store = store
    var latest: UInt64?
    var lastUsed: UInt64?
    var isLastWhole = false
    for slot in store.slots {
      let block = try Self.read(&store, slot)
      // Most of a file is room made ahead.
      if block.isBlank { continue }
      (lastUsed, isLastWhole) = (slot, block.isWhole)
      guard block.isIntact, store.slot(of: block[1]) == slot else { continue }
      guard block.formatNumber <= JournalBlock.format else {
        throw .laterFormat(block.formatNumber)
      }
      latest = max(latest ?? 0, block[1])
    }
    try Self.checkEnd(store, latest, lastUsed: lastUsed, isLastWhole: isLastWhole)
    guard let latest else {
      self.store = store
      return
    }
    let isRing = store.slots.contains(
      store.slot(of: store.slots.upperBound - store.slots.lowerBound))
    if !isRing, let lastUsed, lastUsed == latest + 1, isLastWhole { damagedEnd = lastUsed }
    var oldest = latest
    let room = store.slots.upperBound - store.slots.lowerBound
    while oldest > 0, latest - (oldest - 1) < room,
      store.slots.contains(store.slot(of: oldest - 1))
    {
      let block = try Self.read(&store, store.slot(of: oldest - 1))
      guard block.isIntact, block[1] == oldest - 1 else {
        // A ring's oldest may be torn: it was being overwritten by the next.
        if latest - (oldest - 1) == room - 1 { break }
        throw .damaged(sequence: oldest - 1)
      }
      oldest -= 1
    }
    var chain = SHA256.Digest()
    var state = JournalState()
    for sequence in oldest...latest {
      let block = try Self.read(&store, store.slot(of: sequence))
      let followsNone = sequence == oldest && oldest > 0
      guard block.hasPossibleCounts, followsNone || block.chain == block.link(after: chain) else {
        throw .chainBroken(sequence: sequence)
      }
      chain = block.chain
      state.take(block.record)
    }
    self.store = store
    self.state = state
    self.chain = chain
    first = oldest
    next = latest + 1
  }

  /// Whether nothing but one torn record lies behind the latest: more than the one that was being written
  /// can't be torn, and what is gone may have permitted steps.
  ///
  /// A ring's old records lie there.
  private static func checkEnd(
    _ store: borrowing Store, _ latest: UInt64?, lastUsed: UInt64?, isLastWhole: Bool
  ) throws(JournalProblem) {
    guard let lastUsed else { return }
    guard let latest else {
      if lastUsed == 0, !isLastWhole { return }
      throw .notAJournal
    }
    let room = store.slots.upperBound - store.slots.lowerBound
    let isRing = store.slots.contains(store.slot(of: room))
    if !isRing, lastUsed > latest + 1 { throw .damaged(sequence: latest + 1) }
  }

  /// Writes a record durably.
  ///
  /// - Parameters:
  ///   - entry: What it says.
  ///   - now: The pump's clock.
  ///   - wallSeconds: The wall clock.
  /// - Returns: Its sequence.
  /// - Throws: The store's failure; the record is as if never asked for then.
  @discardableResult
  public mutating func append(_ entry: JournalEntry, at now: Instant, wallSeconds: Int64)
    throws(Store.StoreFailure) -> UInt64
  {
    var session = state.session
    if case .opened = entry { session += 1 }
    let record = JournalRecord(
      sequence: next, session: session, at: now, wallSeconds: wallSeconds, entry: entry)
    var block = JournalBlock(record)
    block.seal(after: chain)
    try store.write(block, to: store.slot(of: next))
    chain = block.chain
    state.take(record)
    next += 1
    damagedEnd = nil
    let room = store.slots.upperBound - store.slots.lowerBound
    if next - first > room { first = next - room }
    return record.sequence
  }

  /// Journals a permission, and only then hands it out.
  public mutating func grant(
    _ counts: StepCounts, upTo: UInt64, until: Instant, at now: Instant, wallSeconds: Int64
  ) throws(Store.StoreFailure) -> Grant {
    let sequence = try append(
      .grant(counts, upTo: upTo, until: until), at: now, wallSeconds: wallSeconds)
    // A grant is newer than none only from 1 on, and sequences begin at 0.
    return Grant(number: sequence + 1, upTo: upTo, until: until)
  }

  /// Whether the latest record reads back as it was written.
  public mutating func readsBack() -> Bool {
    guard next > 0, let block = try? store.read(store.slot(of: next - 1)) else { return next == 0 }
    return block.isIntact && block[1] == next - 1 && block.chain == chain
  }

  /// A record by its sequence; `nil` for one that has given way or is not there yet.
  public mutating func record(_ sequence: UInt64) -> JournalRecord? {
    guard sequence >= first, sequence < next,
      let block = try? store.read(store.slot(of: sequence)), block.isIntact, block[1] == sequence
    else { return nil }
    return block.record
  }

  /// A record's link of the chain, 32 bytes; `nil` for one that is not there.
  public mutating func link(of sequence: UInt64) -> [UInt8]? {
    guard sequence >= first, sequence < next,
      let block = try? store.read(store.slot(of: sequence)), block.isIntact, block[1] == sequence
    else { return nil }
    return block.withBytes { Array($0[88..<120]) }
  }

  /// Takes the records that another program has appended meanwhile.
  ///
  /// - Returns: How many there were.
  @discardableResult
  public mutating func advance() -> UInt64 {
    let before = next
    while store.slots.contains(store.slot(of: next)),
      let block = try? store.read(store.slot(of: next)), block.isIntact, block[1] == next,
      block.chain == block.link(after: chain), block.hasPossibleCounts
    {
      chain = block.chain
      state.take(block.record)
      next += 1
    }
    return next - before
  }

  private static func read(_ store: inout Store, _ slot: UInt64) throws(JournalProblem)
    -> JournalBlock
  {
    do throws(Store.StoreFailure) { return try store.read(slot) } catch { throw .unreadable }
  }
}

extension Journal where Store: ~Copyable {
  /// Goes over what earlier sessions delivered in the last day, in order.
  ///
  /// Counts are acknowledged now and then, so a step counts as made when that was journaled: later than
  /// it was, and so for longer. What was granted and never acknowledged counts as made now.
  ///
  /// - Parameters:
  ///   - now: The present instant.
  ///   - body: Given steps, by when they were made, and what each is worth.
  public mutating func recall(by now: Instant, _ body: (UInt64, Instant, JournalBinding?) -> Void) {
    var known: UInt64?
    var binding: JournalBinding?
    for sequence in lastDay(before: now)..<next {
      guard let record = record(sequence) else { continue }
      if case .opened(_, _, _, let named, _) = record.entry { binding = named }
      guard case .grant(let counts, _, _) = record.entry else { continue }
      if let known, counts.highest > known, record.at + .day > now {
        body(counts.highest - known, record.at, binding)
      }
      known = counts.highest
    }
    let carried = state.carried.highest
    let last = known ?? state.counts.highest
    if carried > last { body(carried - last, now, binding) }
  }

  /// The start of the session in which a day's delivery begins.
  private mutating func lastDay(before now: Instant) -> UInt64 {
    var sequence = next
    var isPast = false
    while sequence > first {
      sequence -= 1
      guard let record = record(sequence) else { continue }
      if case .grant = record.entry, record.at + .day <= now { isPast = true }
      if case .opened = record.entry, isPast { return sequence }
    }
    return sequence
  }
}
