import PumpLinux
import PumpPlant
import PumpUnits
import Testing

@Suite("The machine's clock, as the control loop sees it")
struct PacedClockTests {
  @Test("However it waits, it never returns before the deadline", arguments: [0, 10, 100, 1_000])
  func neverEarly(window: Int) {
    var clock = PacedClock(
      pace: .init(window: TimeSpan(microseconds: UInt64(window)), budgetPermille: 120))
    var random = SplitMix64(seed: UInt64(window))
    for _ in 0..<200 {
      let deadline = clock.read() + TimeSpan(nanoseconds: random.next() % 300_000)
      let woke = clock.wait(until: deadline)
      #expect(woke >= deadline)
      #expect(clock.read() >= woke)
    }
  }

  @Test(
    "A clock that is started ahead reads the epoch until it comes, and what is due then is done")
  func ahead() {
    var clock = PacedClock(pace: .asleep)
    clock.restart(ahead: TimeSpan(seconds: 3_600))
    #expect(clock.read() == .epoch)
    #expect(clock.wait(until: .epoch) == .epoch)
    clock.restart(ahead: .zero)
    let deadline = Instant(nanoseconds: 1_000)
    #expect(clock.wait(until: deadline) >= deadline)
  }

  @Test("Its copy counts from the same origin")
  func copy() {
    let clock = PacedClock(pace: .asleep)
    let copy = clock.copy
    let first = clock.read()
    let second = copy.read()
    let third = clock.read()
    #expect(first <= second && second <= third)
  }
}
