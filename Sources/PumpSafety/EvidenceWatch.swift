import PumpHAL
import PumpUnits

/// Judges what the slow sensors say: reservoir, battery, temperature, the patient's button.
struct EvidenceWatch {
  private let limits: EvidenceLimits
  private var implausible = 0
  private var pressedSince: Instant?

  init(_ limits: EvidenceLimits) { self.limits = limits }

  /// Whether readings can't be true, several times in a row.
  mutating func isImplausible(_ readings: SensorReadings, capacity: Volume) -> Bool {
    let slack = limits.reservoirDifference
    let isOff =
      readings.batteryMillivolts.map { $0 > limits.mostMillivolts } ?? false
      || readings.milliCelsius.map { $0 < limits.coldest || $0 > limits.hottest } ?? false
      || readings.reservoir.map { $0 > capacity + slack } ?? false
    implausible = isOff ? implausible + 1 : 0
    return implausible >= limits.implausibleReadings
  }

  /// Whether the reservoir's sensor and the ledger are too far apart.
  ///
  /// - Parameters:
  ///   - measured: What the sensor says.
  ///   - left: What is left by the ledger.
  ///   - uncertain: What may or may not have left besides.
  ///   - filled: What was filled in.
  func isMismatch(measured: Volume, left: Volume, uncertain: Volume, filled: Volume) -> Bool {
    let most = (try? left.adding(uncertain)) ?? left
    let difference = measured > most ? measured - most : left.lessening(by: measured)
    guard difference <= limits.reservoirDifference else { return true }
    let used = filled.lessening(by: left)
    let share = (try? scaled(used.count, by: limits.reservoirPermille, over: 1_000, .up)) ?? 0
    // A tenth of the reservoir must be used, and what is missing must stand out from the sensor's noise: a share
    // of a small fill is less than that.
    return used.count > filled.count / 10
      && difference.count > share + limits.reservoirNoise.count
  }

  /// Whether the patient's button is stuck.
  mutating func isButtonStuck(_ isPressed: Bool, at now: Instant) -> Bool {
    guard isPressed else {
      pressedSince = nil
      return false
    }
    let since = pressedSince ?? now
    pressedSince = since
    return now.elapsed(since: since) >= limits.buttonStuck
  }
}
