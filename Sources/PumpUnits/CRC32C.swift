/// The CRC-32C (Castagnoli) of bytes, reflected, from and to all ones (RFC 3720, section 12.1).
public struct CRC32C: BitwiseCopyable, Sendable {
  private var state: UInt32 = .max

  public init() {}

  /// Adds a byte.
  public mutating func add(_ byte: UInt8) {
    state ^= UInt32(byte)
    for _ in 0..<8 {
      state = state & 1 == 1 ? state >> 1 ^ 0x82F6_3B78 : state >> 1
    }
  }

  /// Adds the eight bytes of a word, the lowest first.
  public mutating func add(_ word: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      add(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  /// The checksum of some bytes.
  public static func sum(of bytes: [UInt8]) -> UInt32 {
    var sum = CRC32C()
    for byte in bytes { sum.add(byte) }
    return sum.value
  }

  /// The checksum of the bytes so far.
  public var value: UInt32 { ~state }
}
