public import PumpEngine
import PumpUnits

extension Profile {
  /// The engine's settings for this profile on a bench.
  public func engineSettings(on bench: Bench) -> EngineSettings {
    let backlog = (try? bench.step.steps(in: bench.board.backlogLimit)) ?? 1
    return EngineSettings(
      step: bench.step, motor: bench.driver.motor, driver: bench.driver.timing,
      backlogLimit: max(1, backlog), limits: limits, reservoir: reservoir)
  }
}
