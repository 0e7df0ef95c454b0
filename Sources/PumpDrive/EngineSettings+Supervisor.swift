import PumpPlan
public import PumpSafety
import PumpUnits

extension EngineSettings {
  /// The supervisor's settings for the same pump.
  ///
  /// - Parameter stepsPerIndex: Steps from one index pulse to the next; `nil` without an index line.
  public func supervisor(stepsPerIndex: UInt64?) -> SupervisorSettings {
    let braking =
      (try? scaled(motor.maximumRate, by: 1_000_000_000, over: motor.acceleration, .up)) ?? 0
    return SupervisorSettings(
      step: step, limits: limits, reservoir: reservoir, backlogLimit: backlogLimit,
      maximumRate: motor.maximumRate,
      braking: TimeSpan(nanoseconds: braking) + TimeSpan(seconds: 1), stepsPerIndex: stepsPerIndex)
  }
}
