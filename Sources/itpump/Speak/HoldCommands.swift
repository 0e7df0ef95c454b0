import ArgumentParser
import PumpService

/// `itpump suspend`.
struct SuspendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suspend",
    abstract: "Hold the therapy back: nothing is delivered until it is resumed.",
    discussion: "An abrupt stop of baclofen can kill: a pump that is suspended alarms.")

  @OptionGroup var options: PumpOptions

  func run() throws { try Speaking.order(WireRequest(.suspend), options) }
}

/// `itpump resume`.
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on with a therapy that was held, where its pattern is now."
  )

  @OptionGroup var options: AskOptions

  func run() throws {
    try Speaking.ask(WireRequest(.resume), "go on with the therapy:", options)
  }
}

/// `itpump stop`.
struct StopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "End a run: the therapy is held, the motor de-energised, the ledger printed.")

  @OptionGroup var options: PumpOptions

  func run() throws { try Speaking.order(WireRequest(.stop), options) }
}
