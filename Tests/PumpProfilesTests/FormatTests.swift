import Foundation
import PumpProfiles
import Testing

@Suite("A quantity's decimals are its count's, however large")
struct FormatTests {
  private static let largestCounts: [(UInt64, UInt64, String)] = [
    (UInt64.max, UInt64(1_000), "18446744073709551.62"),
    (.max, 1_000_000_000, "18446744073.71"), (.max, 24_000_000_000, "768614336.4"),
    (.max, 1_000_000_000_000, "18446744.07"), (.max - 11, 1_000, "18446744073709551.6"),
    (0, 1_000, "0"), (99, 1_000, "0.099"), (100, 1_000, "0.1"), (999_995, 1_000_000, "1"),
    (99_999, 1_000_000, "0.1"), (99_994, 1_000_000, "0.1"), (99_944, 1_000_000, "0.0999"),
  ]

  @Test("The largest count of each unit", arguments: largestCounts)
  func largest(count: UInt64, unit: UInt64, expected: String) {
    #expect(Format.decimal(count, per: unit) == expected)
  }

  @Test("Random counts, against decimal arithmetic", arguments: 0..<8 as Range<UInt64>)
  func random(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    for unit: UInt64 in [
      1_000, 10_000, 1_000_000, 1_000_000_000, 24_000_000_000, 1_000_000_000_000,
    ] {
      for _ in 0..<200 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        let count = state >> (state % 64)
        var exact = Decimal(count) / Decimal(unit)
        var rounded = Decimal()
        NSDecimalRound(&rounded, &exact, count < unit / 10 ? 4 : 2, .plain)
        #expect(
          Format.decimal(count, per: unit) == "\(rounded)", "seed \(seed): \(count) per \(unit)")
      }
    }
  }
}
