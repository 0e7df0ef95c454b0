import ArgumentParser
import Foundation
import PumpClinic
import PumpFiles
import PumpProfiles
import PumpReports

/// `itpump new`: a profile by questions.
struct NewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Write a profile by answering questions, each with the limits that hold.",
    discussion: """
      An answer that the drug library refuses is asked for again. '<' goes back to the question before; where nothing \
      has to be answered, Enter passes on. Nothing is written before all is answered and the profile has passed \
      'itpump check'.
      """)

  @Argument(help: "The file to write.") var output: String

  @OptionGroup var options: FileOptions

  func run() throws {
    let now = Date()
    guard !FileManager.default.fileExists(atPath: output) else {
      throw ProjectFiles.Problem(
        description: "\(output): error: it is there already: 'itpump edit' changes a profile")
    }
    try ProjectFiles.checkFolder(of: output)
    let drugs = try InputFile.drugs(options.files.drugFiles(besideProfile: output))
    let bench = try options.files.benchFiles(besideProfile: output).bench()
    let loader = ProfileLoader(drugs: drugs, bench: bench, now: now)
    let text = try answered(PrescriptionForm(loader))
    let (profile, diagnostics) = loader.load(text)
    try ProjectFiles.print(
      CheckReport(output, diagnostics, profile.map { ($0, bench) }, now: now).text)
    guard profile != nil else {
      throw ProjectFiles.Problem(
        description: "\(output): error: not written; these were the answers:\n\(text)")
    }
    try ProjectFiles.write(text, to: output)
  }

  /// Asks until all is answered.
  private func answered(_ form: PrescriptionForm) throws -> String {
    var form = form
    while let question = form.next {
      Console.write("\(question.words) (\(question.hint)): ")
      guard let line = readLine() else {
        Console.write("\n")
        throw ProjectFiles.Problem(
          description: "\(output): error: broken off at '\(question.words)'; nothing was written")
      }
      guard line.trimmingCharacters(in: .whitespaces) != "<" else {
        form.back()
        continue
      }
      do throws(PrescriptionForm.Refusal) {
        if let meaning = try form.answer(line) { Console.note("  = \(meaning)") }
      } catch {
        for message in error.messages { Console.note("  \(message)") }
      }
    }
    return form.text ?? ""
  }
}
