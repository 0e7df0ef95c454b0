import ArgumentParser
import Foundation
import PumpFiles
import PumpProfiles
import PumpReports

/// `itpump check`: whether a profile is what was meant.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check dosing profiles against the drug library and the bench.",
    discussion: """
      Prints every problem with file, line and column, and what each profile does. Exits with 0 \
      where no profile has an error, with 1 where one has, with 2 for a wrong command line.
      """)

  @Argument(help: "Profiles to check.", completion: .file(extensions: ["yaml"]))
  var profiles: [String]

  @Option(
    help: .init(
      "The profile that runs now: the new one's dose is checked against the drug's titration steps.",
      valueName: "file"), completion: .file(extensions: ["yaml"]))
  var after: String?

  @Flag(help: "Print JSON instead of text.")
  var json = false

  @OptionGroup var options: FileOptions

  func run() throws {
    let now = Date()
    let previous = try after.map { try options.load($0, now: now).profile }
    var reports: [CheckReport] = []
    for path in profiles { reports.append(try report(path, previous: previous, now: now)) }
    if json {
      try ProjectFiles.print(JSONOutput.text(reports))
    } else {
      for report in reports { try ProjectFiles.print(report.text) }
    }
    if reports.contains(where: { !$0.isClean }) { throw ExitCode(1) }
  }

  private func report(_ name: String, previous: Profile?, now: Date) throws -> CheckReport {
    let path = ProjectFiles.profile(name)
    let text: InputFile
    do {
      text = try InputFile(path)
    } catch let problem as ProjectFiles.Problem {
      let start = SourcePlace(line: 1, column: 1)
      let message = problem.description.split(separator: "error: ").last.map(String.init) ?? ""
      return CheckReport(path, [Diagnostic(.unreadable, at: start, message)], nil, now: now)
    }
    let inputs = try options.files.inputs(of: text)
    var (profile, bench, diagnostics) = try inputs.judged(now: now)
    if let previous, let new = profile {
      diagnostics += TitrationCheck.diagnostics(
        from: previous, to: new, drugs: try InputFile.drugs(inputs.drugs))
      if diagnostics.contains(where: { $0.severity == .error }) { profile = nil }
    }
    return CheckReport(path, diagnostics, profile.map { ($0, bench) }, now: now)
  }
}
