import ArgumentParser
import Foundation
import PumpDrive
import PumpFiles
import PumpHAL
import PumpMessages
import PumpPlant
import PumpProfiles
import PumpReports
import PumpScenarios
import PumpUnits

/// `itpump simulate`: a profile on the simulated bench, months in seconds.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Run a profile on the simulated bench and sum up what was delivered.",
    discussion: """
      The same control core that drives real hardware runs against a simulated motor, pump head, \
      reservoir and sensors in virtual time. Two runs with the same profile, start, seed and faults \
      are identical to the byte; the trace digest shows it.
      """)

  @Argument(
    help: "The profile; none for --campaign.", completion: .file(extensions: ["yaml"]))
  var profile: String?

  @Option(
    help: .init(
      "Instead of a profile: so many days of random therapies, faults and commands on all processors, "
        + "each held against the safety rules; begins at --seed.", valueName: "days"))
  var campaign: Int?

  @Flag(
    help: """
      With --campaign: nothing goes wrong, every shipped profile runs with every fill, and a thousand random \
      ones do; what alarms does so without a cause.
      """)
  var withoutFaults = false

  @Option(
    name: .customLong("for"), help: .init("How long, such as 24h or 7days.", valueName: "time"),
    transform: SpanArgument.parse)
  var span = SpanArgument(.day)

  @Option(
    help: .init(
      "When it begins, such as 2026-11-22T08:00, in the profile's time zone; today's midnight if "
        + "not given.", valueName: "time"))
  var start: StartArgument?

  @Option(help: .init("For sensor noise and random faults.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    help: .init("Faults of the simulated plant.", valueName: "file"),
    completion: .file(extensions: ["yaml"]))
  var faults: String?

  @Option(
    help: .init(
      "What people ask of the simulated pump, and when: see Hardware/running-pump.md.",
      valueName: "file"),
    completion: .file(extensions: ["yaml"]))
  var commands: String?

  @Option(help: .init("Write every line's edges as a VCD waveform.", valueName: "file"))
  var vcd: String?

  @Option(help: .init("Write the outcome as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @OptionGroup var options: FileOptions

  func validate() throws {
    guard (profile == nil) != (campaign == nil) else {
      throw ValidationError("name a profile, or --campaign and a number of days")
    }
    guard (1...1_000_000).contains(campaign ?? 1) else {
      throw ValidationError("--campaign: 1 to 1000000 days")
    }
    guard !withoutFaults || campaign != nil && faults == nil else {
      throw ValidationError("--without-faults goes with --campaign, and without --faults")
    }
    guard campaign == nil || faults == nil && commands == nil && vcd == nil && start == nil
    else {
      throw ValidationError("--campaign: leave out --faults, --commands, --vcd and --start")
    }
    guard vcd != "-" else { throw ValidationError("--vcd: name a file; a waveform is large") }
    guard span.span <= TimeSpan(days: 3660) else {
      throw ValidationError("--for: at most 3660 days are simulated at once")
    }
  }

  func run() throws {
    if let campaign {
      let isKept =
        withoutFaults
        ? try QuietCampaign.report(days: campaign, seed: seed, files: options.files, json: json)
        : try CampaignReport.run(days: campaign, seed: seed, json: json)
      guard isKept else { throw ExitCode(1) }
      return
    }
    guard let path = profile else { return }
    let (profile, bench) = try options.load(
      path, now: start?.date(in: .gmt) ?? Date(), outputs: [json, vcd], others: [faults, commands])
    var simulation = Simulation(
      profile: profile, bench: bench, span: span.span,
      start: try StartArgument.resolve(start, in: profile.timeZone), seed: seed,
      faults: try faults.map { try FaultFile.read($0, seed: seed, span: span.span) } ?? [])
    if let commands {
      simulation.commands = try CommandFile.read(commands, for: profile, lasting: span.span)
      simulation.drugs = try InputFile.drugs(
        options.files.drugFiles(besideProfile: ProjectFiles.profile(path)))
    }
    let outcome = try simulation.run(drawing: vcd)
    let report = SimulationReport(simulation, outcome)
    if let json {
      let text = try JSONOutput.text(report.machine)
      try ProjectFiles.write(text, to: json)
    }
    if json != "-" { try ProjectFiles.print(report.text) }
    if outcome.refusal != nil { throw ExitCode(1) }
    if case .tripped = outcome.status.state { throw ExitCode(1) }
  }
}
