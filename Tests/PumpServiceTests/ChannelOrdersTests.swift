import PumpLinux
import PumpMessages
import PumpSafety
import PumpUnits
import Testing

@testable import PumpService

@Suite("What the drive is ordered, as its supervisor lives, stands still or dies")
struct ChannelOrdersTests {
  /// A clock that is set.
  private final class Clock {
    var now: UInt64 = 1_000_000_000
  }

  private let clock = Clock()
  private let channel: Channel
  private let ring: RunRing
  private let commands: SlotRing<NumberedCommand>
  private let answers: SlotRing<DriveAnswer>
  private let parts: SlotRing<PrescriptionPart>

  init() throws {
    channel = try #require(Channel())
    ring = try #require(RunRing(slots: 64))
    commands = try #require(SlotRing(slots: 4))
    answers = try #require(SlotRing(slots: 4))
    parts = try #require(SlotRing(slots: 4))
  }

  private func orders() -> ChannelOrders {
    let clock = clock
    return ChannelOrders(
      channel, messages: ring.writer, commands: commands, answers: answers, parts: parts,
      fault: nil,
      record: RecordState(),
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

  /// All orders that wait.
  private func all(_ orders: inout ChannelOrders) -> [SessionOrder] {
    channel.supervise()
    var told: [SessionOrder] = []
    while let order = orders.take() { told.append(order) }
    return told
  }

  @Test("What stands is told once, what takes power first; what changes is told again")
  func levels() throws {
    var orders = orders()
    var wanted = DriveOrders()
    wanted.holds = 1
    wanted.isHeld = true
    wanted.countAtHold = 7
    wanted.doubted = 4
    wanted.fallBack = FlowRate(microlitresPerDay: 6)
    channel.order(wanted)
    channel.give(Grant(number: 3, upTo: 20, until: .epoch + .hour))
    #expect(
      all(&orders) == [
        .hold(true, beyond: 7), .doubt(4), .fallBack(FlowRate(microlitresPerDay: 6)),
        .grant(Grant(number: 1, upTo: 20, until: .epoch + .hour)),
      ])
    #expect(all(&orders).isEmpty, "each once")
    wanted.isHeld = false
    wanted.doubted = 9
    channel.order(wanted)
    #expect(all(&orders) == [.hold(false, beyond: .max), .doubt(5)])
    // Held and let go between two looks: the drive hears of both.
    wanted.holds = 2
    wanted.countAtHold = 11
    channel.order(wanted)
    #expect(all(&orders) == [.hold(true, beyond: 11), .hold(false, beyond: .max)])
    wanted.cut = .motorStalled
    wanted.countAtHold = 5
    channel.order(wanted)
    #expect(all(&orders) == [.cut(.motorStalled, beyond: 5)])
    #expect(all(&orders).isEmpty)
  }

  @Test(
    "A start that begins held says so once; commands come with their parts first; an end is last")
  func asked() throws {
    for isHeld in [true, false] {
      let scene = try Self()
      var orders = scene.orders()
      scene.channel.start(at: .epoch, place: .zero, onMonotonic: 1, isHeld: isHeld)
      let words = CommandWords(.suspend)
      let part = PrescriptionPart(count: 1, place: 0)
      scene.parts.writer.put(part)
      scene.commands.writer.put(NumberedCommand(number: 5, words: words))
      var wanted = DriveOrders()
      wanted.stops = true
      scene.channel.order(wanted)
      let told = scene.all(&orders)
      var expected: [SessionOrder] = [.part(part), .command(words, number: 5), .stop]
      if isHeld { expected.insert(.beginHeld, at: 0) }
      #expect(told == expected)
      #expect(scene.all(&orders).isEmpty)
      orders.answer(5, .bolusInProgress)
      #expect(scene.answers.take() == DriveAnswer(number: 5, refusal: .bolusInProgress))
    }
  }
}
