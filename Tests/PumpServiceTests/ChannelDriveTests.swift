import PumpHAL
@testable import PumpLinux
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

@Suite("What a supervisor hears of its drive and its bench, and what the two are told")
struct ChannelDriveTests {
  private let lines = BenchLines()
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

  private func drive() -> ChannelDrive<LineBench> {
    ChannelDrive(
      LineBench(lines: lines), channel: channel, commands: commands, answers: answers,
      parts: parts, messages: ring, clock: PacedClock(pace: .asleep))
  }

  private func at(_ milliseconds: UInt64) -> Instant {
    .epoch + TimeSpan(milliseconds: milliseconds)
  }

  private func messages() -> [RunMessage] {
    var all: [RunMessage] = []
    while let message = ring.take() { all.append(message) }
    return all
  }

  @Test("The lines are read every 50 ms; the drive is told of each change, and called for a fault")
  func sensors() throws {
    var drive = drive()
    drive.tend(at: at(0))
    #expect(try channel.sensors() == SensorReadings(indexPulses: 0))
    channel.attend()
    // A pulse more is told, and nobody is called for it.
    lines.readings = SensorReadings(indexPulses: 1)
    drive.tend(at: at(49))
    #expect(try channel.sensors().indexPulses == 0)
    drive.tend(at: at(50))
    #expect(try channel.sensors().indexPulses == 1)
    #expect(!channel.hasNews)
    #expect(drive.readIndex() == 1)
    let changes: [(SensorReadings?, String)] = [
      (SensorReadings(indexPulses: 1, driverFault: true), "a driver's fault"),
      (SensorReadings(indexPulses: 1), "its end"),
      (SensorReadings(indexPulses: 1, isReservoirLow: true), "a low reservoir"),
      (nil, "lines that can't be read"),
      (SensorReadings(indexPulses: 1, isReservoirLow: true), "lines that can be read again"),
    ]
    var time: UInt64 = 100
    for (readings, what) in changes {
      lines.readings = readings
      drive.tend(at: at(time))
      #expect(channel.hasNews, "\(what)")
      channel.attend()
      // Told once.
      drive.tend(at: at(time + 50))
      #expect(!channel.hasNews, "\(what)")
      if readings == nil {
        #expect(drive.readIndex() == nil)
        #expect(throws: LineFault.self) { try channel.sensors() }
      }
      time += 100
    }
    let latest = try drive.readSensors()
    #expect(latest == lines.readings)
  }

  @Test("Before the first look there is nothing to go by")
  func noReadings() {
    var drive = drive()
    do {
      _ = try drive.readSensors()
      Issue.record("nothing was read")
    } catch {
      #expect(error.number == 5)
    }
  }

  @Test("Glitches and a line's trouble are told to people, each once")
  func told() {
    var drive = drive()
    lines.glitches = 3
    drive.tend(at: at(0))
    drive.tend(at: at(50))
    lines.glitches = 4
    lines.readings = nil
    lines.trouble = LinuxBench.Trouble(line: .index, number: 5)
    drive.tend(at: at(100))
    lines.readings = SensorReadings(indexPulses: 9)
    drive.tend(at: at(150))
    var glitches: [UInt64] = []
    var troubles = 0
    for message in messages() {
      if case .glitches(let count) = message { glitches.append(count) }
      if case .trouble(.index, number: 5) = message { troubles += 1 }
    }
    #expect(glitches == [3, 4] && troubles == 1)
  }

  @Test("A drive that has not begun is asked nothing: an acknowledgement finds no alarm in it")
  func early() {
    var drive = drive()
    for isStarted in [false, true] {
      if isStarted { drive.begin(Beginning(at: at(1_000), place: .zero), at: at(0)) }
      for (command, refusal) in [
        (Command.suspend, Refusal.notPossible(in: .idle)),
        (.acknowledge(.reservoirLow), .noSuchAlarm),
      ] {
        let isTaken = drive.ask(command, number: 8, at: at(0))
        #expect(isTaken)
        let answer = drive.answer()
        #expect(answer?.number == 8 && answer?.refusal == refusal)
        let second = drive.answer()
        #expect(second == nil)
      }
      #expect(commands.take() == nil)
    }
    channel.tell(DriveReport())
    channel.attend()
    let isTaken = drive.ask(.suspend, number: 9, at: at(2_000))
    let asked = commands.take()
    let answer = drive.answer()
    #expect(isTaken && asked?.number == 9 && answer == nil && channel.hasNews)
  }

  @Test("A drive that has begun has two seconds to say so; until then its supervisor hears itself")
  func grace() {
    var drive = drive()
    var beats: [UInt64] = []
    func listen(_ milliseconds: UInt64) {
      drive.look()
      beats.append(drive.report(at: at(milliseconds), withSum: false).beat)
    }
    listen(0)
    listen(50)
    drive.begin(Beginning(at: at(1_000), place: .zero), at: at(100))
    listen(2_999)
    listen(3_000)
    listen(3_050)
    #expect(beats == [1, 2, 3, 3, 3])
    var report = DriveReport()
    (report.beat, report.delivered) = (70, 12)
    channel.tell(report)
    channel.count(.begun, 13)
    drive.look()
    let told = drive.report(at: at(3_100), withSum: false)
    #expect(told.beat == 70 && told.delivered == 12 && told.lineCount == 13)
  }

