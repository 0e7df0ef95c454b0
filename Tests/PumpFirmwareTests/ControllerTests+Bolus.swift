import PumpDrive
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpFirmware

extension ControllerTests {
  @Test(
    "The library's limits of one bolus bind whoever asks at a board's console, over a restart too")
  func bolusLimits() throws {
    var profile = try profile()
    let limits = profile.run.engine.limits
    // The drug has 500 µg/mL: 4 µL and 6 µL.
    let limit = DoseLimits.BolusLimit(
      dose: .init(soft: Mass(micrograms: 2), hard: Mass(micrograms: 3)),
      shortest: TimeSpan(minutes: 1), distance: TimeSpan(minutes: 6))
    profile.run.engine.limits = DoseLimits(
      perHour: limits.perHour, perDay: limits.perDay, bolus: limit)
    var host = TestHost()
    try host.run(profile)
    func bolus(nanolitres: UInt64, seconds: UInt64, isConfirmed: Bool) -> String {
      let (volume, span) = (nanolitres * 1_000_000, seconds * 1_000_000_000)
      return "bolus \(String(volume, radix: 16)) \(String(span, radix: 16)) \(isConfirmed ? 1 : 0)"
    }
    func isRefused(_ line: String, _ refusal: Refusal) {
      #expect(
        code(host, line) == .init(code: 11, detail: Int(refusal.code.number)), "\(line)")
      host.wait(TimeSpan(seconds: 1))
    }
    isRefused(
      bolus(nanolitres: 2_000, seconds: 59, isConfirmed: true), .bolusTooFast(limit.shortest))
    isRefused(
      bolus(nanolitres: 6_010, seconds: 300, isConfirmed: true), .bolusTooLarge(limit.dose.hard))
    isRefused(
      bolus(nanolitres: 5_000, seconds: 300, isConfirmed: false),
      .bolusNeedsConfirmation(limit.dose.soft))
    // The patient's own has 10 µL.
    isRefused("patient-bolus", .bolusTooLarge(limit.dose.hard))
    #expect(code(host, bolus(nanolitres: 3_900, seconds: 120, isConfirmed: false)) == nil)
    host.wait(TimeSpan(minutes: 3))
    let again = bolus(nanolitres: 1_000, seconds: 60, isConfirmed: true)
    isRefused(again, .bolusTooSoon(until: .epoch))
    // Switched off and on, it goes on by itself.
    host = TestHost(keepsFlash: true, keepsRetained: true)
    host.wait(TimeSpan(seconds: 10))
    isRefused(again, .bolusTooSoon(until: .epoch))
    host.wait(TimeSpan(minutes: 3))
    #expect(code(host, again) == nil)
  }
}
