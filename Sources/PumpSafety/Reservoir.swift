public import PumpTherapy
public import PumpUnits

/// The reservoir by the ledger: a calculation, not a measurement.
///
/// It counts every step that was made or may have been, so it never shows more than is there by the
/// calibration. It can't see a leak or a pump that delivers more a step than calibrated; the sensor
/// and the refill do.
public struct Reservoir: Equatable, BitwiseCopyable, Sendable {
  /// What it holds when full.
  public let capacity: Volume
  /// What it held after the last fill.
  public let filled: Volume
  /// At or below this it is low.
  public let lowAlarm: Volume
  /// At or below this delivery stops, before the pump runs dry.
  public let reserve: Volume

  /// Why a reservoir can't be used.
  public enum Problem: Error, Equatable, Sendable {
    case overfilled
    /// The low alarm would come with the stop, or after it.
    case alarmBelowReserve
  }

  /// Creates a reservoir just filled.
  ///
  /// - Throws: `Problem`.
  public init(capacity: Volume, filled: Volume, lowAlarm: Volume, reserve: Volume) throws(Problem) {
    guard filled <= capacity else { throw .overfilled }
    guard reserve < lowAlarm else { throw .alarmBelowReserve }
    self.capacity = capacity
    self.filled = filled
    self.lowAlarm = lowAlarm
    self.reserve = reserve
  }

  /// The same reservoir filled to another volume; `nil` where it does not hold that.
  public func filled(to volume: Volume) -> Self? {
    try? Self(capacity: capacity, filled: volume, lowAlarm: lowAlarm, reserve: reserve)
  }

  /// What is left after so many steps since the fill, rounded down.
  public func left(afterSteps steps: UInt64, of step: StepVolume) -> Volume {
    guard let used = try? step.volume(ofSteps: steps, .up) else { return .zero }
    return filled.lessening(by: used)
  }

  /// How many more steps may be made before the reserve, after so many since the fill.
  public func stepsToReserve(afterSteps steps: UInt64, of step: StepVolume) -> UInt64 {
    guard let total = try? step.steps(in: filled.lessening(by: reserve)) else { return 0 }
    return total > steps ? total - steps : 0
  }

  /// The longest time for which a volume surely lasts: the therapy by itself, and every patient
  /// bolus that the rule permits, each day's at the day's start.
  ///
  /// Of a bolus of the pattern that began before, the therapy gives nothing.
  ///
  /// - Parameters:
  ///   - volume: What may be used up.
  ///   - prescription: What uses it.
  ///   - place: Where in its pattern the therapy is.
  ///   - besides: What a bolus in progress still delivers in a time.
  /// - Returns: The time, to the second below; `nil` where nothing is ever used, or only after a
  ///   hundred years.
  public static func timeToUse(
    _ volume: Volume, by prescription: Prescription, from place: TimeSpan,
    besides: (TimeSpan) -> Volume = { _ in .zero }
  ) -> TimeSpan? {
    let century: UInt64 = 100 * 366 * 86_400
    func lasts(_ seconds: UInt64) -> Bool {
      let span = TimeSpan(seconds: seconds)
      guard let used = try? use(of: prescription, from: place, over: span).adding(besides(span))
      else { return false }
      return used <= volume
    }
    guard !lasts(century) else { return nil }
    var low: UInt64 = 0
    var high = century
    while high - low > 1 {
      let middle = (low + high) / 2
      if lasts(middle) { low = middle } else { high = middle }
    }
    return TimeSpan(seconds: low)
  }

  private static func use(
    of prescription: Prescription, from place: TimeSpan, over span: TimeSpan
  ) throws(QuantityError) -> Volume {
    let therapy = prescription.therapy
    let own = try therapy.volume(from: place, lasting: span)
      .lessening(by: therapy.bolusBegun(before: place, within: span))
    guard let rule = prescription.patientBolus else { return own }
    let begunDays = (span.nanoseconds + TimeSpan.day.nanoseconds - 1) / TimeSpan.day.nanoseconds
    let byDay = begunDays * UInt64(rule.maximumPerDay)
    let byLockout = span.nanoseconds / max(1, rule.lockout.nanoseconds) + 1
    return try own.adding(rule.bolus.volume.multiplied(by: min(byDay, byLockout)))
  }
}
