import Foundation
import PumpClinic
import PumpProfiles
import PumpTherapy
import PumpUnits
import Testing

@Suite("A titration step changes every dose of the pattern by one factor, and nothing else")
struct TitrationStepTests {
  private func step(_ wish: TitrationStep.Wish, _ path: String) throws -> (TitrationStep, Profile) {
    let text = try ProfileText(try ClinicFiles.text("Profiles/\(path).yaml"))
    let profile = try #require(try ClinicFiles.loader().load(text.text).profile)
    let step = try TitrationStep(wish, of: text, profile)
    return (step, try #require(try ClinicFiles.loader().load(step.text.text).profile))
  }

  /// 12 × 1.15 = 13.8, 8 × 1.15 = 9.2, 25 × 1.15 = 28.75: the day was 6.5·12 + 15.5·8 + 2·12 + 25 = 251 µg, and is
  /// 288.65 µg.
  @Test("By 15 %: each rate and each bolus, to the last digit")
  func byShare() throws {
    let (step, profile) = try step(.by(thousandths: 15_000), "adult-spinal-night")
    #expect(
      step.changes.map { "\($0.path) \($0.before) \($0.now)" } == [
        "therapy.flex.every-day.00:00.rate 12 ug/h 13.8 ug/h",
        "therapy.flex.every-day.06:30.rate 8 ug/h 9.2 ug/h",
        "therapy.flex.every-day.22:00.rate 12 ug/h 13.8 ug/h",
        "therapy.flex.every-day.22:00.dose 25 ug 28.75 ug",
      ])
    #expect(Format.mass(profile.meanDosePerDay) == "288.65 µg")
    #expect(step.text.text.contains("# More at night, less while walking"))
  }

  @Test("Of a periodic therapy: basal and bolus; a patient's bolus is a dose of its own and stays")
  func kinds() throws {
    // 100 + 4 × 40 = 260 µg; by -10 %: 90 + 4 × 36 = 234 µg.
    let (_, periodic) = try step(.by(thousandths: -10_000), "adult-spinal-periodic")
    #expect(Format.mass(periodic.meanDosePerDay) == "234 µg")
    let (patient, profile) = try step(.by(thousandths: 10_000), "adult-spinal-patient-bolus")
    #expect(patient.changes.map(\.now) == ["264 ug/day"])
    let rule = try #require(profile.prescription.patientBolus)
    #expect(try profile.concentration.mass(in: rule.bolus.volume) == Mass(micrograms: 10))
  }

  @Test(
    "To a dose a day: never more than asked, and short of it by less than a thousandth for each hour"
  )
  func toDose() throws {
    let (exact, _) = try step(.to(Mass(micrograms: 300)), "adult-spinal-patient-bolus")
    #expect(exact.changes.map(\.now) == ["300 ug/day"])
    for wanted in stride(from: UInt64(201), through: 399, by: 7) {
      for path in ["adult-spinal-night", "adult-spinal-periodic", "adult-spinal-weekdays"] {
        let (_, profile) = try step(.to(Mass(micrograms: wanted)), path)
        let reached = profile.meanDosePerDay.femtograms
        let asked = wanted * 1_000_000_000
        // 24 h of a thousandth of a microgram an hour, and some boluses' thousandths.
        #expect(reached <= asked && asked - reached < 32_000_000, "\(path) \(wanted): \(reached)")
      }
    }
  }

  @Test("Nothing, and the minimum rate, are begun and not titrated; a cut to nothing is a stop")
  func refusals() throws {
    func problem(_ wish: TitrationStep.Wish, _ path: String) throws -> TitrationStep.Problem? {
      do { _ = try step(wish, path) } catch let problem as TitrationStep.Problem { return problem }
      return nil
    }
    #expect(try problem(.by(thousandths: 10_000), "minimum-rate") == .nothingToTitrate)
    #expect(try problem(.by(thousandths: 10_000), "screening-bolus") == .nothingToTitrate)
    let path = "therapy.continuous"
    for wish in [
      TitrationStep.Wish.by(thousandths: -100_000), .by(thousandths: -200_000), .to(.zero),
    ] {
      #expect(try problem(wish, "adult-spinal-patient-bolus") == .leavesNothing(path: path))
    }
  }
}
