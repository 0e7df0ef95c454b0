import ArgumentParser
import Foundation
import PumpJournal
import PumpLinux
import PumpProfiles
import PumpSafety
import PumpUnits

/// Which journal a run writes to.
struct JournalOptions: ParsableArguments {
  @Option(
    help: .init(
      "The journal of this pump; one in the state folder, named for the board, if not given.",
      valueName: "file"), completion: .file(extensions: ["journal"]))
  var journal: String?

  @Flag(help: "The reservoir has just been filled to what the profile says.")
  var refilled = false

  @Option(
    help: .init(
      "A grant reaches so far ahead, 1s to 10min; 70s if not given: a durable write a minute. In a bolus "
        + "13s at most.", valueName: "time"), transform: SpanArgument.parse)
  var grantSpan = SpanArgument(TimeSpan(seconds: 70))

  func validate() throws {
    let range = TimeSpan(seconds: 1)...TimeSpan(minutes: 10)
    guard range.contains(grantSpan.span) else {
      throw ValidationError("--grant-span: 1s to 10min")
    }
  }

  /// Room for the records of seven days, made when the journal is opened: a disk that fills up then ends no
  /// therapy before somebody has come.
  ///
  /// Twice as many as steady grants write, for boluses have shorter ones, and the hourly self-test.
  var reserve: UInt64 {
    let renewal = grantSpan.span.nanoseconds - grantSpan.span.nanoseconds / 7
    return 2 * TimeSpan(days: 7).nanoseconds / max(1, renewal) + 2_048
  }

  /// Sizes the grants; each is renewed when a seventh of it is left.
  func apply(to settings: inout SupervisorSettings) {
    let span = grantSpan.span
    settings.grantSpan = span
    settings.grantMargin = TimeSpan(nanoseconds: span.nanoseconds / 7)
    guard span < settings.bolusGrantSpan else { return }
    settings.bolusGrantSpan = span
    settings.bolusGrantMargin = settings.grantMargin
  }

  func path(for board: Board) throws -> String {
    if let journal { return journal }
    let folder = JournalFile.folder
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ProjectFiles.Problem(
        description: "\(folder): error: can't be made; name a journal with --journal")
    }
    return JournalFile.path(ofBoard: board.name)
  }
}

/// A journal in a file.
enum JournalFile {
  /// Where journals are unless one is named: what systemd gives the service, or the user's own folder.
  static var folder: String {
    let environment = ProcessInfo.processInfo.environment
    if let given = environment["STATE_DIRECTORY"], !given.isEmpty { return given }
    if let state = environment["XDG_STATE_HOME"], !state.isEmpty { return "\(state)/itpump" }
    return "\(NSHomeDirectory())/.local/state/itpump"
  }

  /// The journal of a board for which none is named.
  static func path(ofBoard name: String) -> String { "\(folder)/\(name).journal" }

  /// A journal that is open for writing, and what speaks against it.
  struct Opened: ~Copyable {
    var journal: Journal<FileStore>
    /// What is not as its last session left it; empty where all is.
    var suspicions: [JournalSuspicion]

    /// The journal alone.
    consuming func release() -> Journal<FileStore> { journal }
  }

  /// Opens a journal for writing.
  ///
  /// - Parameters:
  ///   - isNew: Whether it is made where it is not there.
  ///   - reserve: Records for which room is made.
  static func open(_ path: String, isNew: Bool = true, reserve: UInt64 = FileStore.sevenDays) throws
    -> Opened
  {
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
    var journal = try patiently { try opened(path, isReadOnly: false, reserve: reserve) }
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
  static func suspicions(_ journal: inout Journal<FileStore>, _ seal: JournalSeal?)
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
  static func seal(_ journal: inout Journal<FileStore>) {
    guard journal.next > 0, let link = journal.link(of: journal.next - 1) else { return }
    JournalSeal(sequence: journal.next - 1, link: link).write(
      besideJournal: journal.store.path, isDurable: true)
  }

  /// Waits for a drive whose supervisor has died: it ends by itself within seconds, and holds the journal
  /// until then.
  private static func patiently(_ work: () throws -> Journal<FileStore>) throws -> Journal<
    FileStore
  > {
    let patience: UInt32 = 50
    for attempt in 0..<patience {
      do { return try work() } catch let error as StoreError where error.cause == .inUse {
        if attempt == 2 {
          Console.note(
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
  static func isInUse(_ path: String) -> Bool {
    do throws(StoreError) {
      _ = try FileStore(path: path, reserve: 0)
      return false
    } catch {
      return error.cause == .inUse
    }
  }

  /// Opens a journal that another program may be writing to.
  static func read(_ path: String) throws -> Journal<FileStore> {
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
  static func lockName(_ path: String) -> String {
    let place = URL(fileURLWithPath: path)
    let folder = place.deletingLastPathComponent().resolvingSymlinksInPath().path
    return "journal \(folder)/\(place.lastPathComponent)"
  }

  static func describe(_ problem: JournalProblem) -> String {
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
struct JournalBooks: Sendable {
  var path: String?
  var carried: StepCounts
  /// CLOCK_MONOTONIC when the therapy began, in nanoseconds.
  var beganMonotonic: UInt64 = 0
}
