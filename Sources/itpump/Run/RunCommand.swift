import ArgumentParser
import Foundation
import PumpEngine
import PumpHAL
import PumpLinux
import PumpPlant
import PumpProfiles
import PumpSafety
import PumpUnits

/// `itpump run`: a profile on a real stepper driver, in real time.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a profile on a bench in real time: a stepper driver on GPIO lines.",
    discussion: """
      Runs until --for has passed, or until SIGINT, SIGTERM or SIGHUP: then the therapy is held, \
      the motor de-energised and the ledger printed. Every run takes the reservoir as full as the \
      profile says and the dose windows as empty. On a board whose chip is 'simulated' the \
      simulated plant runs in real time instead. Never connect it to a person.
      """)

  @Argument(help: "The profile.", completion: .file(extensions: ["yaml"]))
  var profile: String

  @Option(
    name: .customLong("for"),
    help: .init(
      "How long, such as 90s or 24h; until it is stopped if not given.",
      valueName: "time"),
    transform: SpanArgument.parse)
  var span: SpanArgument?

  @Option(
    help: .init(
      "Run the pattern as if it began then, such as 2026-11-22T21:59; now if not given.",
      valueName: "time"))
  var start: StartArgument?

  @Option(help: .init("Keep every input with its instant, for 'itpump replay'.", valueName: "file"))
  var record: String?

  @Option(help: .init("Write the outcome as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @Flag(help: "A clinician has confirmed doses beyond a soft limit.")
  var confirm = false

  @Flag(help: "Print what would be claimed, and claim nothing.")
  var dryRun = false

  @OptionGroup(title: "Real time") var realTime: RealTimeOptions

  @OptionGroup var options: FileOptions

  func validate() throws {
    guard record != "-" else { throw ValidationError("--record: name a file") }
  }

  func run() throws {
    // What is given to a motor must be in date today, whatever day the pattern is run as.
    let judged = Date()
    let inputs = try options.inputs(self.profile)
    try ProjectFiles.checkOutputs([json, record], inputs: inputs.paths)
    let (profile, bench, warnings) = try inputs.load(now: judged)
    for warning in warnings { Console.note(warning) }
    if dryRun {
      try ProjectFiles.print(try DryRun(profile, bench, realTime).text())
      return
    }
    let moment = try start.map { try StartArgument.resolve($0, in: profile.timeZone) } ?? Date()
    StopSignal.block()
    // The bench first: a record that is begun for a run that can't be is a false trail.
    let control = try self.control(profile, bench, moment, isRecording: record != nil)
    let writer = try record.map { path in
      try RecordWriter(
        path,
        RecordHeader(
          inputs: inputs, start_ns: Int64((moment.timeIntervalSince1970 * 1e9).rounded()),
          start: Moments(profile.timeZone).machine(moment),
          judged_at_s: judged.timeIntervalSince1970, span_ns: span?.span.nanoseconds,
          is_confirmed: confirm, board: bench.board.name,
          host: ProcessInfo.processInfo.operatingSystemVersionString))
    }
    let monitor = RunMonitor(
      control: control, record: writer,
      display: RunDisplay(profile, on: bench, start: moment))
    guard control.start(realTime.wish) else {
      throw ProjectFiles.Problem(description: "error: the system has no thread left")
    }
    let ending = monitor.follow()
    // The ledger comes first: neither a full disk nor a closed pipe may cost it.
    try finish(monitor, ending, profile, bench, moment)
  }

  private func finish(
    _ monitor: RunMonitor, _ ending: RunEnding, _ profile: Profile, _ bench: Bench, _ start: Date
  ) throws {
    guard let outcome = ending.outcome else {
      throw ProjectFiles.Problem(description: "error: the real-time thread ended without a result")
    }
    if record != nil, !ending.isRecordWhole {
      Console.note("warning: the record has an early end: the disk did not keep up")
    }
    if ending.lostMessages > 0 {
      Console.note(
        "warning: \(ending.lostMessages) messages of the real-time thread were lost because disk or "
          + "terminal did not keep up: lateness, alarms and digest below are incomplete, the ledger "
          + "is not")
    }
    let recordFailure = monitor.closeRecord()
    var report = RunReport(
      profile: profile, bench: bench, start: start, outcome: outcome, events: monitor.events,
      lateness: monitor.lateness, digest: monitor.digest.value)
    report.processorShare =
      Double(ending.processorTime.nanoseconds) / Double(max(1, ending.elapsed.nanoseconds))
    report.troubles = monitor.troubles
    report.indexPulses = monitor.indexPulses
    report.lateWakes = monitor.lateWakes
    report.lostMessages = ending.lostMessages
    var failure = recordFailure
    func attempt(_ work: () throws -> Void) {
      do { try work() } catch { failure = failure ?? error }
    }
    if json != "-" { attempt { try ProjectFiles.print(report.text) } }
    if let json {
      attempt {
        let text = try JSONOutput.text(report.machine)
        if json == "-" {
          try ProjectFiles.print(text)
        } else {
          try ProjectFiles.write(text, to: json)
        }
      }
    }
    if let failure { throw failure }
    if !report.isClean { throw ExitCode(1) }
  }

  /// Claims the bench and puts engine and hardware together.
  private func control(
    _ profile: Profile, _ bench: Bench, _ moment: Date, isRecording: Bool
  ) throws -> any RunControl {
    let engine = profile.engine(on: bench, startingAt: moment)
    let task = RunTask(
      singleBolus: profile.singleBolus, span: span?.span, isConfirmed: confirm)
    let control: (any RunControl)?
    if bench.board.isSimulated {
      let plant = SimulatedBench(
        settings: profile.plant(on: bench, wallSecondsAtStart: 0), trace: DigestTrace())
      control = RunThread(
        engine: engine, hardware: PacedBench(base: plant, clock: realTime.clock), task: task,
        isRecording: isRecording
      ) { _ in nil }
    } else {
      let hardware = try Self.claim(bench.board, clock: realTime.clock)
      control = RunThread(
        engine: engine, hardware: hardware, task: task, isRecording: isRecording
      ) { $0.trouble }
    }
    guard let control else {
      throw ProjectFiles.Problem(description: "error: no memory for the telemetry ring")
    }
    return control
  }

  static func claim(_ board: Board, clock: consuming PacedClock) throws -> LinuxBench {
    do {
      return try LinuxBench(try board.wiring.resolve(), clock: clock)
    } catch {
      throw ProjectFiles.Problem(description: "\(board.name): error: \(error)")
    }
  }
}

extension Profile {
  /// The engine of a run in real time or of its replay.
  func engine(on bench: Bench, startingAt moment: Date) -> Engine {
    Engine(
      settings: engineSettings(on: bench), prescription: prescription, place: place(at: moment),
      grant: .unlimited)
  }
}

/// How the real-time thread is scheduled and how it waits.
struct RealTimeOptions: ParsableArguments {
  @Option(
    help: .init(
      "SCHED_FIFO priority, 1 to 99; 0 for an ordinary thread without locked memory.",
      valueName: "number"))
  var priority: Int32 = 50

  @Option(help: .init("The processor to stay on; any if not given.", valueName: "number"))
  var cpu: Int32?

  @Option(
    help: .init(
      "Wake so much before each edge and spin the rest; 100us if not given, 10ms at most.",
      valueName: "time"),
    transform: SpanArgument.parse)
  var spin = SpanArgument(PacedClock.Pace().window)

  @Option(
    help: .init("Spin at most so many percent of the time; 0 only sleeps.", valueName: "percent"))
  var spinShare: UInt64 = 12

  func validate() throws {
    guard (0...99).contains(priority) else { throw ValidationError("--priority: 0 to 99") }
    guard (cpu ?? 0) >= 0 else { throw ValidationError("--cpu: a processor's number, from 0") }
    guard spinShare <= 100 else { throw ValidationError("--spin-share: 0 to 100") }
    guard spin.span <= TimeSpan(milliseconds: 10) else {
      throw ValidationError("--spin: at most 10ms")
    }
  }

  var wish: RealTimeThread.Wish {
    RealTimeThread.Wish(priority: priority, processor: cpu, locksMemory: priority > 0)
  }

  var pace: PacedClock.Pace {
    spinShare == 0
      ? .asleep : PacedClock.Pace(window: spin.span, budgetPermille: spinShare * 10)
  }

  var clock: PacedClock { PacedClock(pace: pace) }
}
