import ArgumentParser
import Foundation
import PumpClinic
import PumpFiles
import PumpProfiles
import PumpReports

/// `itpump recall`: lots against the public recalls.
struct RecallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recall",
    abstract: "Hold lots, or a pump's serial number, against a file of public recalls.",
    discussion: """
      The file is the public enforcement reports as JSON, whole, of drugs or of devices. An answer is listed, cannot \
      be excluded, or not found; none of them says that a lot is safe. Exits with 0 where nothing was found, with \
      3 where something is listed or can't be excluded.
      """)

  @Option(
    help: .init("The file of reports.", valueName: "file"), completion: .file(extensions: ["json"]))
  var against: String

  @Argument(
    help: "Profiles, and journals: the lot of each, and every lot that a journal has had.",
    completion: .file())
  var files: [String] = []

  @Option(help: .init("A lot, as the vial has it.", valueName: "lot")) var lot: [String] = []
  @Option(help: .init("The drug of --lot.", valueName: "name")) var drug = "baclofen"
  @Option(help: .init("A pump's serial number; --against is of devices then.", valueName: "number"))
  var serial: [String] = []
  @Option(
    help: .init(
      "What --serial's pump is called, to look at recalls of other kinds too.", valueName: "name"))
  var device: [String] = []
  @Option(help: .init("A file of reports that is older proves nothing.", valueName: "days"))
  var oldest = 14
  @Flag(help: "Print JSON instead of text.") var json = false
  @OptionGroup var options: FileOptions

  func validate() throws {
    guard (files.isEmpty && lot.isEmpty) != serial.isEmpty else {
      throw ValidationError(
        "name profiles, journals or a --lot, with a file of drugs; or a --serial, with one of devices"
      )
    }
    for each in lot + serial where !RecallSearch.isLot(each) {
      throw ValidationError(
        "'\(each)' is no lot and no serial number: one at a time, as the label has it")
    }
    guard oldest >= 0 else { throw ValidationError("--oldest: 0 or more days") }
  }

  func run() throws {
    let today = Date()
    // The agency's whole file of drugs has some 50 MB.
    let data = try InputBytes.read(against, atMost: 512 << 20)
    let file: RecallFile
    do throws(RecallFile.Problem) {
      file = try RecallFile(data)
    } catch {
      switch error {
      case .notARecallFile(let words):
        throw ProjectFiles.Problem(description: "\(against): error: \(words)")
      }
    }
    let search = RecallSearch(file, oldestInDays: oldest)
    let library = try InputFile.drugs(options.files.drugFiles(besideProfile: files.first ?? ""))
    func report(_ lot: String, _ drug: String, _ from: String?) -> RecallReport {
      let brands = library.first { $0.name == drug.lowercased() }?.brands ?? []
      return RecallReport(
        search.answer(lot: lot, of: [drug] + brands, today: today), asked: "lot \(lot) of \(drug)",
        from: from)
    }
    var reports = lot.map { report($0, drug, nil) }
    reports += serial.map { each in
      RecallReport(
        search.answer(serial: each, of: device, today: today), asked: "serial number \(each)",
        from: nil,
        isDevice: true)
    }
    for path in files {
      reports += try NamedFilling.all(in: path).map { report($0.lot, $0.drug, $0.place) }
    }
    try ProjectFiles.print(json ? JSONOutput.text(reports) : reports.map(\.text).joined())
    if reports.contains(where: { !$0.isNotFound }) { throw ExitCode(3) }
  }
}
