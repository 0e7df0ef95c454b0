import ArgumentParser
import PumpBenchmarks
import PumpFiles
import PumpHAL
import PumpLinux
import PumpProfiles
import PumpUnits

/// `itpump bench gpio`: what a write of the STEP line costs, beside a bare loop in C.
struct GPIOBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gpio",
    abstract: "Measure a write of the STEP line against the same loop in C.",
    discussion: "The motor stays de-energised: STEP toggles while ENABLE is released. The two "
      + "loops alternate; the ratio is the median of the pairs'.")

  @OptionGroup var target: BoardOptions

  @Option(help: .init("Writes a loop.", valueName: "number"))
  var writes: UInt64 = 100_000

  @Option(help: .init("Pairs of loops, 1 to 99.", valueName: "number"))
  var pairs = 5

  @Option(help: .init("Write the figures as JSON; - for standard output.", valueName: "file"))
  var json: String?

  func validate() throws {
    guard (1...99).contains(pairs) else { throw ValidationError("--pairs: 1 to 99") }
    guard (100...100_000_000).contains(writes) else {
      throw ValidationError("--writes: 100 to 100000000")
    }
  }

  func run() throws {
    let bench = try target.bench()
    let resolved = try target.resolve(bench.board)
    do {
      guard let enable = resolved.requests[.enable], let step = resolved.requests[.step] else {
        throw ProjectFiles.Problem(description: "\(bench.board.name): error: no step or enable")
      }
      let figures = try GPIOFigures(
        writes: writes, pairs: pairs, step: step, enable: enable, on: resolved.chip)
      try ProjectFiles.put(figures, figures.table, json: json)
    } catch let failure as GPIOFailure {
      throw ProjectFiles.Problem(description: "\(bench.board.name): error: \(failure)")
    } catch let fault as LineFault {
      throw ProjectFiles.Problem(description: "\(bench.board.name): error: \(fault)")
    }
  }
}
