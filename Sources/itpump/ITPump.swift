import ArgumentParser
import Glibc
import PumpFiles
import PumpReports
import PumpService

/// The command line of the intrathecal pump controller.
#if !FUZZING
  @main
#endif
struct ITPump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "itpump",
    abstract: "Plan, simulate and check intrathecal baclofen delivery, to the step.",
    discussion: "Bench equipment: not a medical device, not for human use.",
    version: Version.text,
    subcommands: [
      NewCommand.self, EditCommand.self, TitrateCommand.self, CheckCommand.self, DiffCommand.self,
      BridgeCommand.self, ScreeningCommand.self, RecallCommand.self,
      PlanCommand.self, SimulateCommand.self, CompileCommand.self,
      RunCommand.self, ReplayCommand.self, LogCommand.self, ReportCommand.self, ExportCommand.self,
      ReconcileCommand.self,
      AlarmCommand.self, HardwareCommand.self, BenchCommand.self, WhereCommand.self,
      StatusCommand.self, BolusCommand.self, CancelBolusCommand.self, PatientBolusCommand.self,
      SuspendCommand.self, ResumeCommand.self, AcknowledgeCommand.self, SilenceCommand.self,
      AdoptCommand.self, EndOutageCommand.self, RefillCommand.self, AnchorCommand.self,
      PrimeCommand.self, StopCommand.self,
    ])

  /// Exits with 1 where the work failed, and with 2 for a wrong command line.
  static func main() {
    if DriveProgram.isCalled(CommandLine.arguments) {
      Glibc.exit(DriveProgram.run(note: Console.note))
    }
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      if let message = Misspelling.message(arguments) { throw ValidationError(message) }
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch let problem as ProjectFiles.Problem {
      Console.note(problem.description)
      Self.exit(withError: ExitCode(1))
    } catch {
      let code = exitCode(for: error)
      guard code == .validationFailure else { Self.exit(withError: error) }
      Console.note(fullMessage(for: error))
      Self.exit(withError: ExitCode(2))
    }
  }
}
