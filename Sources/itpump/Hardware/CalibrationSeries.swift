import ArgumentParser
import Foundation
import PumpFiles
import PumpProfiles
import PumpReports
import PumpUnits

/// How the weighing was done, and what it is corrected for.
struct WeighingConditions: ParsableArguments {
  @Option(
    help: .init(
      "The liquid's density; water's at the temperature if not given.", valueName: "density"))
  var density: String?

  @Option(
    help: .init("The water's temperature in °C, 5 to 40, such as 21.5.", valueName: "degrees"))
  var temperature = 20.0

  @Option(
    help: .init(
      "The air's density, for its buoyancy; 0mg/mL for no correction.", valueName: "density"))
  var airDensity = "1.2mg/mL"

  @Option(
    help: .init(
      "What evaporates during a run, weighed beside it, such as 0.4mg.", valueName: "weight"))
  var evaporation: String?

  @Option(help: .init("Which scales, for the report.", valueName: "text"))
  var scales: String?

  func check() throws {
    guard (5...40).contains(temperature) else { throw ValidationError("--temperature: 5 to 40 °C") }
    _ = try density.map { try CalibrateCommand.quantity("--density", $0, .concentration) }
    _ = try evaporation.map { try CalibrateCommand.quantity("--evaporation", $0, .weight) }
    guard try air() < liquid() else {
      throw ValidationError("--air-density: less than the liquid's")
    }
  }

  /// In nanograms a millilitre.
  func liquid() throws -> UInt64 {
    if let density { return try CalibrateCommand.quantity("--density", density, .concentration) }
    return Self.water(at: temperature)
  }

  /// In nanograms a millilitre.
  func air() throws -> UInt64 {
    do {
      return try PumpProfiles.Dimension.concentration.count(of: airDensity)
    } catch {
      throw ValidationError("--air-density: \(error.message)")
    }
  }

  /// In nanograms a run.
  func evaporated() throws -> UInt64 {
    try evaporation.map { try CalibrateCommand.quantity("--evaporation", $0, .weight) } ?? 0
  }

  /// The density of water free of air in nanograms a millilitre, to a microgram: Tanaka et al.,
  /// Metrologia 38 (2001) 301, from 0 to 40 °C.
  static func water(at celsius: Double) -> UInt64 {
    let kilogramsPerCubicMetre =
      999.974950
      * (1 - (celsius - 3.983035) * (celsius - 3.983035) * (celsius + 301.797)
        / (522_528.9 * (celsius + 69.34881)))
    return UInt64((kilogramsPerCubicMetre * 1_000).rounded()) * 1_000
  }
}

/// Weighed runs of one head, their mean and their spread.
struct CalibrationSeries {
  let bench: Bench
  let conditions: WeighingConditions
  private var runs: [(calibration: Calibration, weight: String)] = []

  struct Result {
    /// The mean of all runs.
    var perRevolution: Volume
    /// Against the calibration before, in per cent.
    var changePercent: Double
    /// The sample's standard deviation in per cent of the mean; `nil` for a single run.
    var spreadPercent: Double?
    /// One line for the pump file.
    var note: String
    var summary: String
    var report: String
  }

  init(bench: Bench, conditions: WeighingConditions) {
    self.bench = bench
    self.conditions = conditions
  }

  mutating func take(steps: UInt64, weight: String) throws {
    let read = try CalibrateCommand.quantity("--weighed", weight, .weight)
    let calibration = try Calibration(
      steps: steps, weighedNanograms: read + conditions.evaporated(),
      densityNanogramsPerMillilitre: conditions.liquid(),
      airNanogramsPerMillilitre: conditions.air())
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

  func result() throws -> Result {
    let steps = runs.map(\.calibration.steps).reduce(0, +)
    let all = try Calibration(
      steps: steps, weighedNanograms: runs.map(\.calibration.weighedNanograms).reduce(0, +),
      densityNanogramsPerMillilitre: conditions.liquid(),
      airNanogramsPerMillilitre: conditions.air())
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
    let liquid = try milligrams(conditions.liquid())
    let air = try conditions.air()
    var text =
      """
      Calibration of \(bench.pump.name) with \(bench.driver.name) on \(bench.board.name)
      Bench equipment. Not a medical device. Not for human use.

      date                   \(day)
      scales                 \(conditions.scales.map { Visible.line($0) } ?? "not named")
      liquid                 \(liquid)\(conditions.density == nil
        ? ", water at \(conditions.temperature) °C" : "")
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
