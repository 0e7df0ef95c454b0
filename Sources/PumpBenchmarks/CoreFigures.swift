import Foundation
import PumpReports
import PumpUnits

/// How fast the planner and the whole simulated stack are on this machine.
package struct CoreFigures: Encodable {
  /// One programme's figures.
  package struct Row: Encodable {
    var programme: String
    var steps: UInt64
    var ns_per_step: Double
    var seconds: Double
    var worst_error_ns: UInt64?
    var trace_digest: String?
  }

  private let programmes: [Row]
  private let peak_memory_mib: Double

  /// Measures.
  ///
  /// - Parameters:
  ///   - only: Letters of abcde.
  ///   - runs: Runs of each programme, an odd number best: the median counts.
  package init(only: String, runs: Int) throws {
    var rows: [Row] = []
    var bar = Console.Progress("measuring")
    func add(_ name: String, _ result: PlannerBench.Result) {
      rows.append(
        Row(
          programme: name, steps: result.steps, ns_per_step: result.nanosecondsPerStep,
          seconds: result.seconds, worst_error_ns: result.worstErrorNanoseconds))
      bar.show(Double(rows.count) / Double(only.count))
    }
    func add(_ name: String, _ result: StackBench.Result) {
      rows.append(
        Row(
          programme: name, steps: result.steps, ns_per_step: result.nanosecondsPerStep,
          seconds: result.seconds, trace_digest: SimulationReport.hex(result.digest)))
      bar.show(Double(rows.count) / Double(only.count))
    }
    if only.contains("a") {
      add("a  200 boluses of 10,000 steps, ramped, 1 s apart", try PlannerBench.boluses(runs))
    }
    if only.contains("b") {
      let span = TimeSpan(seconds: 1_000)
      add("b  1 kHz for 1,000 s", try PlannerBench.constant(1_000, in: 1, lasting: span, runs))
    }
    if only.contains("c") {
      add("c  0.5 steps/s for 24 h", try PlannerBench.constant(1, in: 2, lasting: .day, runs))
    }
    if only.contains("d") {
      let flow = try StepVolume.reference.flow(ofStepsPerSecond: 1_000)
      let span = TimeSpan(seconds: 1_000)
      add("d  whole simulated stack, 1 kHz for 1,000 s", try StackBench.run(flow, for: span, runs))
    }
    if only.contains("e") {
      let flow = FlowRate(microlitresPerDay: 100)
      add(
        "e  180-day refill cycle, 100 µL/day",
        try StackBench.run(flow, for: TimeSpan(days: 180), min(3, runs)))
    }
    bar.finish()
    programmes = rows
    peak_memory_mib = PeakMemory.mebibytes
  }

  /// For people.
  package var table: String {
    var lines = [
      "  programme                                                steps   ns/step     total"
        + "   worst error"
    ]
    for row in programmes {
      let error = row.worst_error_ns.map { "\($0) ns" } ?? "-"
      lines.append(
        "  " + row.programme.padding(toLength: 50, withPad: " ", startingAt: 0)
          + TextColumns.right(TextColumns.grouped(row.steps), 12)
          + TextColumns.right(String(format: "%.2f", row.ns_per_step), 10)
          + TextColumns.right(
            row.seconds < 1
              ? String(format: "%.2f ms", row.seconds * 1e3)
              : String(format: "%.2f s", row.seconds), 10)
          + TextColumns.right(error, 14))
    }
    lines.append(String(format: "  peak memory %.1f MiB", peak_memory_mib))
    return lines.joined(separator: "\n") + "\n"
  }
}

/// The most memory that this process ever had resident.
enum PeakMemory {
  static var mebibytes: Double {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kibibytes = line?.split { $0 == " " || $0 == "\t" }.dropFirst().first { Double($0) != nil }
    return kibibytes.flatMap { Double($0) }.map { $0 / 1024 } ?? .nan
  }
}
