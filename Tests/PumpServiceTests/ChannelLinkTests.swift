import PumpConformance
import PumpDrive
import PumpHAL
import PumpLinux
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

@Suite("A drive behind shared memory, turned by hand, keeps what a way to the drive promises")
struct ChannelLinkTests {
  /// Counts the rises of STEP.
  struct RiseCount: EdgeTrace {
    private(set) var rises: UInt64 = 0
    var digest: TraceDigest { DigestTrace().digest }

    mutating func record(_ line: BenchLine, isAsserted: Bool, at instant: Instant) {
      if line == .step, isAsserted { rises += 1 }
    }
  }

  private typealias Session = ControlSession<SimulatedBench<RiseCount>, ChannelOrders>

  /// Both sides of the memory, on one thread in virtual time.
  private struct ChannelRig: DriveRig, ~Copyable {
    var link: ChannelDrive<LineBench>
    private(set) var now = Instant.epoch
    private let memory: DriveMemory
    private let settings: EngineSettings
    private let prescription: Prescription
    private let session = UnsafeMutablePointer<Session>.allocate(capacity: 1)
    private var isMade = false
    private var start = Instant.never
    private var beat: UInt64 = 0

    init(_ memory: DriveMemory, _ settings: EngineSettings, _ prescription: Prescription) {
      self.memory = memory
      self.settings = settings
      self.prescription = prescription
      link = ChannelDrive(
        LineBench(lines: BenchLines()), channel: memory.channel, commands: memory.commands,
        answers: memory.answers, parts: memory.parts, messages: memory.messages,
        clock: PacedClock(pace: .asleep))
    }

    deinit {
      if isMade { session.deinitialize(count: 1) }
      session.deallocate()
    }

    var steps: UInt64 { isMade ? session.pointee.loop.hardware.trace.rises : 0 }

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
      while now < instant {
        let next = min(now + RunSlice.length, instant)
        link.tend(at: now)
        if !isMade { make() }
        if isMade { turn(to: next) }
        link.look()
        now = next
      }
    }

    private mutating func make() {
      guard let order = memory.channel.startOrder() else { return }
      start = order.first
      session.initialize(
        to: Session(
          loop: ControlLoop(
            engine: Engine(
              settings: settings, prescription: prescription, place: order.place, start: start),
            hardware: SimulatedBench(settings: ChannelLinkTests.plant(), trace: RiseCount())),
          orders: ChannelOrders(
            memory.channel, messages: memory.messages.writer, commands: memory.commands,
            answers: memory.answers, parts: memory.parts, fault: nil, record: RecordState(),
            supervisorTimeout: TimeSpan(seconds: 2), now: { 1 }),
          task: RunTask(start: start, isConfirmed: true, isSupervised: true)))
      isMade = true
    }

    /// A slice, as the drive's process takes one: it works, and tells.
    private mutating func turn(to next: Instant) {
      if now <= start, next > start {
        session.pointee.runAll(until: start)
        _ = session.pointee.begin()
      }
      session.pointee.runAll(until: next)
      beat += 1
      var report = session.pointee.loop.engine.report(beat: beat, at: next)
      if beat % 25 == 1 {
        report.prescriptionSum = session.pointee.loop.engine.prescription.checksum
      }
      memory.channel.tell(report)
      memory.channel.tell(session.pointee.loop.engine.detail(at: next))
    }
  }

  private static func plant() -> PlantSettings {
    let drug = Concentration(microgramsPerMillilitre: 500)
    return PlantSettings(
      head: PumpHead(volumePerRevolution: Volume(microlitres: 50), stepsPerRevolution: 320_000),
      filled: Volume(microlitres: 18_000), lowSwitch: Volume(microlitres: 2_000),
      catheter: Catheter(volume: Volume(microlitres: 298), old: drug, new: drug),
      wallSecondsAtStart: 1_800_000_000)
  }

  private static func settings(_ step: StepVolume) throws -> EngineSettings {
    let most = DoseLimits.Limit(soft: Mass(micrograms: 100_000), hard: Mass(micrograms: 200_000))
    return EngineSettings(
      step: step,
      motor: try MotorLimits(startRate: 1_000, maximumRate: 4_000, acceleration: 4_000),
      driver: DriverTiming(
        stepHigh: TimeSpan(nanoseconds: 1_900), stepLow: TimeSpan(nanoseconds: 1_900),
        directionSetUp: TimeSpan(nanoseconds: 650), directionHold: TimeSpan(nanoseconds: 650),
        wakeUp: TimeSpan(microseconds: 1_700), energise: .always),
      backlogLimit: 2_000, limits: DoseLimits(perHour: most, perDay: most),
      reservoir: try Reservoir(
        capacity: Volume(microlitres: 40_000), filled: Volume(microlitres: 18_000),
        lowAlarm: Volume(microlitres: 2_000), reserve: Volume(microlitres: 1_000)))
  }

  @Test("Every promise but those of events, which go to the journal by a ring of their own")
  func promises() throws {
    let step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1)
    var rig = ChannelRig(
      try #require(DriveMemory([0])), try Self.settings(step),
      try DriveLinkConformance.prescription(step))
    var conformance = try DriveLinkConformance(step: step)
    try conformance.check(&rig)
    #expect(conformance.violations == [])
    #expect(Set(conformance.kept).count == 24)
  }
}
