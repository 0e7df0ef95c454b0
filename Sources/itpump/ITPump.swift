import ArgumentParser

/// The command line of the intrathecal pump controller.
@main
struct ITPump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "itpump",
    abstract: "Plan, simulate and check intrathecal baclofen delivery, to the step.",
    discussion: "Bench equipment: not a medical device, not for human use.",
    version: "0.1.0",
    subcommands: [BenchCommand.self])
}
