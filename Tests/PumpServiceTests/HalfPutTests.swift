import PumpHAL
@testable import PumpLinux
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

/// A loaded machine takes the processor from a writer in any place, and a signal or a crash stops it there.
@Suite("A writer that stands still in the middle of telling")
struct HalfPutTests {
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

  /// Leaves a box as its writer does there: its sequence is odd, and its words are no one's.
  private func putHalf(_ box: Channel.Box) {
    let words = Int(BoxWords.count)
    let bytes = (8 + 8 * words + 63) / 64 * 64
    let sequence = UnsafeMutableRawPointer(channel.memory) + bytes * Int(box.rawValue)
    sequence.storeBytes(of: sequence.load(as: UInt64.self) | 1, as: UInt64.self)
    for word in 1...words {
      sequence.storeBytes(of: .max, toByteOffset: 8 * word, as: UInt64.self)
    }
  }

  private func at(_ milliseconds: UInt64) -> Instant {
    .epoch + TimeSpan(milliseconds: milliseconds)
  }

  @Test("What was told whole last stands, in every box; what never was is nothing")
  func stands() throws {
    for box in Channel.Box.allCases { putHalf(box) }
    #expect(channel.report() == nil && channel.detail() == nil && channel.grant() == nil)
    #expect(channel.orders() == nil && channel.startOrder() == nil && !channel.startsHeld)
    #expect(try channel.sensors() == SensorReadings())
    var report = DriveReport()
    (report.beat, report.delivered, report.missed) = (7, 900, 3)
    var detail = DriveDetail()
    detail.flow = FlowRate(microlitresPerDay: 240)
    let grant = Grant(number: 4, upTo: 950, until: at(13_000))
    var orders = DriveOrders()
    orders.doubted = 5
    let readings = SensorReadings(indexPulses: 12, isReservoirLow: true)
    // As after the writer is started anew: it puts whole again.
    let fresh = try Self()
    fresh.channel.tell(report)
    fresh.channel.tell(detail)
    fresh.channel.give(grant)
    fresh.channel.order(orders)
    fresh.channel.tell(readings)
    fresh.channel.start(at: at(1_000), place: .hour, onMonotonic: 9, isHeld: true)
    for isHalf in [false, true] {
      if isHalf { for box in Channel.Box.allCases { fresh.putHalf(box) } }
      let told = fresh.channel.report()
      #expect(told?.beat == 7 && told?.delivered == 900 && told?.missed == 3)
      #expect(fresh.channel.detail()?.flow == detail.flow)
      #expect(fresh.channel.grant() == grant)
      #expect(fresh.channel.orders()?.doubted == 5)
      #expect(try fresh.channel.sensors() == readings)
      let start = fresh.channel.startOrder()
      #expect(start?.first == at(1_000) && start?.place == .hour && fresh.channel.startsHeld)
    }
  }

  @Test("A report that is half told is no sign of life, and no reason to refuse a command")
  func noSignOfLife() {
    var drive = ChannelDrive(
      LineBench(lines: BenchLines()), channel: channel, commands: commands, answers: answers,
      parts: parts, messages: ring, clock: PacedClock(pace: .asleep))
    drive.begin(Beginning(at: at(0), place: .zero), at: at(0))
    var report = DriveReport()
    (report.beat, report.delivered) = (44, 480)
    channel.tell(report)
    channel.count(.begun, 490)
    drive.look()
    let whole = drive.report(at: at(880), withSum: false)
    #expect(whole.beat == 44 && whole.delivered == 480 && whole.lineCount == 490)
    putHalf(.report)
    channel.count(.begun, 8)
    drive.look()
    // A new beat with the old count would be a drive that tells less than its lines had counted.
    let half = drive.report(at: at(900), withSum: false)
    #expect(half.beat == 44 && half.delivered == 480 && half.lineCount == 498)
    let isTaken = drive.ask(.suspend, number: 3, at: at(900))
    let asked = commands.take()
    let answer = drive.answer()
    #expect(isTaken && asked?.number == 3 && answer == nil)
  }

  @Test("A supervisor that hangs while it grants is as silent as any: nothing is granted")
  func hangsWhileItGrants() {
    var now = UInt64(1_000_000_000)
    var orders = ChannelOrders(
      channel, messages: ring.writer, commands: commands, answers: answers, parts: parts,
      fault: nil, record: RecordState(), supervisorTimeout: TimeSpan(seconds: 2), now: { now })
    func look(_ milliseconds: UInt64, supervised: Bool) -> [UInt64] {
      var granted: [UInt64] = []
      for _ in 0..<milliseconds / 20 {
        now += 20_000_000
        if supervised { channel.supervise() }
        while let order = orders.take() {
          if case .grant(let grant) = order { granted.append(grant.upTo) }
        }
      }
      return granted
    }
    channel.give(Grant(number: 1, upTo: 900, until: at(13_000)))
    #expect(look(100, supervised: true) == [900])
    putHalf(.grant)
    #expect(look(3_000, supervised: false) == [0])
    #expect(look(100, supervised: true) == [900])
  }
}
