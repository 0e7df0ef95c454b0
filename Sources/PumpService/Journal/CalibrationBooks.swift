import PumpFiles
package import PumpJournal
import PumpLinux
import PumpMessages
package import PumpProfiles
import PumpSafety
package import PumpUnits

/// The pump's journal while it is calibrated: what is pumped is booked ahead, as in a run.
///
/// The session counts water, so that what was weighed is no dose; the reservoir and the head's steps count it.
package final class CalibrationBooks {
  /// What calibration pumps: as little drug as there is a unit for.
  package static var water: Concentration { Concentration(nanogramsPerMillilitre: 1) }

  private var journal: Journal<FileStore>
  private let path: String
  private let before: StepCounts
  private let binding: JournalBinding

  /// Opens a journal that is there.
  ///
  /// - Throws: A problem for people.
  package init(
    _ path: String, _ bench: Bench, waits: (String) -> Void = { _ in }
  ) throws {
    var opened = try JournalFile.open(path, isNew: false, waits: waits)
    guard opened.suspicions.isEmpty else {
      throw ProjectFiles.Problem(
        description: opened.suspicions.map { "\(path): error: \($0.words)" }.joined(separator: "\n")
          + "\nstart a run with it first: it books what may be missing")
    }
    guard let binding = opened.journal.bindingOfDrug() else {
      throw ProjectFiles.Problem(
        description:
          "\(path): error: it does not say what its steps are worth; name another journal")
    }
    guard binding.step == bench.step else {
      throw ProjectFiles.Problem(
        description:
          "\(path): error: it counts another pump head, or another calibration of it: start a run with "
          + "--refilled first, or name the journal of this head with --journal")
    }
    self.path = path
    self.binding = binding
    before = opened.journal.state.carried
    journal = opened.release()
  }

  /// Permits the steps of a calibration; none is made before.
  package func permit(_ steps: UInt64, within span: TimeSpan) throws {
    try begin(as: JournalBinding(step: binding.step, concentration: Self.water))
    try append(.grant(before, upTo: before.highest + steps, until: now() + span))
  }

  /// Books what was made, and lets the journal count the drug again.
  package func book(certain: UInt64, uncertain: UInt64) throws {
    var counts = before
    counts.certain += certain
    counts.uncertain += uncertain
    try end(with: counts)
    try begin(as: binding)
    try end(with: counts)
    JournalFile.seal(&journal)
  }

  private func begin(as binding: JournalBinding) throws {
    let clocks = SystemClocks.now
    try append(
      .opened(
        boot: clocks.boot, clock: clocks.elapsed, servedSince: journal.state.servedSince,
        binding, isClockSynchronised: clocks.isSynchronised))
  }

  private func end(with counts: StepCounts) throws {
    try append(.grant(counts, upTo: counts.highest, until: now()))
    try append(.event(.ended))
  }

  private func append(_ entry: JournalEntry) throws {
    do { try journal.append(entry, at: now(), wallSeconds: wallClockSeconds()) } catch {
      throw ProjectFiles.Problem(description: "\(path): error: \(error)")
    }
  }

  private func now() -> Instant { journal.state.resume(.now) }
}

extension Journal where Store: ~Copyable {
  /// What a step of drug is worth: the latest session's word that was no calibration with water.
  package mutating func bindingOfDrug() -> JournalBinding? {
    guard let binding = state.binding, binding.concentration == CalibrationBooks.water else {
      return state.binding
    }
    var sequence = next
    while sequence > first {
      sequence -= 1
      guard case .opened(_, _, _, let named?, _)? = record(sequence)?.entry,
        named.concentration != CalibrationBooks.water
      else { continue }
      return named
    }
    return nil
  }
}
