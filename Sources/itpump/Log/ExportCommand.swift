import ArgumentParser
import PumpFiles
import PumpReports

/// `itpump export`: a pump's prescription and past for other systems.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a pump's prescription and past for other systems, as a FHIR R4 Bundle.",
    discussion: """
      Everything is read from the journal, also while a run writes to it. The same file gives the same bytes. \
      Quantities have UCUM units.
      """)

  @Argument(
    help: "The journal; 'itpump run' names it at its end.",
    completion: .file(extensions: ["journal"]))
  var journal: String

  @Option(help: .init("Write a FHIR R4 Bundle; - for standard output.", valueName: "file"))
  var fhir: String

  @OptionGroup var options: FileOptions

  func run() throws {
    try ProjectFiles.checkOutputs([fhir], inputs: [journal])
    let past = try JournalPast(journal, options.files)
    let profile = try past.profile()
    try ProjectFiles.write(
      JSONOutput.text(FHIRBundle(past.report(), profile).resource), to: fhir)
  }
}
