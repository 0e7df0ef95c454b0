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

  /// Opens a journal for writing; it is made where it is not there.
  static func open(_ path: String) throws -> Journal<FileStore> {
    try opened(path, isReadOnly: false)
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
    } catch let problem as Journal<FileStore>.Problem {
      throw ProjectFiles.Problem(description: "\(path): error: \(describe(problem))")
    }
  }

  static func describe(_ problem: Journal<FileStore>.Problem) -> String {
    switch problem {
    case .damaged(let sequence):
      "record \(sequence) is damaged, and later ones follow it: restore the file from a copy, or "
        + "look at it with 'itpump log --damaged' and begin another with --journal"
    case .chainBroken(let sequence):
      "record \(sequence) does not follow from the one before: somebody changed the file; restore it "
        + "from a copy"
    case .laterFormat(let format):
      "a later version of itpump wrote it (format \(format)): run that one"
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