  @Test(
    "What is reported was seen at the look, whatever the drive did while its supervisor was held up"
  )
  func looks() {
    var drive = drive()
    var report = DriveReport()
    (report.beat, report.delivered) = (1, 20)
    channel.tell(report)
    channel.count(.begun, 21)
    drive.look()
    // Held up here for seconds: the clock that is read next is later than what was seen, never earlier.
    (report.beat, report.delivered) = (2, 400)
    channel.tell(report)
    channel.count(.begun, 380)
    var told = drive.report(at: at(9_000), withSum: false)
    #expect(told.beat == 1 && told.delivered == 20 && told.lineCount == 21)
    #expect(told.lookedAt != nil)
    drive.look()
    told = drive.report(at: at(9_020), withSum: false)
    #expect(told.beat == 2 && told.delivered == 400 && told.lineCount == 401)
  }

  @Test("Orders stand until they are changed; of a hold, the count when ENABLE first fell is kept")
  func orders() throws {
    var drive = drive()
    #expect(drive.mostCertain == .max)
    channel.count(.made, 5)
    try drive.holdEnable(true)
    channel.count(.made, 4)
    // Held already: what was made since moved nothing.
    try drive.holdEnable(true)
    drive.send(.hold(true), at: at(0))
    drive.send(.doubt(2), at: at(0))
    drive.send(.doubt(3), at: at(0))
    var orders = try #require(channel.orders())
    #expect(orders.isHeld && orders.holds == 1 && orders.countAtHold == 5 && orders.doubted == 5)
    #expect(drive.mostCertain == 5)
    // The first cut stands, and what came to nothing is what it says where that is less.
    drive.send(.cut(.motorStalled, beyond: 3), at: at(0))
    drive.send(.cut(.driveDisagrees, beyond: nil), at: at(0))
    drive.send(.fallBack(FlowRate(microlitresPerDay: 6)), at: at(0))
    orders = try #require(channel.orders())
    #expect(orders.cut == .motorStalled && orders.countAtHold == 3 && !orders.stops)
    #expect(orders.fallBack == FlowRate(microlitresPerDay: 6))
    try drive.holdEnable(false)
    drive.send(.hold(false), at: at(0))
    drive.send(.stop, at: at(0))
    orders = try #require(channel.orders())
    #expect(!orders.isHeld && orders.holds == 1 && orders.stops)
    #expect(drive.mostCertain == .max)
    drive.send(.grant(Grant(number: 4, upTo: 9, until: at(70_000))), at: at(0))
    #expect(channel.grant()?.upTo == 9)
  }

  @Test("A prescription that finds no room for all of its parts is not asked for")
  func adopts() throws {
    var drive = drive()
    drive.begin(Beginning(at: at(0), place: .zero), at: at(0))
    channel.tell(DriveReport())
    let prescription = Prescription(
      therapy: .continuous(FlowRate(microlitresPerDay: 240)),
      concentration: Concentration(microgramsPerMillilitre: 500))
    let whole = PrescriptionPart.parts(of: prescription)
    let isTaken = drive.ask(
      .adopt(prescription, place: .zero, isConfirmed: true), number: 1, at: at(0))
    let asked = commands.take()
    var taken: [PrescriptionPart] = []
    while let part = parts.take() { taken.append(part) }
    #expect(isTaken && asked?.number == 1 && taken == whole)
    // The ring of four parts is full.
    let filler = parts.writer
    for _ in 0..<4 { filler.put(whole[0]) }
    let again = drive.ask(
      .adopt(prescription, place: .zero, isConfirmed: true), number: 2, at: at(0))
    let none = commands.take()
    #expect(!again && none == nil)
  }

  @Test(
    "A drive that begins with a fall-back has it before the start, and is told when on the clock")
  func begins() throws {
    var drive = drive()
    var beginning = Beginning(at: at(5_000), place: .hour)
    beginning.fallBack = FlowRate(microlitresPerDay: 6)
    beginning.isHeld = true
    drive.begin(beginning, at: at(0))
    #expect(channel.orders()?.fallBack == FlowRate(microlitresPerDay: 6))
    let start = try #require(channel.startOrder())
    #expect(start.first == at(5_000) && start.place == .hour && channel.startsHeld)
  }

  @Test("A buzzer and a watchdog that can't be reached are told")
  func devices() throws {
    var drive = drive()
    try drive.sound(.double)
    try drive.kickWatchdog()
    #expect(lines.sounds == 1)
    lines.fault = LineFault(number: 19)
    var faults: [LineFault] = []
    do { try drive.sound(.double) } catch { faults.append(error) }
    do { try drive.kickWatchdog() } catch { faults.append(error) }
    #expect(faults.map(\.kind) == [.deviceLost, .deviceLost])
  }
}
