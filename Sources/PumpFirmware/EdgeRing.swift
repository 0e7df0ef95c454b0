import PumpHAL
import PumpUnits

/// The drive's edges on their way to whoever traces them: filled by the interrupt, emptied by the main
/// loop.
///
/// An edge is a word: when it was due in ns × 16 + line × 2 + 1 where asserted.
public struct EdgeRing: ~Copyable {
  private var words: FixedBuffer<UInt64>
  private var put: UInt32 = 0
  private var taken: UInt32 = 0
  /// Whether edges are kept at all.
  public var isOn = false
  /// Edges that found no room.
  public private(set) var lost: UInt32 = 0

  public init(capacity: Int) { words = FixedBuffer(repeating: 0, count: capacity) }

  /// Keeps an edge, or counts it as lost.
  mutating func record(_ line: BenchLine, isAsserted: Bool, due: Instant) {
    guard isOn else { return }
    guard Int(put &- taken) < words.count else {
      lost += 1
      return
    }
    words[Int(put) % words.count] =
      due.nanoseconds << 4 | UInt64(line.rawValue) << 1 | (isAsserted ? 1 : 0)
    put &+= 1
  }

  /// Whether nothing waits.
  var isEmpty: Bool { taken == put }

  /// Takes the oldest edge.
  mutating func take() -> UInt64? {
    guard taken != put else { return nil }
    defer { taken &+= 1 }
    return words[Int(taken) % words.count]
  }
}
