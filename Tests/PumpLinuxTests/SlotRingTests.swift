import PumpLinux
import PumpUnits
import Testing

@Suite("Telemetry leaves the real-time thread through a lock-free ring")
struct SlotRingTests {
  private struct Pair: BitwiseCopyable, Equatable {
    var number: UInt64
    var complement: UInt64
  }

  @Test("What is put in comes out in its order, and what finds no room is counted")
  func orderAndLoss() throws {
    let ring = try #require(SlotRing<Pair>(slots: 4))
    for number in UInt64(0)..<6 {
      let isKept = ring.writer.put(Pair(number: number, complement: ~number))
      #expect(isKept == (number < 4))
    }
    #expect(ring.lost == 2)
    for number in UInt64(0)..<4 {
      #expect(ring.take() == Pair(number: number, complement: ~number))
    }
    #expect(ring.take() == nil)
    // Around the end many times.
    for number in UInt64(0)..<1_000 {
      ring.writer.put(Pair(number: number, complement: ~number))
      #expect(ring.take()?.number == number)
    }
    #expect(ring.lost == 2)
  }

  private final class Producer: RealTimeTask, @unchecked Sendable {
    let ring: SlotRing<Pair>
    let count: UInt64

    init(_ ring: SlotRing<Pair>, _ count: UInt64) {
      self.ring = ring
      self.count = count
    }

    func carryOut(without denials: [RealTimeThread.Denial]) {
      let writer = ring.writer
      for number in 0..<count { while !writer.put(Pair(number: number, complement: ~number)) {} }
    }
  }

  @Test("Between two threads no value is torn, lost, repeated or reordered")
  func twoThreads() throws {
    let count: UInt64 = 200_000
    let ring = try #require(SlotRing<Pair>(slots: 256))
    let ordinary = RealTimeThread.Wish(priority: 0, locksMemory: false)
    let thread = try #require(RealTimeThread.start(ordinary, Producer(ring, count)))
    var expected: UInt64 = 0
    var isTorn = false
    while expected < count {
      guard let pair = ring.take() else { continue }
      isTorn = isTorn || pair != Pair(number: expected, complement: ~expected)
      expected += 1
    }
    thread.join()
    #expect(!isTorn)
    #expect(ring.take() == nil)
  }
}
