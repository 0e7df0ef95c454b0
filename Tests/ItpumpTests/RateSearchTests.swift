import PumpBenchmarks
import PumpPlant
import PumpUnits
import Testing

@Suite("The search for the highest rate that a machine keeps")
struct RateSearchTests {
  private let span = TimeSpan(seconds: 60)
  private let trial = TimeSpan(seconds: 2)

  @Test("What is found is kept for the whole span, and a twentieth more is not", arguments: 0..<200)
  func finds(seed: UInt64) throws {
    var draw = SplitMix64(seed: seed)
    let limit = RateSearch.lowest + draw.next() % 60_000
    var longest: [UInt64: TimeSpan] = [:]
    let found = RateSearch.highest(upTo: 50_000, for: span, trying: trial) { rate, span in
      longest[rate] = max(longest[rate] ?? .zero, span)
      return rate <= limit
    }
    let kept = try #require(found)
    #expect(kept <= min(limit, 50_000), "seed \(seed)")
    #expect(longest[kept] == span, "seed \(seed): it was not proved")
    #expect(kept == 50_000 || kept * 21 / 20 + 2 > limit, "seed \(seed): \(kept) of \(limit)")
  }

  @Test("A rate that is kept for a moment and not for a minute is lowered until one is")
  func lowers() {
    let found = RateSearch.highest(upTo: 50_000, for: span, trying: trial) { rate, span in
      rate <= (span == self.span ? 3_000 : 8_000)
    }
    #expect(found.map { $0 <= 3_000 && $0 > 2_600 } == true, "\(String(describing: found))")
  }

  @Test("A machine that keeps nothing is told, and one that keeps only the lowest is found")
  func least() {
    #expect(RateSearch.highest(upTo: 50_000, for: span, trying: trial) { _, _ in false } == nil)
    let found = RateSearch.highest(upTo: 50_000, for: span, trying: trial) { rate, span in
      span == self.span ? rate <= RateSearch.lowest : rate <= 20_000
    }
    #expect(found == RateSearch.lowest)
  }

  @Test("One hold-up at any of the trials changes nothing")
  func holdUp() {
    for place in 0..<12 {
      var count = 0
      let found = RateSearch.highest(upTo: 50_000, for: span, trying: trial) { rate, _ in
        count += 1
        return count != place + 1 && rate <= 3_000
      }
      #expect(found.map { $0 <= 3_000 && $0 > 2_800 } == true, "\(place): \(found ?? 0)")
    }
  }

  @Test("A rate is kept where no step is given up, and at most one in a thousand meets the next")
  func kept() {
    func isKept(_ missed: UInt64, _ late: UInt64, edges: UInt64 = 1_000) -> Bool {
      RateSearch.Trial(
        rate: 1_000, span: span, missed: missed,
        lateness: EdgeRow(p50_ns: 1, p99_ns: 2, p999_ns: late, worst_ns: 9_999_999, edges: edges)
      ).is_kept
    }
    #expect(isKept(0, 999_999))
    #expect(!isKept(0, 1_000_000))
    #expect(!isKept(1, 10))
    #expect(!isKept(0, 10, edges: 0))
  }
}
