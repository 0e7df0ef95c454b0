import PumpMessages
import PumpUnits

/// A record as it is stored: 128 bytes, sixteen words of 64 bits, little-endian.
///
/// | word | holds |
/// |---|---|
/// | 0 | format (16 bits), kind (8), flags (8), session (32), from the low end |
/// | 1 | sequence, from 0 without a gap |
/// | 2 | the pump's clock in nanoseconds |
/// | 3 | the wall clock in seconds since 1970, for people |
/// | 4–10 | what the kind says |
/// | 11–14 | SHA-256 of the record before's words 11–14 and of this one's 0–10, each word big-endian |
/// | 15 | CRC-32C of words 0–14 (low half) and its complement (high half) |
public struct JournalBlock: Equatable, BitwiseCopyable, Sendable {
  /// Bytes of a record.
  public static var size: Int { 128 }
  static var wordCount: Int { 16 }
  /// The format that this version writes, and the latest that it reads.
  ///
  /// | format | what it brought |
  /// |---|---|
  /// | 1 | the records as they are, `opened` without words 7 to 9 |
  /// | 2 | `opened` says what a step is worth: concentration in ng/mL, step volume as a fraction of fL; and whether the wall clock was kept by a time service |
  static var format: UInt16 { 2 }

  private typealias Words = (
    UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
    UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
  )
  private var words: Words = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

  public init() {}

  public static func == (left: Self, right: Self) -> Bool {
    for index in 0..<wordCount where left[index] != right[index] { return false }
    return true
  }

  /// A word by its number.
  public subscript(index: Int) -> UInt64 {
    get {
      precondition(index >= 0 && index < Self.wordCount, "a record has sixteen words")
      return withUnsafeBytes(of: words) {
        UInt64(littleEndian: $0.load(fromByteOffset: 8 * index, as: UInt64.self))
      }
    }
    set {
      precondition(index >= 0 && index < Self.wordCount, "a record has sixteen words")
      withUnsafeMutableBytes(of: &words) {
        $0.storeBytes(of: newValue.littleEndian, toByteOffset: 8 * index, as: UInt64.self)
      }
    }
  }

  /// The bytes as stored.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withUnsafeBytes(of: words, body)
  }

  /// The bytes as stored, to be filled in.
  public mutating func withMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) -> Result
  ) -> Result {
    withUnsafeMutableBytes(of: &words, body)
  }

  /// What an intact record in its own slot says; `nil` for any other.
  public func intactRecord(at sequence: UInt64) -> JournalRecord? {
    isIntact && self[1] == sequence && formatNumber <= Self.format && hasPossibleCounts
      ? record : nil
  }

  /// Whether nothing was ever written there.
  public var isBlank: Bool {
    withBytes { bytes in
      for index in 0..<Self.wordCount {
        let word = bytes.load(fromByteOffset: 8 * index, as: UInt64.self)
        if word != 0, word != .max { return false }
      }
      return true
    }
  }

  /// Whether the checksum is right.
  public var isIntact: Bool {
    !isBlank && self[15] == checksum
  }

  /// Whether all of it was written, right or wrong: its checksum's two halves agree, or its last byte is none
  /// that was never written.
  var isWhole: Bool {
    let low = UInt32(truncatingIfNeeded: self[15])
    return low == ~UInt32(truncatingIfNeeded: self[15] >> 32) || self[15] >> 56 != 0
  }

  mutating func seal(after chain: SHA256.Digest) {
    let link = link(after: chain)
    self[11] = link.a
    self[12] = link.b
    self[13] = link.c
    self[14] = link.d
    self[15] = checksum
  }

  /// What words 11 to 14 must be after a record with this chain.
  func link(after chain: SHA256.Digest) -> SHA256.Digest {
    var hash = SHA256()
    hash.add(chain.a)
    hash.add(chain.b)
    hash.add(chain.c)
    hash.add(chain.d)
    for index in 0..<11 { hash.add(self[index]) }
    return hash.finish()
  }

  var chain: SHA256.Digest { SHA256.Digest(a: self[11], b: self[12], c: self[13], d: self[14]) }

  private var checksum: UInt64 {
    var sum = CRC32C()
    withBytes { bytes in
      for index in 0..<(8 * 15) { sum.add(bytes[index]) }
    }
    return UInt64(sum.value) | UInt64(~sum.value) << 32
  }
}
