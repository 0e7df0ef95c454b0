import ArgumentParser
import Foundation
import PumpFiles
import PumpProfiles
import PumpReports

/// `itpump edit`: single values of a profile.
struct EditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit",
    abstract: "Write a profile with other values: comments and everything else stay.",
    discussion: """
      Without a change, lists every value and what it is called. Shows what differs and how the change of dose is \
      judged; a profile that would not pass 'itpump check', and a change that is refused, are not written.
      """)

  @Argument(help: "The profile as it is.", completion: .file(extensions: ["yaml"])) var profile:
    String

  @Argument(
    help: .init(
      "What to change, such as drug.lot=B77 or 'therapy.continuous=330 ug/day'.",
      valueName: "key=value"))
  var changes: [String] = []

  @Option(name: .shortAndLong, help: .init("Write the new profile here.", valueName: "file"))
  var output: String?

  @OptionGroup var options: FileOptions

  func validate() throws {
    guard changes.isEmpty || output != nil else {
      throw ValidationError("name the new profile's file with -o; the old one stays as it is")
    }
    for change in changes where !change.contains("=") {
      throw ValidationError("'\(change)' is no change: write key=value, such as drug.lot=B77")
    }
  }

  func run() throws {
    let name = ProjectFiles.profile(profile)
    let inputs = try options.files.inputs(name)
    let text = try ProfileEditing.text(of: inputs.profile)
    guard !changes.isEmpty, let output else {
      let width = text.values.map(\.path.count).max() ?? 0
      return try ProjectFiles.print(
        text.values.map { each in
          each.path.padding(toLength: width + 2, withPad: " ", startingAt: 0) + each.text + "\n"
        }.joined())
    }
    try ProfileEditing.checkIsNew(output)
    let wanted = changes.map { change in
      let parts = change.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (
        path: String(parts[0]),
        value: parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
      )
    }
    let before = try inputs.load(now: nil)
    let new: ProfileText
    do throws(ProfileText.Problem) {
      new = try text.replacing(wanted)
    } catch {
      throw ProjectFiles.Problem(description: "\(name): error: \(ProfileEditing.words(error))")
    }
    try ProfileEditing.write(
      new, to: output, after: (name, before.profile, before.bench), options.files)
  }
}
