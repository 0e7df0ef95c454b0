import Foundation
import PumpFiles
import PumpHAL
import PumpJournal
import PumpLinux
import PumpMessages
package import PumpProfiles
import PumpReports
import PumpService
import PumpUnits

/// Watches a pump that does not run by its journal, and sounds the board's buzzer.
package struct StoppedPumpWatch {
  private let board: Board
  private let journal: String

  package init(_ board: Board, journal: String) {
    self.board = board
    self.journal = journal
  }

  /// Tells how it stands, anew whenever that means something else, and sounds until a stop signal comes.
  ///
  /// - Parameter once: Whether to tell once and end.
  package func run(once: Bool) throws {
    var told = ""
    while true {
      let (state, idle) = try look()
      let urgency = StoppedPump.urgency(state, idle: idle)
      let words = StoppedPump.words(state, urgency, idle: idle)
      // Its length grows, its meaning does not: a line for each meaning.
      let meaning = "\(urgency) \(state.isOutOfService) \(state.isEnded)"
      if meaning != told { try ProjectFiles.print("\(board.name): \(words)\n") }
      told = meaning
      if once { return }
      if let sound = urgency.sound {
        if try self.sound(sound.tones) { return }
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
  private func sound(_ tones: Int) throws -> Bool {
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
  package func rest(because reason: String) throws {
    var opened = try JournalFile.open(
      journal, isNew: false, reserve: 0, waits: Console.note)
    let clocks = SystemClocks.now
    let (wall, now) = (clocks.wallSeconds, opened.journal.state.resume(clocks))
    do {
      try opened.journal.append(
        .command(.outOfService, 0, isAccepted: true), at: now, wallSeconds: wall)
      try opened.journal.note(Array(reason.utf8), at: now, wallSeconds: wall)
    } catch {
      throw ProjectFiles.Problem(description: "error: \(error)")
    }
    JournalFile.seal(&opened.journal)
    try ProjectFiles.print("\(board.name): out of service until the next run\n")
  }
}
