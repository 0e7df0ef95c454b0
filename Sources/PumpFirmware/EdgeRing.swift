import PumpHAL
import PumpUnits

/// The drive's edges on their way to whoever traces them: filled by the interrupt, emptied by the main
/// loop.
///
/// An edge is a word of 32 bits: ns since the edge before it × 16 + line × 2 + 1 where asserted. What 28
/// bits can't hold of the time goes before it in a word of its own, whose lowest four bits are set.
public struct EdgeRing: ~Copyable {
  private var words: FixedBuffer<UInt32>
  private var put: UInt32 = 0
  private var taken: UInt32 = 0
  private var last = Instant.epoch
  /// Whether edges are kept at all.
  public private(set) var isOn = false
  /// Edges that found no room.
  public private(set) var lost: UInt32 = 0

  /// - Parameter capacity: A power of two, for the counts go round in 32 bits.
  public init(capacity: Int) { words = FixedBuffer(repeating: 0, count: capacity) }

  /// Begins to keep edges, or ends it.
  ///
  /// - Parameter now: What the first edge's time is counted from.
  mutating func turn(on isOn: Bool, at now: Instant) {
    self.isOn = isOn
    last = now
  }

  /// Keeps an edge, or counts it as lost.
  mutating func record(_ line: BenchLine, isAsserted: Bool, due: Instant) {
    guard isOn else { return }
    guard Int(put &- taken) + 2 <= words.count else {
      lost += 1
      return
    }
    let since = due.elapsed(since: last).nanoseconds
    last = due
    if since >> 28 > 0 { keep(UInt32(truncatingIfNeeded: since >> 28) << 4 | 0xF) }
    keep(
      UInt32(truncatingIfNeeded: since) << 4 | UInt32(line.rawValue) << 1 | (isAsserted ? 1 : 0))
  }

  private mutating func keep(_ word: UInt32) {
    words[Int(put % UInt32(words.count))] = word
    put &+= 1
  }

  /// Whether nothing waits.
  var isEmpty: Bool { taken == put }

  /// Takes the oldest word.
  mutating func take() -> UInt32? {
    guard taken != put else { return nil }
    defer { taken &+= 1 }
    return words[Int(taken % UInt32(words.count))]
  }
}
