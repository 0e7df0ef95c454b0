import ArgumentParser
import PumpProfiles
import PumpReports

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

  /// What they say, as a series reckons with it.
  func values() throws -> CalibrationSeries.Conditions {
    CalibrationSeries.Conditions(
      liquid: try liquid(), air: try air(),
      evaporated: try evaporation.map {
        try CalibrateCommand.quantity("--evaporation", $0, .weight)
      }
        ?? 0,
      liquidWords: density == nil ? ", water at \(temperature) °C" : "", evaporation: evaporation,
      scales: scales)
  }

  /// In nanograms a millilitre.
  private func liquid() throws -> UInt64 {
    if let density { return try CalibrateCommand.quantity("--density", density, .concentration) }
    return CalibrationSeries.Conditions.water(at: temperature)
  }

  /// In nanograms a millilitre.
  private func air() throws -> UInt64 {
    do {
      return try PumpProfiles.Dimension.concentration.count(of: airDensity)
    } catch {
      throw ValidationError("--air-density: \(error.message)")
    }
  }
}
