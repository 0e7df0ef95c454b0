public import PumpHAL
public import PumpUnits

/// Takes every edge of a bench's lines, in order.
public protocol EdgeTrace {
  /// Records an edge.
  mutating func record(_ line: BenchLine, isAsserted: Bool, at instant: Instant)

  /// The digest of all edges so far.
  var digest: TraceDigest { get }
}

/// A 64-bit digest of a trace, to see at once that two traces are the same.
///
/// For each edge in turn, with `word = nanoseconds × 16 + line × 2 + (1 where asserted)`:
/// `value = rotateLeft(value XOR word, 31) × 0x9E3779B97F4A7C15 mod 2⁶⁴`, from
/// 0xCBF29CE484222325. Each step is a bijection, so two traces that differ in one edge never agree.
/// It is no signature: it guards against difference, not against intent.
public struct TraceDigest: Equatable, BitwiseCopyable, Sendable {
  public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  public init() {}

  init(value: UInt64) { self.value = value }
}

/// A trace of which only the digest is kept.
public struct DigestTrace: EdgeTrace, BitwiseCopyable, Sendable {
  @usableFromInline var value = TraceDigest().value

  public init() {}

  public var digest: TraceDigest { TraceDigest(value: value) }

  @inlinable
  public mutating func record(_ line: BenchLine, isAsserted: Bool, at instant: Instant) {
    let word = instant.nanoseconds &<< 4 | UInt64(line.rawValue) &<< 1 | (isAsserted ? 1 : 0)
    let mixed = value ^ word
    value = (mixed &<< 31 | mixed &>> 33) &* 0x9E37_79B9_7F4A_7C15
  }
}
