public import PumpJournal
import PumpMessages

/// The journal's ring in a board's flash, each record in two copies that are checked on their own.
///
/// A copy is written whole before the next is begun: at any instant one of them is the old record or the
/// new one.
public struct FlashStore: JournalStore {
  /// Neither copy reads back as it was written.
  public enum Failure: Error { case notTaken }

  #if PUMP_TRIALS
    /// A flash that takes nothing, to see what the controller does.
    var isBroken = false
  #endif

  private let base: UnsafeMutablePointer<UInt64>
  private let count: UInt64

  /// - Parameters:
  ///   - base: Two times as many records follow.
  ///   - count: At least 8.
  public init(_ base: UnsafeMutablePointer<UInt64>, slots count: UInt64) {
    precondition(count >= 8, "a ring holds at least eight records")
    self.base = base
    self.count = count
  }

  public var slots: Range<UInt64> { 0..<count }

  public func slot(of sequence: UInt64) -> UInt64 { sequence % count }

  private func place(_ slot: UInt64, copy: UInt64) -> UnsafeMutablePointer<UInt64> {
    base + 16 * Int(truncatingIfNeeded: copy &* count &+ slot)
  }

  /// The newer of the copies that are whole; where none is, the first as it is.
  public mutating func read(_ slot: UInt64) throws(Failure) -> JournalBlock {
    let first = block(slot, copy: 0)
    if first.isIntact { return first }
    let second = block(slot, copy: 1)
    return second.isIntact ? second : first
  }

  public mutating func write(_ block: JournalBlock, to slot: UInt64) throws(Failure) {
    #if PUMP_TRIALS
      if isBroken { throw .notTaken }
    #endif
    var isTaken = false
    for copy in UInt64(0)...1 {
      let to = place(slot, copy: copy)
      for word in 0..<16 { (to + word).pointee = block[word] }
      isTaken = isTaken || self.block(slot, copy: copy) == block
    }
    if !isTaken { throw .notTaken }
  }

  private func block(_ slot: UInt64, copy: UInt64) -> JournalBlock {
    let from = place(slot, copy: copy)
    var block = JournalBlock()
    for word in 0..<16 { block[word] = (from + word).pointee }
    return block
  }
}
