import ArgumentParser
import Foundation
import PumpBench
import PumpFiles
import PumpLinux
import PumpProfiles
import PumpUnits

/// `itpump alarm`: watches a pump that does not run, and sounds the board's buzzer.
struct AlarmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarm",
    abstract: "Watch a pump that does not run, and sound its buzzer until somebody comes.",
    discussion: """
      A run that broke off or was stopped by an alarm is told at once. One that somebody stopped is told \
      after 24 h without delivery, urgently after 48 h. A pump that is meant to rest is taken out of service \
      by the board's name, with a reason; the next run puts it back. The service starts this whenever a run \
      has ended.
      """)

  @OptionGroup var target: BoardOptions

  @Option(
    help: .init("The journal of the pump.", valueName: "file"),
    completion: .file(extensions: ["journal"]))
  var journal: String

  @Option(
    help: .init(
      "Take the pump out of service: nobody is alarmed that it delivers nothing. Name the board.",
      valueName: "board"))
  var outOfService: String?

  @Option(help: .init("Why it is out of service, and who says so.", valueName: "text"))
  var reason: String?

  @Flag(help: "Say how it stands and end.")
  var once = false

  func validate() throws {
    guard outOfService == nil || (reason?.trimmingCharacters(in: .whitespaces).count ?? 0) >= 8
    else {
      throw ValidationError("--reason: at least eight letters, such as 'explanted, dr. A. B.'")
    }
    guard (reason?.utf8.count ?? 0) <= 1_000 else {
      throw ValidationError("--reason: at most 1,000 bytes")
    }
  }

  func run() throws {
    let bench = try target.bench()
    let watch = StoppedPumpWatch(bench.board, journal: journal)
    if let outOfService {
      guard outOfService == bench.board.name else {
        throw ProjectFiles.Problem(
          description: "--out-of-service: error: the board is called '\(bench.board.name)', not "
            + "'\(outOfService)'")
      }
      return try watch.rest(because: reason ?? "")
    }
    StopSignal.block()
    try watch.run(once: once)
  }
}
