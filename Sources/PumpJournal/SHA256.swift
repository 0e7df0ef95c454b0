import PumpMessages

/// The SHA-256 of words (FIPS 180-4), for the journal's chain.
///
/// It is written out here because the journal is pure: no library that has it is also Embedded Swift.
struct SHA256 {
  /// A digest of 32 bytes, as four words in the order of the record.
  struct Digest: Equatable, BitwiseCopyable, Sendable {
    var a: UInt64 = 0
    var b: UInt64 = 0
    var c: UInt64 = 0
    var d: UInt64 = 0
  }

  private var h: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB,
    0x5BE0_CD19
  )
  private var block = Schedule()
  private var filled = 0
  private var words: UInt64 = 0

  /// Adds 32 bits, the most significant byte first.
  mutating func add(_ word: UInt32) {
    block[filled] = word
    filled += 1
    words += 1
    guard filled == 16 else { return }
    compress()
    filled = 0
  }

  /// Adds 64 bits, the most significant byte first.
  mutating func add(_ word: UInt64) {
    add(UInt32(truncatingIfNeeded: word >> 32))
    add(UInt32(truncatingIfNeeded: word))
  }

  /// The digest of what was added.
  mutating func finish() -> Digest {
    let bits = words * 32
    add(0x8000_0000 as UInt32)
    while filled != 14 { add(0 as UInt32) }
    add(bits)
    func pair(_ high: UInt32, _ low: UInt32) -> UInt64 { UInt64(high) << 32 | UInt64(low) }
    return Digest(
      a: pair(h.0, h.1), b: pair(h.2, h.3), c: pair(h.4, h.5), d: pair(h.6, h.7))
  }

  private mutating func compress() {
    var v = h
    for round in 0..<64 {
      if round >= 16 { block.extend(round) }
      let mix = (v.4.turned(6) ^ v.4.turned(11) ^ v.4.turned(25)) &+ (v.4 & v.5 ^ ~v.4 & v.6)
      let first = v.7 &+ mix &+ Self.constant(round) &+ block[round & 15]
      let second =
        (v.0.turned(2) ^ v.0.turned(13) ^ v.0.turned(22))
        &+ (v.0 & v.1 ^ v.0 & v.2 ^ v.1 & v.2)
      v = (first &+ second, v.0, v.1, v.2, v.3 &+ first, v.4, v.5, v.6)
    }
    h = (
      h.0 &+ v.0, h.1 &+ v.1, h.2 &+ v.2, h.3 &+ v.3, h.4 &+ v.4, h.5 &+ v.5, h.6 &+ v.6,
      h.7 &+ v.7
    )
  }

  /// The fractions of the cube roots of the first 64 primes.
  private static func constant(_ round: Int) -> UInt32 { constants[round] }

  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
  ]

  /// The sixteen latest words of the message schedule.
  private struct Schedule {
    private var words:
      (
        UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32,
        UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32
      ) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    subscript(index: Int) -> UInt32 {
      get {
        withUnsafeBytes(of: words) { $0.load(fromByteOffset: 4 * index, as: UInt32.self) }
      }
      set {
        withUnsafeMutableBytes(of: &words) {
          $0.storeBytes(of: newValue, toByteOffset: 4 * index, as: UInt32.self)
        }
      }
    }

    mutating func extend(_ round: Int) {
      func at(_ back: Int) -> UInt32 { self[(round - back) & 15] }
      let near = at(2).turned(17) ^ at(2).turned(19) ^ at(2) >> 10
      let far = at(15).turned(7) ^ at(15).turned(18) ^ at(15) >> 3
      self[round & 15] = at(16) &+ far &+ at(7) &+ near
    }
  }
}

extension UInt32 {
  fileprivate func turned(_ bits: UInt32) -> UInt32 { self >> bits | self << (32 - bits) }
}
