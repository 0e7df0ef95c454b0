import PumpMessages
import PumpUnits
import Testing

@testable import PumpSafety

@Suite("A window of doses counts every step until all of its bucket has left")
struct SlidingWindowTests {
  private func random(_ state: inout UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }

  @Test(
    "Random steps at random times, against a list of all of them", arguments: DoseWindow.allCases)
  func againstAList(window: DoseWindow) {
    let (bucket, span) = (
      window.bucket.nanoseconds, window.length.nanoseconds / window.bucket.nanoseconds
    )
    for seed in 1...20 as ClosedRange<UInt64> {
      var state = seed
      var sliding = SlidingWindow(window)
      var made: [(bucket: UInt64, steps: UInt64)] = []
      var now: UInt64 = 0
      for _ in 0..<600 {
        // Mostly within a bucket or two; now and then past most of the window, or past all of it.
        let gap = random(&state) % 40
        now +=
          random(&state) % (gap == 0 ? 2 * span * bucket : gap < 4 ? span * bucket : 2 * bucket)
        let steps = random(&state) % 5_000
        sliding.add(steps, at: Instant(nanoseconds: now))
        made.append((now / bucket, steps))
        let current = now / bucket
        // The one being filled, and as many before it as the window spans.
        let sum = made.filter { current - $0.bucket <= span }.map(\.steps).reduce(0, +)
        let told = sliding.sum
        #expect(told == sum, "seed \(seed), at \(now) ns")
        let spanned = sliding.span
        #expect(spanned == Int(span))
        for ahead in [0, 1, Int(random(&state) % span), Int(span) - 1, Int(span), Int(span) + 1] {
          let age = Int(span) - ahead
          let expected =
            age >= 0 && UInt64(age) <= current
            ? made.filter { $0.bucket == current - UInt64(age) }.map(\.steps).reduce(0, +) : 0
          let oldest = sliding.oldest(after: ahead)
          #expect(oldest == expected, "seed \(seed), \(ahead) ahead")
        }
      }
    }
  }

  @Test(
    "More steps than a bucket can count are more than any limit, until that bucket has left",
    arguments: DoseWindow.allCases)
  func overfull(window: DoseWindow) {
    let span = window.length.nanoseconds / window.bucket.nanoseconds
    var sliding = SlidingWindow(window)
    sliding.add(UInt64(UInt32.max), at: .epoch)
    let full = sliding.sum
    #expect(full == UInt64(UInt32.max), "as many as it can count are counted")
    sliding.add(1, at: .epoch)
    for age in [0, 1, span - 1, span] {
      sliding.turn(to: Instant(nanoseconds: age * window.bucket.nanoseconds))
      let sum = sliding.sum
      #expect(sum == .max, "\(age) buckets later")
    }
    sliding.turn(to: Instant(nanoseconds: (span + 1) * window.bucket.nanoseconds))
    let after = sliding.sum
    #expect(after == 0)
  }
}
