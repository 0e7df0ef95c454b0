import ArgumentParser
import Foundation
import PumpFiles
import PumpHAL
import PumpJournal
import PumpLinux
import PumpMessages
import PumpProfiles
import PumpReports
import PumpService
import PumpUnits

/// `itpump alarm`: watches a pump that does not run, and sounds the board's buzzer.
struct AlarmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarm",
    abstract: "Watch a pump that does not run, and sound its buzzer until somebody comes.",
    discussion: """
      A run that broke off or was stopped by an alarm is told at once. One that somebody stopped is told \
      after 24 h without delivery, urgently after 48 h. A pump that is meant to rest is taken out of service \
      by the board's name, with a reason; the next run puts it back. The service starts this whenever a run \
      has ended.
      """)

  @OptionGroup var target: BoardOptions

  @Option(
    help: .init("The journal of the pump.", valueName: "file"),
    completion: .file(extensions: ["journal"]))
  var journal: String

  @Option(
    help: .init(
      "Take the pump out of service: nobody is alarmed that it delivers nothing. Name the board.",
      valueName: "board"))
  var outOfService: String?

  @Option(help: .init("Why it is out of service, and who says so.", valueName: "text"))
  var reason: String?

  @Flag(help: "Say how it stands and end.")
  var once = false

  func validate() throws {
    guard outOfService == nil || (reason?.trimmingCharacters(in: .whitespaces).count ?? 0) >= 8
    else {
      throw ValidationError("--reason: at least eight letters, such as 'explanted, dr. A. B.'")
    }
    guard (reason?.utf8.count ?? 0) <= 1_000 else {
      throw ValidationError("--reason: at most 1,000 bytes")
    }
  }

  func run() throws {
    let bench = try target.bench()
    if let outOfService { return try rest(bench.board, outOfService) }
    StopSignal.block()
    var told = ""
    while true {
      let (state, idle) = try look()
      let urgency = StoppedPump.urgency(state, idle: idle)
      let words = StoppedPump.words(state, urgency, idle: idle)
      // Its length grows, its meaning does not: a line for each meaning.
      let meaning = "\(urgency) \(state.isOutOfService) \(state.isEnded)"
      if meaning != told { try ProjectFiles.print("\(bench.board.name): \(words)\n") }
      told = meaning
      if once { return }
      if let sound = urgency.sound {
        if try self.sound(sound.tones, on: bench.board) { return }
        if StopSignal.take(within: sound.every.nanoseconds / 1_000_000) != nil { return }
      } else if StopSignal.take(within: 60_000) != nil {
        return
      }
    }
  }

  /// What the journal says now, and how long ago a therapy was last heard of.
  private func look() throws -> (JournalState, idle: TimeSpan?) {
    let state = try JournalFile.read(journal).state
    let clocks = SystemClocks.now
    // What is known to have passed counts; where nothing is known, somebody is to look.
    let idle = state.resume(clocks).elapsed(since: state.lastRunAt)
    return (state, state.knowsTime(clocks) || idle >= StoppedPump.reminderAfter ? idle : nil)
  }

  /// Sounds the buzzer; a board without one, or whose line is taken, is told on standard error.
  ///
  /// - Returns: Whether it was told to end.
  private func sound(_ tones: Int, on board: Board) throws -> Bool {
    guard !board.isSimulated, board.lines["buzzer"] != nil else {
      Console.note("\(board.name): ALARM, and this board has no buzzer")
      return false
    }
    var isStopped = false
    do {
      let wiring = try board.wiring.resolve()
      guard let request = wiring.requests[.buzzer] else { return false }
      let buzzer = try OutputLine(request, on: wiring.chip)
      for _ in 0..<tones where !isStopped {
        try buzzer.set(.asserted)
        isStopped = StopSignal.take(within: 400) != nil
        try buzzer.set(.released)
        isStopped = isStopped || StopSignal.take(within: 200) != nil
      }
    } catch {
      Console.note("\(board.name): ALARM, and the buzzer can't be used: \(error)")
    }
    return isStopped
  }

  /// Notes in the journal that nobody is to be alarmed.
  private func rest(_ board: Board, _ name: String) throws {
    guard name == board.name else {
      throw ProjectFiles.Problem(
        description: "--out-of-service: error: the board is called '\(board.name)', not '\(name)'")
    }
    var opened = try JournalFile.open(
      journal, isNew: false, reserve: 0, waits: Console.note)
    let clocks = SystemClocks.now
    let (wall, now) = (clocks.wallSeconds, opened.journal.state.resume(clocks))
    do {
      try opened.journal.append(
        .command(.outOfService, 0, isAccepted: true), at: now, wallSeconds: wall)
      try opened.journal.note(Array((reason ?? "").utf8), at: now, wallSeconds: wall)
    } catch {
      throw ProjectFiles.Problem(description: "error: \(error)")
    }
    JournalFile.seal(&opened.journal)
    try ProjectFiles.print("\(board.name): out of service until the next run\n")
  }
}
