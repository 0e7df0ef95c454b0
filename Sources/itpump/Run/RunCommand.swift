import ArgumentParser
import Foundation
import PumpBench
import PumpDrive
import PumpFiles
import PumpJournal
import PumpLinux
import PumpProfiles
import PumpReports
import PumpSafety
import PumpService
import PumpSession
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
  var record: String? { recording.record }

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

  @Flag(help: "Give the profile's single bolus though the journal has one like it already.")
  var bolusAgain = false

  @Flag(
    help: """
      Run this profile though the journal ran another one last. Without it, and with nobody there to ask, what \
      ran last runs, and an alarm tells.
      """)
  var changed = false

  @Option(
    help: .init(
      "Say that the cause of what stopped the last run was found and is gone.", valueName: "alarm"))
  var acknowledge: String?

  @Option(
    help: """
      Let the drive lie, to see on this bench that the supervisor catches it: \
      \(DriveFault.allCases.map(\.word).joined(separator: ", ")).
      """)
  var driveFault: DriveFault?

  @Option(
    help: .init(
      "The socket that 'itpump status', 'bolus' and the other requests reach it by; found by them "
        + "if not given.", valueName: "file"))
  var socket: String?

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
    let inputs = try options.files.inputs(self.profile)
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
      try ProjectFiles.print(try DryRun(profile, bench, realTime.wish, realTime.pace).text())
      return
    }
    StopSignal.block()
    if let console = bench.board.console {
      return try run(profile, bench, over: console)
    }
    if bench.board.isSimulated, journaling.journal == nil {
      try run(
        profile, bench, inputs, judged, Journal(blank: MemoryStore(slots: 1 << 14)), nil, [],
        locks: [])
    } else {
      let path = try journaling.path(for: bench.board)
      let locks = try RunLock.both(bench.board, journal: path)
      let opened = try JournalFile.open(path, reserve: journaling.reserve, waits: Console.note)
      let suspicions = opened.suspicions
      for suspicion in suspicions {
        Console.note("warning: \(path): \(suspicion.words)")
      }
      try run(profile, bench, inputs, judged, opened.release(), path, suspicions, locks: locks)
      withExtendedLifetime(locks) {}
    }
  }

  private func run<Store: RunStore & ~Copyable>(
    _ profile: Profile, _ bench: Bench, _ inputs: ProfileInputs, _ judged: Date,
    _ journal: consuming Journal<Store>, _ path: String?, _ suspicions: [JournalSuspicion],
    locks: [RunLock]
  ) throws {
    var journal = journal
    var (inputs, profile) = (inputs, profile)
    let waits = try settleChange(&journal, &inputs, &profile)
    var wish = wish(of: profile, on: bench)
    wish.filledBefore = try ProfileChange.filled(in: &journal, inputs)
    let earlier = try ProfileChange.earlier(in: &journal, inputs)
    try askAfterRest(&journal, &wish)
    let session: RunOpening<Store>
    do {
      session = try RunOpening.open(
        journal, profile, on: bench, wish, text: Array(inputs.profile.text.utf8),
        suspicions: suspicions)
    } catch {
      throw ProjectFiles.Problem(description: "\(path ?? "journal"): error: \(error)")
    }
    profile.reservoir = profile.reservoir.filled(to: session.plan.filled) ?? profile.reservoir
    var books = JournalBooks(path: path, carried: session.plan.carried)
    session.tellRest(of: profile)
    let isConfirmed =
      confirm
      || session.journal.state.begunProfile == CRC32C.sum(of: Array(inputs.profile.text.utf8))
    let plan = session.plan
    let control = try RunParts(
      span: span?.span, isConfirmed: isConfirmed, hasWaitingProfile: waits,
      isRecording: record != nil, fault: driveFault, locks: locks, wish: realTime.wish,
      guardsWish: realTime.guardsWish, pace: realTime.pace, sizeGrants: journaling.apply
    ).control(profile, bench, session)
    try settleTrip(plan.trip, control)
    if let driveFault {
      Console.note(
        "warning: the drive lies on purpose: \(driveFault.word), which shows \(driveFault.shows)"
      )
    }
    MissingParts.of(bench.board).forEach { Console.note($0) }
    let ahead =
      try start.map { try StartArgument.resolve($0, in: profile.timeZone) }?.timeIntervalSinceNow
    let server = try ServerThread.start(
      control, plan, profile, earlier, bench, inputs, journal: path, at: socket, ahead: ahead ?? 0)
    defer { server?.end() }
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
      ? plan.place ?? profile.place(at: moment) : profile.place(at: moment)
    let writer: RecordWriter?
    do {
      if let record { try RecordingRotation.rotate(record, keeping: recording.recordKeep) }
      writer = try record.map { path in
        try RecordWriter(
          path,
          RecordHeader(
            inputs: inputs, start_ns: Int64((moment.timeIntervalSince1970 * 1e9).rounded()),
            start: Moments(profile.timeZone).machine(moment),
            judged_at_s: judged.timeIntervalSince1970, span_ns: span?.span.nanoseconds,
            is_confirmed: isConfirmed, board: bench.board.name,
            host: ProcessInfo.processInfo.operatingSystemVersionString,
            session: RecordedSession(first, place, control.plan)), most: recording.most)
      }
    } catch {
      _ = try? giveUp(control)
      throw error
    }
    var display = RunDisplay(profile, on: bench, start: moment)
    let keys = server.flatMap { RunKeys($0.path) }
    display.keys = keys.map { _ in RunKeys.words }
    let monitor = RunMonitor(control: control, record: writer, display: display)
    monitor.keys = keys
    control.begin(at: first, place: place)
    let ending = monitor.follow()
    if let end = control.end, end != .exited(0) {
      Console.note(
        "error: the drive's process \(end.words): what it had made is booked; start anew, and "
          + "the therapy goes on")
    }
    // The ledger comes first: neither a full disk nor a closed pipe may cost it.
    books.beganMonotonic = control.beganMonotonic
    if let place = control.misplaced { books.path = place.tell(of: path ?? "") }
    try finish(control, monitor, ending, profile, bench, moment, books)
  }
}
