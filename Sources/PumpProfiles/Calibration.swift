public import PumpUnits

/// The volume of a revolution, measured by weighing what a number of steps delivered.
public struct Calibration: Equatable, Sendable {
  /// Microsteps that were made.
  public var steps: UInt64
  /// What they delivered, on the scales, in nanograms.
  public var weighedNanograms: UInt64
  /// The liquid's density in nanograms a millilitre; water's at 20 °C unless told otherwise.
  public var densityNanogramsPerMillilitre: UInt64
  /// The air's density in nanograms a millilitre; zero where the weight is not to be corrected for
  /// buoyancy.
  public var airNanogramsPerMillilitre: UInt64

  /// The weights that scales are adjusted with, by convention: 8,000 mg/mL (ISO 8655-6).
  static var steel: UInt64 { 8_000_000_000 }

  /// Water at 20 °C: 998.2 mg/mL.
  public static var water: UInt64 { 998_200_000 }

  /// Why a calibration can't be used.
  public enum Problem: Error, Equatable, Sendable {
    case nothingWeighed
    /// Less than half of what the old calibration gives, or more than twice that.
    case implausible(old: Volume, new: Volume)
    case beyondArithmetic
  }

  public init(
    steps: UInt64, weighedNanograms: UInt64,
    densityNanogramsPerMillilitre: UInt64 = Calibration.water,
    airNanogramsPerMillilitre: UInt64 = 0
  ) {
    self.steps = steps
    self.weighedNanograms = weighedNanograms
    self.densityNanogramsPerMillilitre = densityNanogramsPerMillilitre
    self.airNanogramsPerMillilitre = airNanogramsPerMillilitre
  }

  /// The volume that was weighed: weight × (steel − air) ÷ steel ÷ (liquid − air), by the densities
  /// (ISO 8655-6); without air weight ÷ density.
  public func delivered() throws(Problem) -> Volume {
    let air = airNanogramsPerMillilitre
    guard air < densityNanogramsPerMillilitre, air < Self.steel,
      let weight = try? scaled(weighedNanograms, by: Self.steel - air, over: Self.steel, .down),
      let volume = try? scaled(
        weight, by: 1_000_000_000_000, over: densityNanogramsPerMillilitre - air, .down)
    else { throw .beyondArithmetic }
    return Volume(femtolitres: volume)
  }

  /// The volume of a revolution of the head: what was delivered × steps a revolution ÷ steps made,
  /// to the picolitre.
  public func volumePerRevolution(of pump: Pump, on driver: Driver) throws(Problem) -> Volume {
    guard steps > 0, weighedNanograms > 0 else { throw .nothingWeighed }
    let perTurn = pump.fullStepsPerRevolution * driver.microsteps * pump.gear.motor
    let delivered = try delivered().femtolitres
    guard let all = try? scaled(delivered, by: perTurn, over: steps, .down) else {
      throw .beyondArithmetic
    }
    let volume = Volume(femtolitres: all / pump.gear.head / 1_000 * 1_000)
    let old = pump.volumePerRevolution
    guard volume + volume >= old, old + old >= volume else {
      throw .implausible(old: old, new: volume)
    }
    return volume
  }

  /// A pump file's text with this volume of a revolution, the note above it, and a new checksum.
  public static func rewrite(_ text: String, volumePerRevolution volume: Volume, note: String)
    -> String
  {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines.removeAll { $0.hasPrefix("# Calibrated ") }
    if let place = lines.firstIndex(where: { $0.hasPrefix("volume-per-revolution:") }) {
      let picolitres = volume.femtolitres / 1_000
      let digits = String(picolitres % 1_000_000)
      let fraction = String(repeating: "0", count: 6 - digits.count) + digits
      lines[place] = "volume-per-revolution: \(picolitres / 1_000_000).\(fraction) uL"
      lines.insert("# Calibrated \(note)", at: place)
    }
    let body = lines.joined(separator: "\n")
    guard let sum = BenchLoader.checksum(of: body) else { return body }
    return body.replacing(/checksum:.*/, with: "checksum: \"\(sum)\"")
  }
}
