import PumpLinux
import PumpSafety
import PumpUnits
import Testing

@testable import itpump

@Suite("What the drive is ordered, as its supervisor lives, stands still or dies")
struct ChannelOrdersTests {
  /// A clock that is set.
  private final class Clock {
    var now: UInt64 = 1_000_000_000
  }

  private let clock = Clock()
  private let channel: Channel
  private let ring: RunRing

  init() throws {
    channel = try #require(Channel())
    ring = try #require(RunRing(slots: 64))
  }

  private func orders() -> ChannelOrders {
    let clock = clock
    return ChannelOrders(
      channel, messages: ring.writer, fault: nil, record: RecordState(),
      supervisorTimeout: TimeSpan(seconds: 2), now: { clock.now })
  }

  /// Looks every 20 ms for so long, and collects the grants.
  private func look(
    _ orders: inout ChannelOrders, for milliseconds: UInt64, supervised: Bool
  ) -> [Grant] {
    var grants: [Grant] = []
    for _ in 0..<milliseconds / 20 {
      clock.now += 20_000_000
      if supervised { channel.supervise() }
      while let order = orders.take() {
        if case .grant(let grant) = order { grants.append(grant) }
      }
    }
    return grants
  }

  @Test("Nothing is granted while the supervisor stands still; then what it had granted is again")
  func standsStill() {
    var orders = orders()
    channel.give(Grant(number: 41, upTo: 900, until: .epoch + .hour))
    let first = look(&orders, for: 100, supervised: true)
    #expect(first.map(\.upTo) == [900])
    #expect(look(&orders, for: 1_900, supervised: false).isEmpty)
    let silent = look(&orders, for: 1_000, supervised: false)
    #expect(silent.map(\.upTo) == [0])
    #expect(silent.map(\.until) == [.epoch])
    let back = look(&orders, for: 100, supervised: true)
    #expect(back.map(\.upTo) == [900])
    let numbers = (first + silent + back).map(\.number)
    #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
  }

  @Test("A grant that comes from a supervisor that has stood still since is not passed on")
  func lateGrant() {
    var orders = orders()
    _ = look(&orders, for: 3_000, supervised: false)
    channel.give(Grant(number: 7, upTo: 50, until: .epoch + .hour))
    #expect(look(&orders, for: 100, supervised: false).map(\.upTo) == [0])
    #expect(look(&orders, for: 100, supervised: true).map(\.upTo) == [50])
  }

  @Test("A grant is passed on once, and a later one replaces it")
  func once() {
    var orders = orders()
    channel.give(Grant(number: 1, upTo: 10, until: .epoch + .hour))
    channel.give(Grant(number: 2, upTo: 20, until: .epoch + .hour))
    #expect(look(&orders, for: 200, supervised: true).map(\.upTo) == [20])
    channel.give(Grant(number: 3, upTo: 15, until: .epoch + .hour))
    #expect(look(&orders, for: 200, supervised: true).map(\.upTo) == [15])
  }
}
