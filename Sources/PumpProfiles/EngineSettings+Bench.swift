public import PumpEngine
import PumpPlan
public import PumpSafety
import PumpUnits

extension Profile {
  /// The engine's settings for this profile on a bench.
  public func engineSettings(on bench: Bench) -> EngineSettings {
    let backlog = (try? bench.step.steps(in: bench.board.backlogLimit)) ?? 1
    return EngineSettings(
      step: bench.step, motor: bench.driver.motor, driver: bench.driver.timing,
      backlogLimit: max(1, backlog), limits: limits, reservoir: reservoir)
  }

  /// The supervisor's settings for this profile on a bench.
  public func supervisorSettings(on bench: Bench) -> SupervisorSettings {
    let engine = engineSettings(on: bench)
    let motor = bench.driver.motor
    let braking =
      (try? scaled(
        motor.maximumRate, by: 1_000_000_000, over: motor.acceleration, .up)) ?? 0
    return SupervisorSettings(
      step: bench.step, limits: limits, reservoir: reservoir, backlogLimit: engine.backlogLimit,
      maximumRate: motor.maximumRate,
      braking: TimeSpan(nanoseconds: braking) + TimeSpan(seconds: 1),
      stepsPerIndex: bench.board.lines["index"] == nil ? nil : bench.stepsPerIndex)
  }
}
