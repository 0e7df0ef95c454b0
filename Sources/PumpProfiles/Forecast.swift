import PumpDrive
public import PumpMessages
import PumpSafety
import PumpTherapy
public import PumpUnits

/// What a run of a profile begins with, by the engine itself: what it refuses, when the reservoir reaches
/// its alarm level, and when delivery stops.
///
/// `check`, `plan` and `simulate` tell these, so none of them can tell another date.
public struct Forecast: Sendable {
  /// Why the therapy may not begin, or its single bolus may not be given.
  public let refusal: Refusal?
  /// Whether it is the single bolus that is refused, and the therapy runs without it.
  public let refusesBolus: Bool
  /// When the reservoir reaches its alarm level and its reserve, from the therapy's start.
  ///
  /// The worst case: every permitted patient bolus is taken; `nil` where the level is never reached.
  public let lowAlarmAfter: TimeSpan?
  public let stopsAfter: TimeSpan?
  /// Steps until the reserve.
  public let stepsToReserve: UInt64

  /// Asks the engine.
  ///
  /// - Parameter place: Where in its pattern the therapy begins.
  public init(_ profile: Profile, on bench: Bench, from place: TimeSpan) {
    var engine = Engine(
      settings: profile.engineSettings(on: bench), prescription: profile.prescription, place: place)
    var refusal: Refusal?
    do throws(Refusal) {
      try engine.perform(.begin(isConfirmed: true), at: .epoch)
      if let bolus = profile.singleBolus {
        try engine.perform(.bolus(bolus, isConfirmed: true), at: .epoch)
      }
    } catch {
      refusal = error
    }
    self.refusal = refusal
    refusesBolus = refusal != nil && engine.state == .delivering
    let status = engine.status(at: .epoch)
    lowAlarmAfter = status.refillDue.map { $0 - .epoch }
    stopsAfter = status.stopsDue.map { $0 - .epoch }
    stepsToReserve = profile.reservoir.stepsToReserve(afterSteps: 0, of: bench.step)
  }
}
