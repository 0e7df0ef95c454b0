import ArgumentParser
import PumpUnits

/// `itpump bench`: how fast and how exact the core is on this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure the planner and the simulated stack.")

  func run() throws {
    let repeats = 5
    let a = try PlannerBench.boluses(repeats: repeats)
    print("a", a)
    print("b", try PlannerBench.constant(steps: 1000, in: 1, lasting: TimeSpan(seconds: 1000), repeats: repeats))
    print("c", try PlannerBench.constant(steps: 1, in: 2, lasting: .day, repeats: repeats))
    print("d", try StackBench.run(StepVolume.reference.flow(ofStepsPerSecond: 1000), lasting: TimeSpan(seconds: 100), repeats: repeats))
    print("e", try StackBench.run(FlowRate(microlitresPerDay: 100), lasting: TimeSpan(days: 180), repeats: 1))
  }
}
