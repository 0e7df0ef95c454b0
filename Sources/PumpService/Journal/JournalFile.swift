import Foundation
import PumpFiles
package import PumpJournal
package import PumpLinux
package import PumpMessages
import PumpProfiles
import PumpSafety
import PumpUnits

/// A journal in a file.
package enum JournalFile {
  /// Where journals are unless one is named: what systemd gives the service, or the user's own folder.
  package static var folder: String {
    let environment = ProcessInfo.processInfo.environment
    if let given = environment["STATE_DIRECTORY"], !given.isEmpty { return given }
    if let state = environment["XDG_STATE_HOME"], !state.isEmpty { return "\(state)/itpump" }
    return "\(NSHomeDirectory())/.local/state/itpump"
  }

  /// The journal of a board for which none is named.
  package static func path(ofBoard name: String) -> String { "\(folder)/\(name).journal" }

  /// A journal that is open for writing, and what speaks against it.
  package struct Opened: ~Copyable {
    package var journal: Journal<FileStore>
    /// What is not as its last session left it; empty where all is.
    package var suspicions: [JournalSuspicion]

    /// The journal alone.
    package consuming func release() -> Journal<FileStore> { journal }
  }

  /// Opens a journal for writing.
  ///
  /// - Parameters:
  ///   - isNew: Whether it is made where it is not there.
  ///   - reserve: Records for which room is made.
  ///   - waits: Is told once where the journal is in use, and is waited for.
  package static func open(
    _ path: String, isNew: Bool = true, reserve: UInt64 = FileStore.sevenDays,
    waits: (String) -> Void = { _ in }
  ) throws -> Opened {
    let isThere = FileManager.default.fileExists(atPath: path)
    if !isNew { _ = try read(path) }
    let seal = JournalSeal(ofJournal: path)
    guard isThere || seal == nil || !isNew else {
      throw ProjectFiles.Problem(
        description:
          "\(path): error: the journal is gone, and its seal is still there: put the journal back, for what "
          + "it counts binds the dose limits; if this is to be a new pump, remove "
          + JournalSeal.path(of: path))
    }
    // Opening makes room, so before it.
    let isUnused = isThere && seal == nil && isUnused(path)
    var journal = try patiently(waits) {
      try opened(path, isReadOnly: false, reserve: reserve)
    }
    guard !isThere || journal.next > 0 || isUnused else {
      // One that was cut to nothing must not pass for a new pump.
      throw ProjectFiles.Problem(
        description:
          "\(path): error: the file is there and holds no record; if a pump's history was "
          + "never in it, remove it, and a new journal is begun")
    }
    journal.store.prepare(for: journal.next)
    let suspicions = suspicions(&journal, seal)
    return Opened(journal: journal, suspicions: suspicions)
  }

  /// Whether a file has room for records and never had one.
  ///
  /// A start that was killed before its first record leaves no more. A journal that was cut to nothing has
  /// no room either.
  private static func isUnused(_ path: String) -> Bool {
    guard let bytes = FileManager.default.contents(atPath: path) else { return false }
    return bytes.count >= JournalBlock.size && bytes.allSatisfy { $0 == 0 }
  }

  /// What is not as the last session left it.
  package static func suspicions(_ journal: inout Journal<FileStore>, _ seal: JournalSeal?)
    -> [JournalSuspicion]
  {
    var suspicions: [JournalSuspicion] = []
    if let record = journal.damagedEnd { suspicions.append(.damagedEnd(record)) }
    guard let seal else { return suspicions }
    // A damaged last record is missing too, and has been told.
    if seal.sequence >= journal.next, seal.sequence != journal.damagedEnd {
      suspicions.append(.rolledBack(seal.sequence))
    } else if let link = journal.link(of: seal.sequence), link != seal.link {
      suspicions.append(.exchanged(seal.sequence))
    }
    return suspicions
  }

  /// Seals a journal up to its latest record.
  package static func seal(_ journal: inout Journal<FileStore>) {
    guard journal.next > 0, let link = journal.link(of: journal.next - 1) else { return }
    JournalSeal(sequence: journal.next - 1, link: link).write(
      besideJournal: journal.store.path, isDurable: true)
  }

  /// Waits for a drive whose supervisor has died: it ends by itself within seconds, and holds the journal
  /// until then.
  private static func patiently(
    _ waits: (String) -> Void, _ work: () throws -> Journal<FileStore>
  ) throws -> Journal<FileStore> {
    let patience: UInt32 = 50
    for attempt in 0..<patience {
      do { return try work() } catch let error as StoreError where error.cause == .inUse {
        if attempt == 2 {
          waits(
            "\(error.path): in use: waiting up to 5 s, in case it is a drive whose supervisor has died"
          )
        }
        usleep(100_000)
      }
    }
    do { return try work() } catch let error as StoreError {
      throw ProjectFiles.Problem(description: "error: \(error)")
    }
  }

  /// Whether a run writes to it now.
  package static func isInUse(_ path: String) -> Bool {
    do throws(StoreError) {
      _ = try FileStore(path: path, reserve: 0)
      return false
    } catch {
      return error.cause == .inUse
    }
  }

  /// Opens a journal that another program may be writing to.
  package static func read(_ path: String) throws -> Journal<FileStore> {
    do { return try opened(path, isReadOnly: true, reserve: 0) } catch let error as StoreError {
      throw ProjectFiles.Problem(description: "error: \(error)")
    }
  }

  private static func opened(_ path: String, isReadOnly: Bool, reserve: UInt64) throws
    -> Journal<FileStore>
  {
    do {
      let store = try FileStore(path: path, isReadOnly: isReadOnly, reserve: reserve)
      return try Journal(opening: store)
    } catch let problem as JournalProblem {
      throw ProjectFiles.Problem(description: "\(path): error: \(describe(problem))")
    }
  }

  /// The name of a journal's lock: one for all its names.
  package static func lockName(_ path: String) -> String {
    let place = URL(fileURLWithPath: path)
    let folder = place.deletingLastPathComponent().resolvingSymlinksInPath().path
    return "journal \(folder)/\(place.lastPathComponent)"
  }

  package static func describe(_ problem: JournalProblem) -> String {
    switch problem {
    case .damaged(let sequence):
      "record \(sequence) is damaged, and later ones follow it: restore the file from a copy, or "
        + "look at it with 'itpump log --damaged' and begin another with --journal"
    case .chainBroken(let sequence):
      "record \(sequence) does not follow from the one before: somebody changed the file; restore it "
        + "from a copy"
    case .laterFormat(let format):
      "a later version of itpump wrote it (format \(format)): run that one"
    case .notAJournal: "it holds something, and no record of a journal; name another file"
    case .unreadable: "the disk can't read it"
    }
  }
}

/// What the journal said before a run, for its report.
package struct JournalBooks: Sendable {
  package var path: String?
  package var carried: StepCounts
  /// CLOCK_MONOTONIC when the therapy began, in nanoseconds.
  package var beganMonotonic: UInt64 = 0

  package init(path: String? = nil, carried: StepCounts, beganMonotonic: UInt64 = 0) {
    self.path = path
    self.carried = carried
    self.beganMonotonic = beganMonotonic
  }
}
