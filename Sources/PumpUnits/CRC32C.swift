/// The CRC-32C (Castagnoli) of bytes, reflected, from and to all ones (RFC 3720, section 12.1).
public struct CRC32C: BitwiseCopyable, Sendable {
  private var state: UInt32 = .max

  public init() {}

  /// Adds a byte.
  public mutating func add(_ byte: UInt8) {
    state ^= UInt32(byte)
    state = state >> 4 ^ Self.shifted(state & 15)
    state = state >> 4 ^ Self.shifted(state & 15)
  }

  /// What four bits are when they have been shifted out by the polynomial 0x82F6_3B78: a table, which a
  /// compiler makes of this.
  private static func shifted(_ bits: UInt32) -> UInt32 {
    switch bits {
    case 0: 0x0000_0000
    case 1: 0x105E_C76F
    case 2: 0x20BD_8EDE
    case 3: 0x30E3_49B1
    case 4: 0x417B_1DBC
    case 5: 0x5125_DAD3
    case 6: 0x61C6_9362
    case 7: 0x7198_540D
    case 8: 0x82F6_3B78
    case 9: 0x92A8_FC17
    case 10: 0xA24B_B5A6
    case 11: 0xB215_72C9
    case 12: 0xC38D_26C4
    case 13: 0xD3D3_E1AB
    case 14: 0xE330_A81A
    default: 0xF36E_6F75
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
