import PumpUnits
import Testing

@testable import PumpBenchmarks

@Suite("Lateness is told against the plan")
struct RatePlanTests {
  /// A step in a millisecond, from the epoch on; three were made before.
  private func lateness(_ milliseconds: [UInt64], slices: [(Int, UInt64)]) -> [UInt64] {
    var plan = RatePlan(rate: 1_000, made: 3, slices: UInt64(slices.count))
    for (edges, missed) in slices { plan.note(edges: edges, missed: missed) }
    return plan.lateness(of: milliseconds.map { .epoch + TimeSpan(milliseconds: $0) })
      .map { $0 / 1_000_000 }
  }

  @Test("Steps that are made up after a hold-up are each as late as they are")
  func madeUp() {
    // Due at 4 to 10 ms; held up from 5 to 20 ms, then made a millisecond apart.
    let late = lateness([4, 20, 21, 22, 23, 24, 25], slices: [(1, 0), (7, 0)])
    #expect(late == [0, 15, 15, 15, 15, 15, 15])
  }

  @Test("What was given up shifts what comes after it, from its slice on")
  func givenUp() {
    let late = lateness([4, 5, 26, 27], slices: [(2, 0), (4, 20)])
    #expect(late == [0, 0, 0, 0])
  }

  @Test("A step that is early, and a rate that divides no second evenly, are in time")
  func uneven() {
    var plan = RatePlan(rate: 3, made: 0, slices: 1)
    plan.note(edges: 3, missed: 0)
    let rises = [333_333_333, 666_666_667, 1_000_000_000].map { Instant(nanoseconds: $0) }
    #expect(plan.lateness(of: rises) == [0, 1, 0])
  }
}
