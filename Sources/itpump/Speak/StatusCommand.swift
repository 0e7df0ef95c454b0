import ArgumentParser
import Foundation
import PumpBench
import PumpFiles
import PumpReports
import PumpService

/// `itpump status`: how a running pump is.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how a pump is, on one page: one that runs, or by its journal one that does not.")

  @Argument(
    help: "The journal of a pump that does not run; the pump that runs is asked if not given.",
    completion: .file(extensions: ["journal"]))
  var journal: String?

  @Flag(help: "Show it again every second, until it is interrupted.")
  var watch = false

  @OptionGroup var options: PumpOptions

  @OptionGroup(title: "With a journal") var files: FileOptions

  func validate() throws {
    guard journal == nil || options.pump == nil && !watch else {
      throw ValidationError("a journal is read once: leave out --pump and --watch")
    }
  }

  func run() throws {
    if let journal {
      let report = try JournalStatus(journal, files.files).report
      return try ProjectFiles.print(
        options.json ? JSONOutput.text(report) : StatusText(status: report).text)
    }
    let client = try PumpSocket.find(options.pump)
    repeat {
      let reply = try client.reply(to: WireRequest(.status))
      guard let status = reply.status else { return try Speaking.tell(reply, options) }
      let text =
        options.json ? try JSONOutput.text(status) : StatusText(status: status).text
      try ProjectFiles.print(watch && !options.json ? "\u{1B}[2J\u{1B}[H" + text : text)
      if watch { Thread.sleep(forTimeInterval: 1) }
    } while watch
  }
}
