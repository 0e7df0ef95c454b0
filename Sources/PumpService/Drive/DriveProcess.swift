import Foundation
package import PumpDrive
import PumpHAL
package import PumpLinux
package import PumpMessages
import PumpReplay
import PumpSafety
package import PumpTherapy
package import PumpUnits

/// What the drive's process is to do; worked out before it starts.
package struct DrivePlan {
  package var settings: EngineSettings
  package var prescription: Prescription
  /// What earlier sessions made, and when in the last day.
  package var carried: StepCounts
  package var recalled: [RecalledDose]
  /// When the patient's boluses of the last day began.
  package var patientBoluses: [Instant]
  /// When the last bolus of any kind began; `nil` where none did in the last day.
  package var lastBolus: Instant?
  package var task: RunTask
  package var wish: RealTimeThread.Wish
  package var pace: PacedClock.Pace
  /// Without a sign of the supervisor for so long, no step is made.
  package var supervisorTimeout: TimeSpan
  package var isRecording: Bool
  package var fault: DriveFault?

  package init(
    settings: EngineSettings, prescription: Prescription, carried: StepCounts,
    recalled: [RecalledDose], patientBoluses: [Instant], lastBolus: Instant? = nil, task: RunTask,
    wish: RealTimeThread.Wish, pace: PacedClock.Pace, supervisorTimeout: TimeSpan,
    isRecording: Bool, fault: DriveFault? = nil
  ) {
    self.settings = settings
    self.prescription = prescription
    self.carried = carried
    self.recalled = recalled
    self.patientBoluses = patientBoluses
    self.lastBolus = lastBolus
    self.task = task
    self.wish = wish
    self.pace = pace
    self.supervisorTimeout = supervisorTimeout
    self.isRecording = isRecording
    self.fault = fault
  }

  /// The engine, live and in a replay.
  package func engine(start: Instant, place: TimeSpan) -> Engine {
    var settings = settings
    if let fault { settings.step = fault.step(settings.step) }
    var engine = Engine(
      settings: settings, prescription: prescription, place: place, start: start, carried: carried)
    for dose in recalled { engine.recall(steps: dose.steps, by: Instant(nanoseconds: dose.by_ns)) }
    for instant in patientBoluses { engine.recallPatientBolus(at: instant) }
    if let lastBolus { engine.recallBolus(at: lastBolus) }
    return engine
  }
}

/// Steps of an earlier session, by when they were surely made.
package struct RecalledDose: Codable, Equatable, BitwiseCopyable, Sendable {
  package var steps: UInt64
  package var by_ns: UInt64

  package init(steps: UInt64, by_ns: UInt64) {
    self.steps = steps
    self.by_ns = by_ns
  }
}

/// What the drive leaves behind when it ends in good order.
package struct DriveEnding: BitwiseCopyable, Sendable {
  package var outcome: RunOutcome
  /// Processor time of the real-time thread, and how long it ran.
  package var processorTime: TimeSpan
  package var elapsed: TimeSpan
  package var lostMessages: UInt64
  package var isRecordWhole: Bool
}

