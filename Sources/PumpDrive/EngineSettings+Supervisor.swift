import PumpPlan
public import PumpSafety
import PumpUnits

extension EngineSettings {
  /// The supervisor's settings for the same pump.
  ///
  /// - Parameters:
  ///   - stepsPerIndex: Steps from one index pulse to the next; `nil` without an index line.
  ///   - stallTries: Index distances that a stalled motor gets to turn again.
  public func supervisor(stepsPerIndex: UInt64?, stallTries: UInt64) -> SupervisorSettings {
    let braking =
      (try? scaled(motor.maximumRate, by: 1_000_000_000, over: motor.acceleration, .up)) ?? 0
    var supervisor = SupervisorSettings(
      step: step, limits: limits, reservoir: reservoir, backlogLimit: backlogLimit,
      maximumRate: motor.maximumRate,
      braking: TimeSpan(nanoseconds: braking) + TimeSpan(seconds: 1), stepsPerIndex: stepsPerIndex)
    supervisor.stallTries = stallTries
    return supervisor
  }
}
