import ArgumentParser
import Foundation
import PumpFiles
import PumpReports

/// `itpump diff`: what a new profile changes.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show what differs between two profiles: doses, times, drug, refill.",
    discussion: """
      Prints every setting that differs, before and now, and holds the change against the drug's \
      titration steps. Exits with 0, with 1 where the change is refused, with 2 for a wrong command line.
      """)

  @Argument(help: "The profile as it was.", completion: .file(extensions: ["yaml"]))
  var old: String

  @Argument(help: "The profile as it is to be.", completion: .file(extensions: ["yaml"]))
  var new: String

  @Flag(help: "Print JSON instead of text.")
  var json = false

  @OptionGroup var options: FileOptions

  func run() throws {
    let now = Date()
    // What ran may have expired since.
    let before = try options.files.inputs(old).load(now: nil)
    let inputs = try options.files.inputs(new)
    let after = try options.load(new, now: now)
    let report = DiffReport(
      from: (ProjectFiles.profile(old), before.profile, before.bench),
      to: (ProjectFiles.profile(new), after.profile, after.bench),
      drugs: try InputFile.drugs(inputs.drugs), now: now)
    try ProjectFiles.print(json ? JSONOutput.text(report) : report.text)
    if report.isRefused { throw ExitCode(1) }
  }
}