/// The drive: a process of its own that plans and makes steps, and owns STEP and DIR.
package struct DriveProcess {
  package let plan: DrivePlan
  package let memory: DriveMemory
  /// The process that started it.
  package let supervisor: Int32
  /// Tells people what nobody else can tell them any more.
  package let note: (String) -> Void

  private var channel: Channel { memory.channel }
  private var messages: RunRing { memory.messages }

  /// Does it all.
  ///
  /// - Returns: The exit code: 0 where it ended as it should, 1 where the supervisor died.
  package func run<Lines: StepperLines & ~Copyable>(_ lines: consuming Lines) -> Int32 {
    channel.follow(supervisor)
    for denial in RealTimeThread.become(plan.wish) { messages.writer.put(.denied(denial)) }
    messages.writer.put(.started)
    channel.count(.ready)
    channel.ring()
    guard let start = waitForStart() else { return channel.isOrphaned ? 1 : 0 }
    var clock = PacedClock(pace: plan.pace)
    clock.start(at: start.first, onMonotonic: start.monotonic)
    let bench = DriveBench(
      FaultyLines(base: lines, fault: plan.fault), channel: channel, clock: clock)
    var task = plan.task
    task.start = start.first
    let began = (threadProcessorTime(), monotonicNanoseconds())
    let record = RecordState()
    var session = ControlSession(
      loop: ControlLoop(
        engine: plan.engine(start: start.first, place: start.place),
        hardware: RecordedHardware(
          base: bench,
          sink: RingSink(messages.writer, isContiguous: plan.isRecording, state: record))),
      orders: ChannelOrders(
        channel, messages: messages.writer, commands: memory.commands,
        answers: memory.answers, parts: memory.parts, fault: plan.fault, record: record,
        supervisorTimeout: plan.supervisorTimeout),
      task: task)
    var told = Told()
    let outcome = session.run { loop, now in tell(loop, at: now, &told) }
    channel.leave(
      DriveEnding(
        outcome: outcome, processorTime: threadProcessorTime() - began.0,
        elapsed: TimeSpan(nanoseconds: monotonicNanoseconds() - began.1),
        lostMessages: messages.lost, isRecordWhole: !session.loop.hardware.sink.isBroken))
    guard channel.isOrphaned else { return 0 }
    note(
      "error: the supervisor is gone: the therapy was stopped and the motor "
        + (outcome.isAtRest ? "de-energised" : "NOT de-energised: cut its supply by hand"))
    var pause = PacedClock(pace: .asleep)
    _ = pause.wait(until: pause.read() + AlarmTone.double.length)
    return 1
  }

  private func waitForStart() -> (first: Instant, place: TimeSpan, monotonic: UInt64)? {
    var pause = PacedClock(pace: .asleep)
    while true {
      channel.lookForSupervisor()
      let stops = channel.orders()?.stops == true
      // A start that was followed by a stop at once is a run all the same, with an end to be told.
      if let start = channel.startOrder() { return start }
      if channel.isOrphaned || stops { return nil }
      _ = pause.wait(until: pause.read() + TimeSpan(milliseconds: 2))
    }
  }

  /// What was told so far.
  private struct Told {
    var beat: UInt64 = 0
    var events = 0
    var shown = 0
    var trouble: LinuxBench.Trouble?
    var doubted: UInt64 = 0
    var latestLate: Instant?
  }

  /// One late wake-up a minute is enough for a journal on a card that wears; the display has them all.
  private func isWorthJournaling(_ event: TimedEvent, _ told: inout Told) -> Bool {
    guard case .late = event.event else { return true }
    if let latest = told.latestLate, event.at.elapsed(since: latest) < TimeSpan(minutes: 1) {
      return false
    }
    told.latestLate = event.at
    return true
  }

  private func tell<Hardware: StepperLines & ~Copyable>(
    _ loop: borrowing ControlLoop<RecordedHardware<DriveBench<Hardware>, RingSink>>,
    at now: Instant, _ told: inout Told
  ) {
    told.beat += 1
    var report = loop.engine.report(beat: told.beat, at: now)
    // Twice a second is often enough for the self-test, and costs nothing worth naming.
    if told.beat % 25 == 1 { report.prescriptionSum = loop.engine.prescription.checksum }
    channel.tell(plan.fault?.told(report) ?? report)
    channel.tell(loop.engine.detail(at: now))
    // What the lines failed to make is counted there; what was doubted afterwards, here.
    let doubted = report.uncertain - min(report.uncertain, channel[.unknown])
    if doubted > told.doubted { channel.count(.doubted, doubted - told.doubted) }
    told.doubted = max(told.doubted, doubted)
    while told.events < loop.engine.eventCount {
      // One that has given way in the recorder is gone; one that finds no room is told later.
      if let event = loop.engine.event(told.events), isWorthJournaling(event, &told),
        !memory.events.writer.put(event)
      {
        break
      }
      told.events += 1
    }
    let writer = messages.writer
    while told.shown < loop.engine.eventCount {
      if let event = loop.engine.event(told.shown), !writer.put(.event(event)) { break }
      told.shown += 1
    }
    if let failed = loop.hardware.base.trouble, failed != told.trouble,
      writer.put(.trouble(failed.line, number: failed.number))
    {
      told.trouble = failed
    }
    if told.beat % UInt64(RunSlice.perReading) == 0 {
      writer.put(.status(RunStatus(loop.engine, at: now)))
    }
  }
}
