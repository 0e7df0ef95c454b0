import PumpUnits

/// The pump's clock in memory that outlives a reset, in two copies that are checked on their own: after a
/// reset the controller knows that next to no time has passed, after a loss of power it knows nothing.
enum RetainedClock<B: Board> {
  private static var magic: UInt64 { 0x4B43_4F4C_4350_5449 }

  /// Keeps the clock, and by how much the wall clock is ahead of it.
  static func keep(_ now: Instant, wallOffset: Int64) {
    for copy in 0...1 {
      let words = B.retained + 4 * copy
      words[3] = 0
      words[1] = now.nanoseconds
      words[2] = UInt64(bitPattern: wallOffset)
      words[0] = magic
      words[3] = sum(words)
    }
  }

  /// What was kept; `nil` after a loss of power.
  static var kept: (now: Instant, wallOffset: Int64)? {
    for copy in 0...1 {
      let words = B.retained + 4 * copy
      guard words[0] == magic, words[3] == sum(words) else { continue }
      return (Instant(nanoseconds: words[1]), Int64(bitPattern: words[2]))
    }
    return nil
  }

  private static func sum(_ words: UnsafeMutablePointer<UInt64>) -> UInt64 {
    var sum = CRC32C()
    for place in 0..<3 { sum.add(words[place]) }
    return ImageFormat.seal(sum)
  }
}
