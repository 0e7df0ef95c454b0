import Foundation
import PumpFiles
import PumpJournal
import PumpMessages
import PumpProfiles
import PumpReports
import PumpService
import PumpUnits

/// The steps of a journal that a crash left uncertain, and how they are settled.
package struct Reconciliation {
  private let journal: String

  /// - Parameter journal: Its path.
  package init(_ journal: String) { self.journal = journal }

  /// Settles them.
  ///
  /// - Parameters:
  ///   - made: How many of them were made; the others were not.
  ///   - reason: Why, and who says so.
  package func settle(made: UInt64, because reason: String) throws {
    var opened = try JournalFile.open(
      journal, isNew: false, reserve: 0, waits: Console.note)
    guard opened.suspicions.isEmpty else {
      throw ProjectFiles.Problem(
        description: opened.suspicions.map { "\(journal): error: \($0.words)" }.joined(
          separator: "\n")
          + "\nstart a run with it first: it books what may be missing")
    }
    let uncertain = opened.journal.state.carried.uncertain
    guard uncertain > 0 else {
      throw ProjectFiles.Problem(description: "\(journal): error: no step is uncertain")
    }
    guard made <= uncertain else {
      throw ProjectFiles.Problem(
        description: "\(journal): error: only \(TextColumns.grouped(uncertain)) steps are uncertain"
      )
    }
    let clocks = SystemClocks.now
    let (wall, now) = (clocks.wallSeconds, opened.journal.state.resume(clocks))
    do {
      try opened.journal.append(
        .command(.reconcile, made, isAccepted: true), at: now, wallSeconds: wall)
      try opened.journal.note(Array(reason.utf8), at: now, wallSeconds: wall)
      try opened.journal.append(
        .event(.reconciled(made: made, notMade: uncertain - made)), at: now, wallSeconds: wall)
    } catch {
      throw ProjectFiles.Problem(description: "error: \(error)")
    }
    JournalFile.seal(&opened.journal)
    try ProjectFiles.print(Self.text(journal, opened.journal.state))
  }

  /// Says what is certain and what is not.
  package func show() throws {
    let state = try JournalFile.read(journal).state
    guard !JournalFile.isInUse(journal) else {
      let permitted = state.granted - min(state.granted, state.counts.highest)
      try ProjectFiles.print(
        "\(journal): a run is in progress: \(TextColumns.grouped(state.counts.certain)) steps were "
          + "acknowledged, and up to \(TextColumns.grouped(permitted)) more are permitted now\n")
      return
    }
    try ProjectFiles.print(Self.text(journal, state))
    guard state.carried.uncertain > 0 else { return }
    try ProjectFiles.print(
      "settle them with: itpump reconcile \(journal) --made STEPS --reason 'why, and who'\n")
  }

  private static func text(_ path: String, _ state: JournalState) -> String {
    let carried = state.carried
    var lines = ["\(path)"]
    for (name, steps) in [("certain", carried.certain), ("uncertain", carried.uncertain)] {
      var line =
        "  \(name.padding(toLength: 10, withPad: " ", startingAt: 0))"
        + TextColumns.right(TextColumns.grouped(steps), 14) + " steps"
      if let binding = state.binding, let volume = try? binding.step.volume(ofSteps: steps, .up),
        let mass = try? binding.concentration.mass(in: volume)
      {
        line +=
          TextColumns.right(Format.mass(mass), 14) + TextColumns.right(Format.volume(volume), 14)
      }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
