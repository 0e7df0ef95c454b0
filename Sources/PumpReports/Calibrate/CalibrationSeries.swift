import Foundation
import PumpFiles
package import PumpProfiles
package import PumpUnits

/// Weighed runs of one head, their mean and their spread.
package struct CalibrationSeries {
  /// How the weighing was done, and what it is corrected for.
  package struct Conditions {
    /// The liquid's and the air's density in nanograms a millilitre; no air, no correction for its buoyancy.
    var liquid: UInt64
    var air: UInt64
    /// What evaporates in a run, in nanograms.
    var evaporated: UInt64
    /// For the report.
    var liquidWords: String
    var evaporation: String?
    var scales: String?

    package init(
      liquid: UInt64, air: UInt64, evaporated: UInt64, liquidWords: String, evaporation: String?,
      scales: String?
    ) {
      (self.liquid, self.air, self.evaporated) = (liquid, air, evaporated)
      (self.liquidWords, self.evaporation, self.scales) = (liquidWords, evaporation, scales)
    }

    /// The density of water free of air in nanograms a millilitre, to a microgram: Tanaka et al.,
    /// Metrologia 38 (2001) 301, from 0 to 40 °C.
    package static func water(at celsius: Double) -> UInt64 {
      let kilogramsPerCubicMetre =
        999.974950
        * (1 - (celsius - 3.983035) * (celsius - 3.983035) * (celsius + 301.797)
          / (522_528.9 * (celsius + 69.34881)))
      return UInt64((kilogramsPerCubicMetre * 1_000).rounded()) * 1_000
    }
  }

  package let bench: Bench
  private let conditions: Conditions
  private var runs: [(calibration: Calibration, weight: String)] = []

  package struct Result {
    /// The mean of all runs.
    package var perRevolution: Volume
    /// Against the calibration before, in per cent.
    package var changePercent: Double
    /// The sample's standard deviation in per cent of the mean; `nil` for a single run.
    package var spreadPercent: Double?
    /// One line for the pump file.
    package var note: String
    package var summary: String
    package var report: String
  }

  package init(bench: Bench, conditions: Conditions) {
    self.bench = bench
    self.conditions = conditions
  }

  /// Takes a run.
  ///
  /// - Parameters:
  ///   - nanograms: What the scales say.
  ///   - weight: The same, as it was typed.
  /// - Throws: `ProjectFiles.Problem`.
  package mutating func take(steps: UInt64, nanograms: UInt64, weight: String) throws {
    let calibration = Calibration(
      steps: steps, weighedNanograms: nanograms + conditions.evaporated,
      densityNanogramsPerMillilitre: conditions.liquid,
      airNanogramsPerMillilitre: conditions.air)
    _ = try perRevolution(calibration)
    runs.append((calibration, weight))
  }

  private func perRevolution(_ calibration: Calibration) throws -> Volume {
    do throws(Calibration.Problem) {
      return try calibration.volumePerRevolution(of: bench.pump, on: bench.driver)
    } catch {
      throw ProjectFiles.Problem(description: "calibration: error: \(Self.words(error))")
    }
  }

  package func result() throws -> Result {
    let steps = runs.map(\.calibration.steps).reduce(0, +)
    let all = Calibration(
      steps: steps, weighedNanograms: runs.map(\.calibration.weighedNanograms).reduce(0, +),
      densityNanogramsPerMillilitre: conditions.liquid,
      airNanogramsPerMillilitre: conditions.air)
    let mean = try perRevolution(all)
    let old = bench.pump.volumePerRevolution
    let change = (Double(mean.femtolitres) / Double(old.femtolitres) - 1) * 100
    let each = try runs.map { try perRevolution($0.calibration) }
    let spread = Self.spread(each)
    let day = ISO8601DateFormatter().string(from: Date())
    let count = runs.count == 1 ? "a run" : "\(runs.count) runs"
    var summary =
      "steps                  \(TextColumns.grouped(steps)) in \(count)\n"
      + "delivered              \((try? all.delivered()).map(Format.volume) ?? "-")\n"
      + "volume per revolution  \(Self.fine(mean)), was \(Self.fine(old)) "
      + String(format: "(%+.2f %%)\n", change)
    if let spread {
      summary += String(
        format: "spread                 %.2f %% standard deviation of %d runs\n", spread, runs.count
      )
    }
    let note =
      "\(day.prefix(10)): \(count) of \(TextColumns.grouped(steps)) steps in all on \(bench.driver.name), "
      + "weighed \(runs.map(\.weight).joined(separator: ", "))"
    return Result(
      perRevolution: mean, changePercent: change, spreadPercent: spread, note: note,
      summary: summary,
      report: try report(day, summary, each))
  }

  /// The sample's standard deviation in per cent of its mean; `nil` for a single run.
  private static func spread(_ volumes: [Volume]) -> Double? {
    guard volumes.count > 1 else { return nil }
    let values = volumes.map { Double($0.femtolitres) }
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
    return (squares / Double(values.count - 1)).squareRoot() / mean * 100
  }

  private func report(_ day: String, _ summary: String, _ each: [Volume]) throws -> String {
    func milligrams(_ density: UInt64) -> String {
      String(format: "%.3f mg/mL", Double(density) / 1_000_000)
    }
    let liquid = milligrams(conditions.liquid)
    let air = conditions.air
    var text =
      """
      Calibration of \(bench.pump.name) with \(bench.driver.name) on \(bench.board.name)
      Bench equipment. Not a medical device. Not for human use.

      date                   \(day)
      scales                 \(conditions.scales.map { Visible.line($0) } ?? "not named")
      liquid                 \(liquid)\(conditions.liquidWords)
      buoyancy               \(air == 0 ? "not corrected"
        : "corrected for air of \(milligrams(air)) and weights of 8000 mg/mL")
      evaporation            \(conditions.evaporation.map { "\($0) added to each run" }
        ?? "not corrected")

      """
    for (number, run) in runs.enumerated() {
      text +=
        "run \(number + 1)".padding(toLength: 23, withPad: " ", startingAt: 0)
        + "\(TextColumns.grouped(run.calibration.steps)) steps, \(run.weight) on the scales, "
        + "\(Self.fine(each[number])) per revolution\n"
    }
    return text + summary
  }

  /// To a tenth of a nanolitre: what a good balance tells apart.
  private static func fine(_ volume: Volume) -> String {
    String(format: "%.4f µL", Double(volume.femtolitres) / 1_000_000_000)
  }

  private static func words(_ problem: Calibration.Problem) -> String {
    switch problem {
    case .nothingWeighed: "no steps or no weight"
    case .implausible(let old, let new):
      "a revolution would deliver \(Format.volume(new)), and was \(Format.volume(old)): check the "
        + "weight's unit, the number of steps and the tubing"
    case .beyondArithmetic: "the weight is beyond the arithmetic"
    }
  }
}
