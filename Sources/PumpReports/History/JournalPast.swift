import Foundation
package import PumpFiles
import PumpJournal
package import PumpProfiles
import PumpSafety
import PumpService
import PumpUnits

/// A journal's past, and the prescription that it keeps.
package struct JournalPast {
  private let path: String
  private let files: ProjectFiles
  private let text: String?
  private let loaded: (profile: Profile, bench: Bench)?
  private let history: DeliveryHistory
  private let standing: UInt64
  private let pastFillings: [PastFilling]
  private let since: Date
  private let now = Date()

  /// The prescription that it keeps, worked out.
  ///
  /// - Throws: `ProjectFiles.Problem`, where it keeps none, or the files that it leans on are not there.
  package func profile() throws -> Profile {
    guard let text else {
      throw ProjectFiles.Problem(
        description: "\(path): error: it holds no whole profile; 'itpump log' shows its records")
    }
    return try Self.load(text, of: path, files).profile
  }

  /// Reads a journal, also while a run writes to it.
  ///
  /// - Throws: `ProjectFiles.Problem`.
  package init(_ path: String, _ files: ProjectFiles) throws {
    var journal = try JournalFile.read(path)
    guard journal.next > 0 else {
      throw ProjectFiles.Problem(description: "\(path): error: it holds no record")
    }
    (self.path, self.files) = (path, files)
    let kept = journal.latestProfile
    let text = kept.map { String(decoding: $0, as: UTF8.self) }
    loaded = text.flatMap { try? Self.load($0, of: path, files) }
    self.text = text
    history = DeliveryHistory(
      &journal, in: loaded?.profile.timeZone ?? .current,
      filled: loaded?.profile.reservoir.filled)
    standing = journal.state.alarms.standing
    pastFillings = PastFilling.all(in: &journal)
    since =
      journal.allProfiles.first.map { Date(timeIntervalSince1970: Double($0.wallSeconds)) } ?? now
  }

  /// What is told of it.
  package func report(trendDays: Int = 28, flaggedAbove percent: Double = 20) -> HistoryReport {
    HistoryReport(
      journal: PathParts.name(of: path), history: history,
      prescription: text.map { text in
        .init(
          text: text, plan: loaded.map { plan($0.profile, $0.bench) },
          summary: loaded.map { CheckReport.figures($0.profile, $0.bench, at: now) }, since: since)
      },
      standing: standing, pastFillings: pastFillings, printed: now, trendDays: trendDays,
      flaggedAbove: percent)
  }

  /// The profile, which may have expired since.
  private static func load(_ text: String, of path: String, _ files: ProjectFiles) throws -> (
    profile: Profile, bench: Bench
  ) {
    let inputs = try files.inputs(of: InputFile(path: path, text: text))
    let judged = try inputs.judged(now: nil)
    guard let profile = judged.profile else {
      throw ProjectFiles.Problem(description: "\(path): error: its profile can't be read any more")
    }
    return (profile, judged.bench)
  }

  /// What the prescription gives in a day, or in the week that it has a pattern for.
  private func plan(_ profile: Profile, _ bench: Bench) -> PlanReport {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = profile.timeZone
    let start = calendar.startOfDay(for: history.last ?? now)
    let days: UInt64 = profile.mode == .flexWeekly ? 7 : 1
    return PlanReport(
      profile: profile, bench: bench,
      plan: DeliveryPlan(
        profile, on: bench, from: profile.place(at: start), lasting: TimeSpan(days: days)),
      start: start)
  }
}
