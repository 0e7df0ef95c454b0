import ArgumentParser
import Foundation
import PumpEngine
import PumpHAL
import PumpJournal
import PumpLinux
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
      the motor de-energised and the ledger printed. The drive is a process of its own; the \
      supervisor permits its steps, and the journal has every permission first. What earlier runs \
      with the journal delivered counts for the dose limits and the reservoir. On a board whose \
      chip is 'simulated' no line is claimed, and the journal is kept in memory unless one is \
      named. Where the board file has a console, the board's own firmware runs the profile and keeps \
      the journal: --journal copies it at the end. Never connect it to a person.
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

  @OptionGroup(title: "Recording") var recording: RecordingOptions
  private var record: String? { recording.record }

  @Option(help: .init("Write the outcome as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @OptionGroup(title: "Journal") var journaling: JournalOptions

  @Flag(help: "A clinician has confirmed doses beyond a soft limit.")
  var confirm = false

  @Flag(
    help: """
      Go on as prescribed after the last run broke off more than an hour ago; a clinician has looked. \
      Without it such a run keeps to the minimum rate, and alarms.
      """)
  var afterOutage = false

  @Option(
    help: """
      Let the drive lie, to see on this bench that the supervisor catches it: \
      \(DriveFault.allCases.map(\.word).joined(separator: ", ")).
      """)
  var driveFault: DriveFault?

  @Flag(help: "End a therapy that a board's own firmware runs already; it is left alone otherwise.")
  var endRunning = false

  @Flag(help: "Print what would be claimed, and claim nothing.")
  var dryRun = false

  @OptionGroup(title: "Real time") var realTime: RealTimeOptions

  @OptionGroup var options: FileOptions

  func validate() throws {
    guard record == nil || driveFault == nil else {
      throw ValidationError(
        "--drive-fault: a drive that lies can't be replayed; leave out --record")
    }
  }

  func run() throws {
    // What is given to a motor must be in date today, whatever day the pattern is run as.
    let judged = Date()
    let inputs = try options.inputs(self.profile)
    try ProjectFiles.checkOutputs([json, record, journaling.journal], inputs: inputs.paths)
    let (profile, bench, warnings) = try inputs.load(now: judged)
    for warning in warnings { Console.note(warning) }
    if let json { try ProjectFiles.checkFolder(of: json) }
    if dryRun, let console = bench.board.console {
      let place =
        switch console {
        case .device(let path): "the board on \(path)"
        case .emulator(let command, let firmware): "\(firmware) in \(command)"
        }
      try ProjectFiles.print(
        "\(bench.board.name): would load and start \(profile.name) on \(place)\n")
      return
    }
    if dryRun {
      try ProjectFiles.print(try DryRun(profile, bench, realTime).text())
      return
    }
    StopSignal.block()
    if let console = bench.board.console {
      return try run(profile, bench, over: console)
    }
    if bench.board.isSimulated, journaling.journal == nil {
      try run(profile, bench, inputs, judged, Journal(blank: MemoryStore(slots: 1 << 14)), nil, [])
    } else {
      let path = try journaling.path(for: bench.board)
      let locks = try RunLock.both(bench.board, journal: path)
      let opened = try JournalFile.open(path, reserve: journaling.reserve)
      let suspicions = opened.suspicions
      for suspicion in suspicions {
        Console.note("warning: \(path): \(suspicion.words)")
      }
      try run(profile, bench, inputs, judged, opened.release(), path, suspicions)
      withExtendedLifetime(locks) {}
    }
  }

  /// Runs it on a board with a firmware of its own.
  private func run(_ profile: Profile, _ bench: Bench, over console: Board.Console) throws {
    guard record == nil else {
      throw ProjectFiles.Problem(
        description: "--record: a firmware keeps its own record: --journal copies its journal")
    }
    if let copy = journaling.journal, FileManager.default.fileExists(atPath: copy) {
      throw ProjectFiles.Problem(
        description: "\(copy): error: is there already; name a new file for the copy of the journal"
      )
    }
    var report: FirmwareReport
    do {
      let folder = options.board.map { ($0 as NSString).deletingLastPathComponent } ?? ""
      let line = try FirmwareLine(console, in: folder.isEmpty ? "." : folder)
      let moment = try start.map { try StartArgument.resolve($0, in: profile.timeZone) } ?? Date()
      var run = FirmwareRun(
        profile: profile, bench: bench, on: line, moment: moment, span: span?.span,
        isConfirmed: confirm, isRefilled: journaling.refilled, isAfterOutage: afterOutage,
        endsRunning: endRunning, fault: driveFault)
      report = try run.run()
    } catch let problem as FirmwareConsole.Problem {
      throw ProjectFiles.Problem(description: "\(bench.board.name): error: \(problem)")
    }
    var isKept = true
    if let copy = journaling.journal {
      do {
        try report.journalData.write(to: URL(fileURLWithPath: copy))
        report.journal = copy
        if report.hasWrapped {
          Console.note(
            "warning: the board's journal has given up its first records: \(copy) holds the others, and "
              + "'itpump log' opens a journal from its first record on only")
        }
      } catch {
        isKept = false
        Console.note("\(copy): error: can't be written; check the folder and its permissions")
      }
    }
    if json != "-" { try ProjectFiles.print(report.text) }
    if let json {
      let text = try JSONOutput.text(report.machine)
      try ProjectFiles.write(text, to: json)
    }
    if !report.isClean || !isKept { throw ExitCode(1) }
  }

  private func run<Store: RunStore & ~Copyable>(
    _ profile: Profile, _ bench: Bench, _ inputs: ProfileInputs, _ judged: Date,
    _ journal: consuming Journal<Store>, _ path: String?, _ suspicions: [JournalSuspicion]
  ) throws {
    let session: PumpSession<Store>
    do {
      session = try PumpSession.open(
        journal, profile, on: bench, isRefilled: journaling.refilled,
        text: Array(inputs.profile.text.utf8), suspicions: suspicions)
    } catch {
      throw ProjectFiles.Problem(description: "\(path ?? "journal"): error: \(error)")
    }
    var books = JournalBooks(path: path, carried: session.carried)
    tellOutage(session, profile)
    let periodicPlace = session.periodicPlace
    let control = try self.control(profile, bench, session)
    if let driveFault {
      Console.note(
        "warning: the drive lies on purpose: \(driveFault.word), which shows \(driveFault.shows)"
      )
    }
    MissingParts.of(bench.board).forEach { Console.note($0) }
    guard
      control.test({ part, passed in
        if !passed { Console.note("error: self-test of the \(part.name) failed: \(part.remedy)") }
      })
    else { return try giveUp(control) }
    // The bench first: a record that is begun for a run that can't be is a false trail.
    let first = control.nextFirst
    let moment = try start.map { try StartArgument.resolve($0, in: profile.timeZone) } ?? Date()
    // A pattern without times of the day goes on where it was.
    let place =
      profile.mode == .periodic && start == nil
      ? periodicPlace ?? profile.place(at: moment) : profile.place(at: moment)
    let writer: RecordWriter?
    do {
      try recording.rotate()
      writer = try record.map { path in
        try RecordWriter(
          path,
          RecordHeader(
            inputs: inputs, start_ns: Int64((moment.timeIntervalSince1970 * 1e9).rounded()),
            start: Moments(profile.timeZone).machine(moment),
            judged_at_s: judged.timeIntervalSince1970, span_ns: span?.span.nanoseconds,
            is_confirmed: confirm, board: bench.board.name,
            host: ProcessInfo.processInfo.operatingSystemVersionString,
            session: RecordedSession(first, place, control.plan)), most: recording.most)
      }
    } catch {
      _ = try? giveUp(control)
      throw error
    }
    let monitor = RunMonitor(
      control: control, record: writer,
      display: RunDisplay(profile, on: bench, start: moment))
    control.begin(at: first, place: place)
    let ending = monitor.follow()
    if let end = control.end, end != .exited(0) {
      Console.note(
        "error: the drive's process \(Self.describe(end)): what it had made is booked; start anew, and "
          + "the therapy goes on")
    }
    // The ledger comes first: neither a full disk nor a closed pipe may cost it.
    books.beganMonotonic = control.beganMonotonic
    if let place = control.misplaced { books.path = Self.tell(place, path ?? "") }
    try finish(control, monitor, ending, profile, bench, moment, books)
  }

  /// Says where the records of a journal are whose file was taken from its name.
  private static func tell(_ place: JournalPlace, _ path: String) -> String {
    switch place {
    case .restored:
      Console.note(
        "warning: \(path) was removed while the run wrote to it: a copy has its name again")
      return path
    case .moved(let number):
      let kept = "\(path).kept-\(number)"
      Console.note(
        "warning: \(path) was replaced while the run wrote to it: this run's records are in \(kept); put "
          + "that in its place before the next run")
      return kept
    case .lost:
      Console.note(
        "error: \(path) was removed while the run wrote to it, and no copy could be made: write down the "
          + "steps below")
      return path
    }
  }

  private static func describe(_ end: ChildProcess.End) -> String {
    switch end {
    case .exited(let code): "ended with code \(code)"
    case .killed(let signal): "was killed by signal \(signal)"
    }
  }

  private func tellOutage<Store: RunStore & ~Copyable>(
    _ session: borrowing PumpSession<Store>, _ profile: Profile
  ) {
    if let alarm = session.trippedBy {
      Console.note(
        "warning: the last run was stopped by an alarm: \(alarm.title) [\(alarm.name)]; look for its cause"
      )
    }
    if let outage = session.outage, !session.suspicions.contains(where: \.hidesDoses) {
      let span = outage.span.map { "for \(Format.span($0))" } ?? "for a time that no clock can tell"
      Console.note("warning: the last run was not ended: nothing ran \(span)")
      if let bolus = outage.brokenBolus {
        let dose = (try? profile.concentration.mass(in: bolus)) ?? .zero
        Console.note(
          "warning: it broke off in a bolus of \(Format.mass(dose)): what was not given of it is not "
            + "made up")
      }
      if outage.hasBolus, profile.singleBolus != nil, !session.isWaiting || afterOutage {
        Console.note("note: its single bolus was begun, and is not given again")
      }
    }
    let uncertain = session.carried.uncertain
    if uncertain > 0 {
      Console.note(
        "warning: \(TextColumns.grouped(uncertain)) steps of earlier runs may or may not have been "
          + "made, and count for every limit; 'itpump reconcile' settles them")
    }
    guard session.isWaiting, !afterOutage else { return }
    Console.note(
      "warning: only the minimum rate runs, which is no treatment, until a clinician has looked and it "
        + "is started with --after-outage: a run that broke off is taken up as prescribed within "
        + "\(Format.span(PumpSession<Store>.shortOutage)) only")
  }

  /// Ends a run that never began.
  private func giveUp(_ control: SupervisedRun) throws {
    control.orderStop()
    _ = control.join()
    guard let obstacle = control.obstacle else {
      if control.stoppedBy != nil { throw ProjectFiles.Problem(description: "not begun: stopped") }
      // A drive that could not claim its lines has said so.
      if control.end == .exited(3) { throw ExitCode(1) }
      throw ProjectFiles.Problem(
        description: "error: not begun: the drive's process "
          + (control.end.map(Self.describe) ?? "did not start"))
    }
    throw ProjectFiles.Problem(description: "error: not begun: \(obstacle.title)")
  }

  private func finish(
    _ control: SupervisedRun, _ monitor: RunMonitor, _ ending: RunEnding, _ profile: Profile,
    _ bench: Bench, _ start: Date,
    _ books: JournalBooks
  ) throws {
    guard let outcome = ending.outcome else {
      throw ProjectFiles.Problem(description: "error: the real-time thread ended without a result")
    }
    if record != nil, !ending.isRecordWhole {
      Console.note(
        "warning: the record has an early end: the drive died or the disk did not keep up")
    }
    if ending.lostMessages > 0 {
      Console.note(
        "warning: \(ending.lostMessages) messages of the real-time thread were lost because disk or "
          + "terminal did not keep up: lateness, alarms and digest below are incomplete, the ledger "
          + "is not")
    }
    if !control.isJournalWhole {
      Console.note(
        "error: the journal's disk did not take the run's end: its last steps are uncertain at the next start"
      )
    }
    let recordFailure = monitor.closeRecord()
    var report = RunReport(
      profile: profile, bench: bench, start: start, outcome: outcome, events: monitor.events,
      lateness: monitor.lateness, digest: monitor.digest.value, books: books)
    report.processorShare =
      Double(ending.processorTime.nanoseconds) / Double(max(1, ending.elapsed.nanoseconds))
    report.troubles = monitor.troubles
    report.indexPulses = monitor.indexPulses
    report.glitches = monitor.glitches
    report.lateWakes = monitor.lateWakes
    report.lostMessages = ending.lostMessages
    var failure = recordFailure
    func attempt(_ work: () throws -> Void) {
      do { try work() } catch { failure = failure ?? error }
    }
    if json != "-" { attempt { try ProjectFiles.printSurely(report.text) } }
    if let json {
      attempt {
        let text = try JSONOutput.text(report.machine)
        try ProjectFiles.write(text, to: json)
      }
    }
    if let failure { throw failure }
    if !report.isClean || !control.isJournalWhole { throw ExitCode(1) }
  }

  /// Puts drive, supervisor and journal together.
  private func control<Store: RunStore & ~Copyable>(
    _ profile: Profile, _ bench: Bench, _ session: consuming PumpSession<Store>
  ) throws -> SupervisedRun {
    guard let channel = Channel(), let rings = SupervisedRun.Rings() else {
      throw ProjectFiles.Problem(description: "error: no memory for the channel")
    }
    var supervisor = profile.supervisorSettings(on: bench)
    // As often as the drive tells: evidence is then seen in half of the time that is allowed for it.
    supervisor.poll = RunSlice.length
    journaling.apply(to: &supervisor)
    let fallsBack = session.isWaiting && !afterOutage
    let hasBolus = session.outage?.hasBolus ?? false
    let design = SupervisedRun.Design(
      plan: profile.drivePlan(
        on: bench, carried: session.carried, recalled: session.recalled,
        task: RunTask(
          singleBolus: fallsBack || hasBolus ? nil : profile.singleBolus, span: span?.span,
          isConfirmed: confirm, isSupervised: true),
        realTime: realTime, isRecording: record != nil, fault: driveFault),
      supervisor: supervisor, servedSince: session.servedSince,
      outage: session.outage.map {
        ($0.span ?? .zero, $0.uncertain, $0.brokenBolus != nil)
      }, isSuspect: !session.suspicions.isEmpty, fallsBack: fallsBack,
      isResumed: session.isWaiting && afterOutage, wish: realTime.guardsWish)
    guard !bench.board.isSimulated else {
      return try SupervisedRun(
        design, session: session, channel: channel, rings: rings,
        claiming: { SimulatedGuard(channel: $0, stepsPerIndex: bench.stepsPerIndex) },
        drive: { $0.run(SimulatedStepperLines()) })
    }
    do {
      let wiring = try bench.board.wiring.resolve()
      return try SupervisedRun(
        design, session: session, channel: channel, rings: rings,
        claiming: { _ in try Self.guardBench(wiring, bench.board) },
        drive: { process in
          do throws(GPIOFailure) { return process.run(try GPIOStepperLines(wiring)) } catch {
            Console.note("\(bench.board.name): error: \(error)")
            return 3
          }
        })
    } catch let problem as ProjectFiles.Problem {
      throw problem
    } catch {
      throw ProjectFiles.Problem(description: "\(bench.board.name): error: \(error)")
    }
  }

  private static func guardBench(_ wiring: BenchWiring.Resolved, _ board: Board)
    throws(GPIOFailure) -> GPIOGuard
  {
    var watchdog: Watchdog?
    if let named = board.watchdog {
      watchdog = try Watchdog(path: named.device, timeout: named.timeout)
    }
    return try GPIOGuard(wiring, watchdog: watchdog)
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
  /// What the drive is to do, in a run and in its replay.
  func drivePlan(
    on bench: Bench, carried: StepCounts, recalled: [RecalledDose], task: RunTask,
    realTime: RealTimeOptions, isRecording: Bool, fault: DriveFault?
  ) -> DrivePlan {
    DrivePlan(
      settings: engineSettings(on: bench), prescription: prescription, carried: carried,
      recalled: recalled, task: task, wish: realTime.wish, pace: realTime.pace,
      supervisorTimeout: bench.board.supervisorTimeout,
      isRecording: isRecording, fault: fault)
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

  /// For a drive that only answers from a record.
  static var none: RealTimeOptions {
    var options = RealTimeOptions()
    (options.priority, options.cpu, options.spinShare) = (0, nil, 0)
    return options
  }

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

  /// The supervisor comes before the drive.
  var guardsWish: RealTimeThread.Wish {
    RealTimeThread.Wish(
      priority: priority == 0 ? 0 : min(99, priority + 1), locksMemory: priority > 0)
  }

  var pace: PacedClock.Pace {
    spinShare == 0
      ? .asleep : PacedClock.Pace(window: spin.span, budgetPermille: spinShare * 10)
  }

  var clock: PacedClock { PacedClock(pace: pace) }
}
