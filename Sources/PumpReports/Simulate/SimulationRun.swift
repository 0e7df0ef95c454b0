import PumpFiles
import PumpHAL
package import PumpPlant
package import PumpProfiles
package import PumpScenarios
package import PumpUnits

extension Simulation {
  /// Runs it, with its progress on a terminal.
  ///
  /// - Parameter vcd: A file for every line's edges.
  package func run(drawing vcd: String?) throws -> Outcome {
    var bar = Console.Progress("simulating \(Format.span(span))")
    defer { bar.finish() }
    guard let vcd else {
      return run(trace: DigestTrace()) { bar.show($0) }.0
    }
    let file = try OutputFile(vcd)
    let trace = VCDTrace(bench.board, BenchLine.allCases, file)
    var (outcome, written) = run(trace: trace) { bar.show($0) }
    written.finish(at: .epoch + span)
    try file.close()
    outcome.digest = written.digest
    return outcome
  }
}

extension FaultFile {
  /// Reads a file of faults.
  ///
  /// - Throws: `ProjectFiles.Problem`, with every place where it is wrong.
  package static func read(
    _ faults: String, seed: UInt64, span: TimeSpan
  ) throws -> [ScheduledFault] {
    let (loaded, diagnostics) = load(
      try ProjectFiles.text(faults), seed: seed, span: span)
    return try ProjectFiles.usable(loaded, diagnostics, faults)
  }
}

extension CommandFile {
  /// Reads a file of commands, with the profiles beside it that they name.
  ///
  /// - Throws: `ProjectFiles.Problem`, with every place where it is wrong.
  package static func read(
    _ commands: String, for profile: Profile, lasting span: TimeSpan
  ) throws -> [ScriptedCommand] {
    let folder = PathParts.folder(of: commands)
    let (loaded, diagnostics) = load(
      try ProjectFiles.text(commands), for: profile, lasting: span
    ) { path in
      try? ProjectFiles.text(PathParts.joined(folder, path))
    }
    return try ProjectFiles.usable(loaded, diagnostics, commands)
  }
}
