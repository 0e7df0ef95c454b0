import Foundation
import PumpProfiles
import PumpUnits
import Testing

@Suite("Calibration by weighing")
struct CalibrationTests {
  private func reference() throws -> (text: String, pump: Pump, driver: Driver) {
    let text = try Files.text("Hardware/pumps/peristaltic-50ul.yaml")
    let driver = try #require(
      BenchLoader.driver(try Files.text("Hardware/drivers/drv8825.yaml")).driver)
    return (text, try #require(BenchLoader.pump(text).pump), driver)
  }

  @Test("A revolution's volume is what was weighed ÷ density × steps a revolution ÷ steps made")
  func formula() throws {
    let (_, pump, driver) = try reference()
    // 20 revolutions of 320,000 microsteps gave 0.9982 g of water at 998.2 mg/mL: 1 mL, 50 µL each.
    let exact = Calibration(steps: 6_400_000, weighedNanograms: 998_200_000)
    #expect(try exact.delivered() == Volume(microlitres: 1_000))
    #expect(try exact.volumePerRevolution(of: pump, on: driver) == Volume(microlitres: 50))
    // Half of that weight in a liquid half as dense is the same volume.
    let light = Calibration(
      steps: 6_400_000, weighedNanograms: 499_100_000,
      densityNanogramsPerMillilitre: 499_100_000)
    #expect(try light.volumePerRevolution(of: pump, on: driver) == Volume(microlitres: 50))
    // 1.7 % more than it was: 50.85 µL.
    let more = Calibration(steps: 6_400_000, weighedNanograms: 1_015_169_400)
    #expect(
      try more.volumePerRevolution(of: pump, on: driver) == Volume(femtolitres: 50_850_000_000))
  }

  @Test("A weight off by a unit, or none at all, is refused")
  func implausible() throws {
    let (_, pump, driver) = try reference()
    for weighed: UInt64 in [998_200, 998_200_000_000, 2_500_000_000] {
      #expect(throws: Calibration.Problem.self) {
        _ = try Calibration(steps: 6_400_000, weighedNanograms: weighed)
          .volumePerRevolution(of: pump, on: driver)
      }
    }
    #expect(throws: Calibration.Problem.nothingWeighed) {
      _ = try Calibration(steps: 0, weighedNanograms: 1).volumePerRevolution(of: pump, on: driver)
    }
  }

  @Test("The new file says how it was found, has a right checksum, and reads back exactly")
  func rewrite() throws {
    let (text, pump, _) = try reference()
    let volume = Volume(femtolitres: 50_850_123_000)
    let note = "2026-11-22: 6400000 steps gave 1.015g"
    var new = Calibration.rewrite(text, volumePerRevolution: volume, note: note)
    for _ in 0..<2 {
      let (loaded, problems) = BenchLoader.pump(new)
      #expect(problems.isEmpty)
      #expect(loaded?.volumePerRevolution == volume)
      #expect(loaded?.tubingVolume == pump.tubingVolume)
      #expect(new.contains("# Calibrated \(note)\nvolume-per-revolution: 50.850123 uL\n"))
      // Once more on its own result: the note is replaced, not piled up.
      new = Calibration.rewrite(new, volumePerRevolution: volume, note: note)
    }
    #expect(new.split(separator: "\n").filter { $0.hasPrefix("# Calibrated") }.count == 1)
  }
}
