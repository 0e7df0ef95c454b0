import ArgumentParser
import PumpBench
import PumpConformance
import PumpFiles
import PumpLinux
import PumpProfiles
import PumpReports

/// `itpump hardware conform`: the promises of the hardware protocols, tried on a board.
struct ConformCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conform",
    abstract: "Try what the controller relies on: clocks, lines with read-back, sensors, sounds.",
    discussion: "ENABLE is asserted for an instant while STEP keeps still, so the motor does not "
      + "turn; the buzzer sounds. Takes about five seconds.")

  @OptionGroup var target: BoardOptions

  func run() throws {
    let bench = try target.bench()
    _ = try target.resolve(bench.board)
    var hardware = try LinuxBench.claimed(bench.board, clock: PacedClock(pace: .init()))
    var conformance = HardwareConformance()
    conformance.check(&hardware)
    for violation in conformance.violations {
      Console.note("BROKEN  \(violation.promise): \(violation)")
    }
    try ProjectFiles.print(
      "\(bench.board.name): \(conformance.kept.count) passed, "
        + "\(conformance.violations.count) failed\n")
    if !conformance.violations.isEmpty { throw ExitCode(1) }
  }
}
