import ArgumentParser
import Foundation
import PumpFiles
import PumpHAL
import PumpLinux
import PumpProfiles
import PumpReports
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

  struct Figures: Encodable {
    var library: String
    var writes: UInt64
    var swift_ns_per_write: [Double]
    var c_ns_per_write: [Double]
    var ratios: [Double]
    var median_ratio: Double
  }

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
      // Held, so that nothing else can energise the motor meanwhile.
      let held = try OutputLine(enable, on: resolved.chip)
      let line = try OutputLine(step, on: resolved.chip)
      var figures = Figures(
        library: GPIOChip.library, writes: writes, swift_ns_per_write: [], c_ns_per_write: [],
        ratios: [], median_ratio: 0)
      _ = try measure { try line.toggleInC(times: 100) }
      for _ in 0..<pairs {
        let (swift, c) = try alternate(line)
        figures.swift_ns_per_write.append(swift)
        figures.c_ns_per_write.append(c)
        figures.ratios.append(swift / c)
      }
      try line.set(.released)
      try held.set(.released)
      figures.median_ratio = figures.ratios.sorted()[pairs / 2]
      try report(figures)
    } catch let failure as GPIOFailure {
      throw ProjectFiles.Problem(description: "\(bench.board.name): error: \(failure)")
    } catch let fault as LineFault {
      throw ProjectFiles.Problem(description: "\(bench.board.name): error: \(fault)")
    }
  }

  /// A pair of loops in slices that alternate, so that a machine's drift meets both alike.
  ///
  /// - Returns: Nanoseconds a write.
  private func alternate(_ line: borrowing OutputLine) throws -> (swift: Double, c: Double) {
    let slices: UInt64 = 20
    var (swift, c) = (TimeSpan.zero, TimeSpan.zero)
    for slice in 0..<slices {
      if slice % 2 == 0 { swift += try measure { try toggle(line, writes / slices) } }
      c += try measure { try line.toggleInC(times: writes / slices) }
      if slice % 2 == 1 { swift += try measure { try toggle(line, writes / slices) } }
    }
    let made = Double(writes / slices * slices)
    return (Double(swift.nanoseconds) / made, Double(c.nanoseconds) / made)
  }

  private func toggle(_ line: borrowing OutputLine, _ count: UInt64) throws(LineFault) {
    for number in 0..<count { try line.set(number & 1 == 1 ? .asserted : .released) }
  }

  private func measure(_ work: () throws -> Void) throws -> TimeSpan {
    let clock = PacedClock(pace: .asleep)
    let began = clock.read()
    try work()
    return clock.read() - began
  }

  private func report(_ figures: Figures) throws {
    if let json {
      let text = try JSONOutput.text(figures)
      if json == "-" { return try ProjectFiles.print(text) }
      try ProjectFiles.write(text, to: json)
    }
    func median(_ values: [Double]) -> String {
      String(format: "%.0f ns", values.sorted()[values.count / 2])
    }
    try ProjectFiles.print(
      "\(figures.library), \(writes) writes, \(pairs) pairs\n"
        + "  from Swift   \(median(figures.swift_ns_per_write))\n"
        + "  bare C loop  \(median(figures.c_ns_per_write))\n"
        + String(format: "  ratio        %.3f\n", figures.median_ratio))
  }
}
