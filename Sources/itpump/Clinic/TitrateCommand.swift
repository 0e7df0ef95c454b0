import ArgumentParser
import Foundation
import PumpClinic
import PumpFiles
import PumpProfiles
import PumpReports
import PumpUnits

/// `itpump titrate`: the same day with more or less drug.
struct TitrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "titrate",
    abstract:
      "Write a profile with a higher or lower daily dose: the same times, each dose by the same factor.",
    discussion: """
      Rates and scheduled boluses change, rounded down to a thousandth of a microgram; the patient's bolus and a \
      single one do not. Shows what differs and how the change is judged. A change that is refused is not written.
      """)

  @Argument(help: "The profile that runs now.", completion: .file(extensions: ["yaml"]))
  var profile: String

  @Option(
    parsing: .unconditional,
    help: .init("By so much of the daily dose, such as 15% or -10%.", valueName: "share"))
  var by: String?

  @Option(help: .init("To this dose a day, such as '345 ug/day'.", valueName: "dose"))
  var to: String?

  @Option(name: .shortAndLong, help: .init("Write the new profile here.", valueName: "file"))
  var output: String?

  @Flag(
    help: "With --to: write nothing, and print the way there in usual steps, one a day at most.")
  var ladder = false

  @OptionGroup var options: FileOptions

  func validate() throws {
    guard (by == nil) != (to == nil) else { throw ValidationError("either --by or --to") }
    guard (output == nil) == ladder else {
      throw ValidationError(
        "name the new profile's file with -o; or ask for the --ladder, which writes none")
    }
    guard !ladder || to != nil else { throw ValidationError("--ladder goes with --to") }
    _ = try wish()
  }

  func run() throws {
    let name = ProjectFiles.profile(profile)
    let inputs = try options.files.inputs(name)
    guard let output else { return try printLadder(inputs, name) }
    try ProfileEditing.checkIsNew(output)
    // What ran may have expired since.
    let before = try inputs.load(now: nil)
    let (wish, text) = (try wish(), try ProfileEditing.text(of: inputs.profile))
    let new: ProfileText
    do throws(TitrationStep.Problem) {
      new = try TitrationStep(wish, of: text, before.profile).text
    } catch {
      throw ProjectFiles.Problem(description: "\(name): error: \(error.words)")
    }
    if before.profile.singleBolus != nil {
      Console.note(
        "\(output): note: its single bolus is as it was: take it out unless it is meant again")
    }
    try ProfileEditing.write(
      new, to: output, after: (name, before.profile, before.bench), options.files)
  }

  private func printLadder(_ inputs: ProfileInputs, _ name: String) throws {
    let profile = try inputs.load(now: nil).profile
    let drug = try InputFile.drugs(inputs.drugs).first { $0.name == profile.drug }
    guard case .to(let wanted) = try wish(), let limits = drug?.populations[profile.population]
    else { return }
    let start = profile.mode == .minimumRate ? .zero : profile.meanDosePerDay
    let ladder: TitrationLadder
    do throws(TitrationLadder.Problem) {
      ladder = try TitrationLadder(from: start, to: wanted, limits)
    } catch {
      throw ProjectFiles.Problem(description: "\(name): error: \(LadderText.words(error))")
    }
    try ProjectFiles.print(LadderText(ladder, profile: profile, from: Date()).text)
  }

  /// What is asked for.
  private func wish() throws -> TitrationStep.Wish {
    do {
      if let to { return .to(Mass(femtograms: try PumpProfiles.Dimension.doseRate.count(of: to))) }
      let share = by ?? ""
      let isLess = share.hasPrefix("-")
      let size = try PumpProfiles.Dimension.percent.count(
        of: String(isLess || share.hasPrefix("+") ? share.dropFirst() : share[...]), example: "15%")
      // Ten times as much is no titration, whatever the library says.
      guard size <= 1_000_000 else { throw ValidationError("--by: \(share) is no titration") }
      return .by(thousandths: isLess ? -Int64(size) : Int64(size))
    } catch let problem as PumpProfiles.Dimension.Problem {
      throw ValidationError("\(to == nil ? "--by" : "--to"): \(problem.message)")
    }
  }
}
