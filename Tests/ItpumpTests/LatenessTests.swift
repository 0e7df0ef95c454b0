import PumpUnits
import Testing

@testable import itpump
@testable import PumpBench

@Suite("Which waits tell of lateness")
struct LatenessTests {
  private func tells(_ lastWake: UInt64, _ deadline: UInt64, _ woke: UInt64) -> Bool {
    RunMonitor.tells(
      since: Instant(nanoseconds: lastWake), until: Instant(nanoseconds: deadline),
      woke: Instant(nanoseconds: woke))
  }

  @Test("A wait that could sleep does; one too short for that only when it was late")
  func waits() {
    #expect(tells(0, 5_000_000, 5_000_000))
    #expect(tells(0, 5_000_000, 5_900_000))
    #expect(!tells(0, 20_000, 20_000))
    #expect(!tells(0, 20_000, 40_000))
    #expect(tells(0, 20_001, 20_001))
  }

  /// A set of a line, or anything else, held the drive up for 3 ms: the next wait begins too late.
  @Test("A wait whose deadline had passed when it began tells how late the edge is")
  func heldUpElsewhere() {
    #expect(tells(4_000_000, 4_010_000, 7_000_000))
    #expect(tells(4_000_000, 3_900_000, 4_000_001))
    #expect(!tells(4_000_000, 3_990_000, 4_000_000))
  }
}
