import PumpHAL
import PumpMessages
import PumpSafety
import PumpUnits
import Testing

@testable import PumpLinux

@Suite("What the drive and the supervisor tell each other through shared memory")
struct ChannelTests {
  @Test("Nothing is there before it was told; then all of it is, as it was")
  func roundTrip() throws {
    let channel = try #require(Channel())
    #expect(channel.report() == nil)
    #expect(channel.grant() == nil)
    #expect(channel.orders() == nil)
    #expect(channel.startOrder() == nil)
    #expect(!channel.hasNews)
    var report = DriveReport()
    report.beat = 1
    report.at = .epoch + .day
    (report.delivered, report.uncertain, report.missed, report.owed) = (2, 3, 4, 5)
    (report.standing, report.present, report.prescriptionSum) = (6, 7, 8)
    (report.isDelivering, report.isTripped) = (true, false)
    channel.tell(report)
    #expect(channel.report() == report)
    let grant = Grant(number: 9, upTo: .max, until: .never)
    channel.give(grant)
    #expect(channel.hasNews)
    channel.attend()
    #expect(!channel.hasNews)
    #expect(channel.grant() == grant)
    var orders = DriveOrders()
    orders.holds = 3
    orders.isHeld = true
    orders.cut = .overInfusion  // the alarm whose raw value is 0
    orders.countAtHold = 11
    orders.doubted = 12
    orders.fallBack = FlowRate(microlitresPerDay: 6)
    orders.stops = true
    channel.order(orders)
    #expect(channel.orders() == orders)
    for readings in [
      SensorReadings(), SensorReadings(indexPulses: 5, driverFault: true, isReservoirLow: false),
      SensorReadings(indexPulses: 0, isReservoirLow: true),
    ] {
      channel.tell(readings)
      #expect(try channel.sensors() == readings)
    }
    channel.tell(nil)
    #expect(throws: LineFault.self) { try channel.sensors() }
    // A fault that has gone before the drive looks is told all the same, once.
    channel.tell(SensorReadings(driverFault: true))
    channel.tell(SensorReadings())
    #expect(try channel.sensors().driverFault)
    #expect(try !channel.sensors().driverFault)
    channel.start(at: .epoch + .hour, place: .day, onMonotonic: 77)
    let start = try #require(channel.startOrder())
    #expect(start.first == .epoch + .hour && start.place == .day && start.monotonic == 77)
  }

  @Test("A drive that died between an edge and its count leaves one step uncertain, and none lost")
  func finalCounts() throws {
    let channel = try #require(Channel())
    channel.count(.begun, 10)
    channel.count(.made, 7)
    channel.count(.failed, 1)
    channel.count(.unknown, 1)
    // Ten were begun: seven made, one surely not, one nobody knows, and one was never told of.
    let counts = channel.finalCounts()
    #expect(counts.certain == 7 && counts.uncertain == 2)
    channel.count(.doubted, 3)
    let doubted = channel.finalCounts()
    #expect(doubted.certain == 4 && doubted.uncertain == 5)
    let held = channel.finalCounts(notBeyond: 2)
    #expect(held.certain == 2 && held.uncertain == 7)
  }

  private final class Writer: RealTimeTask, @unchecked Sendable {
    let channel: Channel
    init(_ channel: Channel) { self.channel = channel }

    func carryOut(without denials: [RealTimeThread.Denial]) {
      for number in UInt64(1)...300_000 {
        channel.give(
          Grant(number: number, upTo: number, until: Instant(nanoseconds: number)))
      }
    }
  }

  @Test("A reader never sees half of one grant and half of the next")
  func noTear() throws {
    let channel = try #require(Channel())
    let thread = try #require(
      RealTimeThread.start(.init(priority: 0, locksMemory: false), Writer(channel)))
    var last: UInt64 = 0
    while last < 300_000 {
      guard let grant = channel.grant() else { continue }
      if grant.number != grant.upTo || grant.upTo != grant.until.nanoseconds || grant.number < last
      {
        Issue.record("torn or old: \(grant) after \(last)")
        break
      }
      last = grant.number
    }
    thread.join()
  }

  private final class Answerer: RealTimeTask, @unchecked Sendable {
    let channel: Channel
    let count: Int
    init(_ channel: Channel, _ count: Int) {
      self.channel = channel
      self.count = count
    }

    func carryOut(without denials: [RealTimeThread.Denial]) {
      for _ in 0..<count {
        var heard = channel.bell
        while !channel.serveEnable({ $0 }) {
          channel.waitForBell(after: heard, until: monotonicNanoseconds() + 10_000_000)
          heard = channel.bell
        }
      }
    }
  }

  @Test(
    "ENABLE follows each request, and a supervisor that does not answer is a fault, not a wait for ever"
  )
  func enable() throws {
    let channel = try #require(Channel())
    let thread = try #require(
      RealTimeThread.start(.init(priority: 0, locksMemory: false), Answerer(channel, 100)))
    for number in 0..<100 {
      let level = number % 2 == 0 ? LineLevel.asserted : .released
      #expect(try channel.askEnable(level, within: TimeSpan(seconds: 30)) == level)
    }
    thread.join()
    #expect(throws: LineFault(number: 110)) {
      try channel.askEnable(.asserted, within: TimeSpan(milliseconds: 1))
    }
    // Answered late: the next request has its own answer.
    let isServed = channel.serveEnable { _ in nil }
    #expect(isServed)
    let isServedAgain = channel.serveEnable { _ in nil }
    #expect(!isServedAgain)
  }
}
