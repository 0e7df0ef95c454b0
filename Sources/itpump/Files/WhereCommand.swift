import ArgumentParser
import Foundation
import PumpFiles
import PumpReports
import PumpService

/// `itpump where`: which files a command would use that nobody named.
struct WhereCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "where",
    abstract: "Say which drug library, boards and profiles are used, and where they were found.",
    discussion: """
      Looked in, in this order: beside the file and upwards, the working folder and upwards, the folder \
      that ITPUMP_HOME names, /etc/itpump for a site's own, /usr/share/itpump for the package's.
      """)

  @Argument(
    help: "A profile: what it would use is found from its place.",
    completion: .file(extensions: ["yaml"]))
  var profile: String?

  func run() throws {
    var lines: [String] = []
    for kind in SearchPath.Kind.allCases {
      let found = SearchPath.find(kind, beside: profile)
      let name = kind.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0)
      guard let found else {
        lines.append("\(name)none found; name it with \(kind.option)")
        continue
      }
      lines.append("\(name)\(found.folder) (\(found.reason)):")
      lines += TextColumns.wrapped(
        SearchPath.yaml(in: found.folder).map { String($0.dropLast(5)) }, indent: name.count)
    }
    let board = SearchPath.find(.boards, "simulator.yaml", beside: profile)
    lines.append(
      "simulator \(board.map { "\($0.folder) (\($0.reason))" } ?? "none found; name one with --board")"
    )
    lines.append("journals  \(JournalFile.folder)")
    lines.append("")
    lines.append("looked in, in this order:")
    for place in SearchPath.places(beside: profile) {
      let isThere = FileManager.default.fileExists(atPath: place.folder)
      lines.append("  \(place.folder) (\(place.reason)\(isThere ? "" : "; not there"))")
    }
    try ProjectFiles.print(lines.joined(separator: "\n") + "\n")
  }
}
