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
    return "\(folder)/\(board.name).journal"
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

  /// Opens a journal for writing.
  ///
  /// - Parameter isNew: Whether it is made where it is not there.
  static func open(_ path: String, isNew: Bool = true) throws -> Journal<FileStore> {
    let isThere = FileManager.default.fileExists(atPath: path)
    if !isNew { _ = try read(path) }
    let journal = try opened(path, isReadOnly: false)
    guard !isThere || journal.next > 0 else {
      // One that was cut to nothing must not pass for a new pump.
      throw ProjectFiles.Problem(
        description:
          "\(path): error: the file is there and holds no record; if a pump's history was "
          + "never in it, remove it, and a new journal is begun")
    }
    return journal
  }

  /// Whether a run writes to it now.
  static func isInUse(_ path: String) -> Bool {
    do throws(StoreError) {
      _ = try FileStore(path: path)
      return false
    } catch {
      return error.cause == .inUse
    }
  }

  /// Opens a journal that another program may be writing to.
  static func read(_ path: String) throws -> Journal<FileStore> {
    try opened(path, isReadOnly: true)
  }

  private static func opened(_ path: String, isReadOnly: Bool) throws -> Journal<FileStore> {
    do {
      let store = try FileStore(path: path, isReadOnly: isReadOnly)
      return try Journal(opening: store)
    } catch let error as StoreError {
      throw ProjectFiles.Problem(description: "error: \(error)")
    } catch let problem as JournalProblem {
      throw ProjectFiles.Problem(description: "\(path): error: \(describe(problem))")
    }
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
