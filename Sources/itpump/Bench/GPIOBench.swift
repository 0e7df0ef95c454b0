import ArgumentParser
import Foundation
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
  var writes: UInt64 = 20_000

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
      for pair in 0..<pairs {
        let isSwiftFirst = pair % 2 == 0
        var swift = isSwiftFirst ? try measure { try toggle(line) } : 0
        let c = try measure { try line.toggleInC(times: writes) }
        if !isSwiftFirst { swift = try measure { try toggle(line) } }
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

  private func toggle(_ line: borrowing OutputLine) throws(LineFault) {
    for number in 0..<writes { try line.set(number & 1 == 1 ? .asserted : .released) }
  }

  /// Nanoseconds a write.
  private func measure(_ work: () throws -> Void) throws -> Double {
    let clock = PacedClock(pace: .asleep)
    let began = clock.read()
    try work()
    return Double((clock.read() - began).nanoseconds) / Double(writes)
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
