import Foundation
import Glibc
package import PumpFiles
package import PumpJournal
import PumpLinux
import PumpMessages
import PumpProfiles
import PumpReports
import PumpSafety
package import PumpService
import PumpSession
import PumpUnits

/// How a pump is that does not run, by its journal.
package struct JournalStatus {
  package let report: StatusReport

  /// Reads the journal.
  ///
  /// - Throws: `ProjectFiles.Problem`.
  package init(_ path: String, _ files: ProjectFiles, clocks: SystemClocks = .now) throws {
    var journal = try JournalFile.read(path)
    guard !journal.store.isBeingWritten else {
      throw ProjectFiles.Problem(
        description:
          "\(path): error: a run has this journal: 'itpump status' alone asks the pump itself")
    }
    let state = journal.state
    guard let binding = journal.bindingOfDrug() else {
      throw ProjectFiles.Problem(
        description: "\(path): error: no session of this journal says what a step is worth")
    }
    guard let kept = journal.latestProfile else {
      throw ProjectFiles.Problem(
        description: "\(path): error: it holds no whole profile; 'itpump log' shows its records")
    }
    let inputs = try files.inputs(
      of: InputFile(path: path, text: String(decoding: kept, as: UTF8.self)))
    // What ran may have expired since.
    let loaded = try inputs.judged(now: nil)
    guard var profile = loaded.profile else {
      throw ProjectFiles.Problem(description: "\(path): error: its profile can't be read any more")
    }
    if let filled = state.filled {
      profile.reservoir = profile.reservoir.filled(to: filled) ?? profile.reservoir
    }
    let now = state.resume(clocks)
    let date = Date(timeIntervalSince1970: Double(clocks.wallSeconds))
    let memory = SessionMemory(&journal, by: now, as: binding)
    let facts = PumpFacts(
      profile: profile, drugs: [], bench: loaded.bench, step: binding.step,
      board: PathParts.name(of: path), journal: path, startedBy: "", openedOn: date,
      opened: now)
    report = Self.report(
      state, &journal, facts, Self.status(state, memory, binding, at: now), clocks)
  }

  /// The journal's own words for what a running pump tells of itself.
  private static func status(
    _ state: JournalState, _ memory: SessionMemory, _ binding: JournalBinding, at now: Instant
  ) -> SessionStatus {
    let counts = state.carried
    func volume(_ steps: UInt64) -> Volume {
      (try? binding.step.volume(ofSteps: steps, .up)) ?? Volume(femtolitres: .max)
    }
    func dose(_ window: TimeSpan) -> Mass {
      let steps = memory.doses.filter { $0.by + window > now }.map(\.steps).reduce(0, +)
      return (try? binding.concentration.mass(in: volume(steps))) ?? .zero
    }
    let standing = state.alarms.standing
    let critical = Alarm.allCases.filter { $0.priority == .critical }.map(\.bit).reduce(0, |)
    return SessionStatus(
      at: now, position: 0,
      drive: DriveDetail(
        state: state.trippedBy.map { .tripped($0) } ?? .idle,
        reservoir: (state.filled ?? .zero).lessening(by: volume(counts.highest - counts.atFill))),
      waitsFor: state.trippedBy, counts: counts, carried: StepCounts(), cutBy: state.trippedBy,
      isHeld: state.isHeld, isTesting: false, standing: standing, present: 0,
      critical: standing & critical, lastHour: dose(.hour), lastDay: dose(.day))
  }

  private static func report(
    _ state: JournalState, _ journal: inout Journal<FileStore>, _ facts: PumpFacts,
    _ status: SessionStatus, _ clocks: SystemClocks
  ) -> StatusReport {
    let idle = status.at.elapsed(since: state.lastRunAt)
    let known = state.knowsTime(clocks) || idle >= StoppedPump.reminderAfter ? idle : nil
    var report = StatusReport(facts, status, last: last(&journal, facts))
    report.state = StoppedPump.words(
      state, StoppedPump.urgency(state, idle: known), idle: known)
    report.began = nil
    report.is_fallen_back = state.waitsForClinician
    return report
  }

  /// The latest request that the journal has, and what became of it.
  private static func last(
    _ journal: inout Journal<FileStore>, _ facts: PumpFacts
  ) -> StatusReport.LastCommand? {
    var results: [UInt64: Answered.Result] = [:]
    for sequence in (journal.first..<journal.next).reversed() {
      guard let record = journal.record(sequence) else { continue }
      switch record.entry {
      case .answered(let ticket, _, _, let result): results[ticket] = results[ticket] ?? result
      case .asked(let ticket, let kind, _, let by):
        return .init(
          verb: kind.words, result: words(results[ticket] ?? .unknown), by: name(of: by),
          at: StatusReport.moment(
            Date(timeIntervalSince1970: Double(record.wallSeconds)), facts))
      default: break
      }
    }
    return nil
  }

  /// Who asked; the patient's button is no user of the system.
  private static func name(of asker: Operator) -> String {
    guard asker != .button else { return "the patient's button" }
    let user = getpwuid(asker.user).map { String(cString: $0.pointee.pw_name) }
    return user ?? "user \(asker.user)"
  }

  private static func words(_ result: Answered.Result) -> String {
    switch result {
    case .accepted: "accepted"
    case .refused(let refusal): "refused (\(refusal.name))"
    case .unknown: "unknown"
    }
  }
}
