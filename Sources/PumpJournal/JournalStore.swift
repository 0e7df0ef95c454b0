import PumpMessages

/// Where records are kept: a file, flash, or memory.
public protocol JournalStore: ~Copyable {
  /// The store's own error.
  associatedtype StoreFailure: Error

  /// The slots that may hold records, in the order of their sequences where it is not a ring.
  var slots: Range<UInt64> { get }

  /// The slot of a sequence; a ring comes round to its first one again.
  func slot(of sequence: UInt64) -> UInt64

  /// Reads a slot; a blank or torn one is returned as it is.
  mutating func read(_ slot: UInt64) throws(StoreFailure) -> JournalBlock

  /// Writes a slot; when it returns, the record survives a loss of power.
  mutating func write(_ block: JournalBlock, to slot: UInt64) throws(StoreFailure)
}

/// A ring in memory, for tests and simulations: what a flash of so many records would be.
public struct MemoryStore: JournalStore, Sendable {
  /// The ring is full of nothing but memory: it can't fail.
  public enum Never: Error {}

  /// The ring's slots.
  public var blocks: [JournalBlock]

  /// - Precondition: at least 8 slots.
  public init(slots count: Int) {
    precondition(count >= 8, "a ring holds at least eight records")
    blocks = Array(repeating: JournalBlock(), count: count)
  }

  /// All of it.
  public var slots: Range<UInt64> { 0..<UInt64(blocks.count) }

  /// Its place in the ring.
  public func slot(of sequence: UInt64) -> UInt64 { sequence % UInt64(blocks.count) }

  /// Reads a slot.
  public mutating func read(_ slot: UInt64) -> JournalBlock { blocks[Int(slot)] }

  /// Writes a slot.
  public mutating func write(_ block: JournalBlock, to slot: UInt64) { blocks[Int(slot)] = block }
}
