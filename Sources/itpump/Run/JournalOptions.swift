import ArgumentParser
import Foundation
import PumpFiles
import PumpProfiles
import PumpSafety
import PumpService
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

  @Option(
    help: .init(
      "How long the journal can go on when its disk is full, 1h to 30days; 7days if not given. Room for that is "
        + "made when it is opened.",
      valueName: "time"),
    transform: SpanArgument.parse)
  var journalRoom = SpanArgument(TimeSpan(days: 7))

  func validate() throws {
    let range = TimeSpan(seconds: 1)...TimeSpan(minutes: 10)
    guard range.contains(grantSpan.span) else {
      throw ValidationError("--grant-span: 1s to 10min")
    }
    guard (TimeSpan(hours: 1)...TimeSpan(days: 30)).contains(journalRoom.span) else {
      throw ValidationError("--journal-room: 1h to 30days")
    }
  }

  /// Room for the records of so long, made when the journal is opened: a disk that fills up then ends no
  /// therapy for that time.
  ///
  /// Twice as many as steady grants write, for boluses have shorter ones, and the hourly self-test.
  var reserve: UInt64 {
    let renewal = grantSpan.span.nanoseconds - grantSpan.span.nanoseconds / 7
    return 2 * journalRoom.span.nanoseconds / max(1, renewal) + 2_048
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
