import PumpConformance
import PumpDrive
import PumpHAL
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpFirmware

extension ControllerTests {
  /// The drive behind the test board's interrupt.
  private struct BoardRig: DriveRig, ~Copyable {
    var link: InterruptDrive<TestBoard>

    var now: Instant { link.now }
    var steps: UInt64 { UInt64(TestBoard.world.steps) }

    mutating func report(at now: Instant, withSum: Bool) -> DriveReport {
      link.report(at: now, withSum: withSum)
    }
    mutating func detail(at now: Instant) -> DriveDetail { link.detail(at: now) }
    mutating func begin(_ beginning: Beginning, at now: Instant) { link.begin(beginning, at: now) }
    mutating func send(_ order: DriveOrder, at now: Instant) { link.send(order, at: now) }
    mutating func ask(_ command: Command, number: UInt64, at now: Instant) -> Bool {
      link.ask(command, number: number, at: now)
    }
    mutating func answer() -> DriveAnswer? { link.answer() }
    mutating func event() -> TimedEvent? { link.event() }
    mutating func takeEvent() { link.takeEvent() }

    mutating func run(until instant: Instant) {
      while link.now < instant {
        link.tend(at: link.now)
        TestBoard.armWake(at: TimeSpan(nanoseconds: instant.nanoseconds))
        TestBoard.mask()
        TestBoard.sleep()
        TestBoard.unmask()
      }
    }
  }

  @Test("A drive behind an interrupt keeps what a way to the drive promises")
  func link() throws {
    // The arena that the drive lies in.
    let host = TestHost()
    var settings = try profile().run.engine
    settings.backlogLimit = 2_000
    let step = settings.step
    let side = UnsafeMutablePointer<DriveSide<TestBoard>>.allocate(capacity: 1)
    side.initialize(
      to: DriveSide<TestBoard>(
        Engine(
          settings: settings, prescription: try DriveLinkConformance.prescription(step),
          start: .epoch),
        DriveHardware<TestBoard>(
          origin: .epoch, timing: settings.driver, motor: settings.motor,
          head: EmulatedHead(stepsPerIndex: nil), trace: EdgeRing(capacity: 64))))
    TestBoard.attach(UnsafeMutableRawPointer(side))
    defer {
      TestBoard.attach(nil)
      side.deinitialize(count: 1)
      side.deallocate()
      withExtendedLifetime(host) {}
    }
    var rig = BoardRig(link: InterruptDrive<TestBoard>(side, lie: nil))
    rig.link.withDrive { $0.serve() }
    var conformance = try DriveLinkConformance(step: step)
    try conformance.check(&rig)
    #expect(conformance.violations == [])
    #expect(Set(conformance.kept).count == 27)
  }
}
