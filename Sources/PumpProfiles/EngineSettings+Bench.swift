public import PumpDrive
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
    engineSettings(on: bench).supervisor(
      stepsPerIndex: bench.board.lines["index"] == nil ? nil : bench.stepsPerIndex,
      stallTries: bench.pump.stallTries)
  }
}
