import Foundation
import PumpClinic
import PumpProfiles
import PumpUnits
import Testing

/// The label's ladder [S113], worked by hand.
@Suite("A screening climbs 50, 75, 100 µg, a day apart, and a pump begins with twice what worked")
struct ScreeningTests {
  private let start = Date(timeIntervalSince1970: 1_800_000_000)

  private func trial(
    _ micrograms: UInt64, after hours: Double, over seconds: UInt64 = 60,
    _ observed: Screening.Observation
  ) -> Screening.Trial {
    .init(
      given: start.addingTimeInterval(hours * 3_600), dose: Mass(micrograms: micrograms),
      over: TimeSpan(seconds: seconds), observed: observed)
  }

  private func screening(_ trials: [Screening.Trial]) throws -> Screening {
    var screening = Screening(from: start)
    for trial in trials { try screening.take(trial) }
    return screening
  }

  private func problem(_ trials: [Screening.Trial]) -> Screening.Problem? {
    do { _ = try screening(trials) } catch { return error as? Screening.Problem }
    return nil
  }

  @Test(
    "Each step comes 24 h after the one before, and after 100 µg without a response nothing does")
  func ladder() throws {
    #expect(try screening([]).next == .give(Mass(micrograms: 50), notBefore: start))
    let first = trial(50, after: 0, .noResponse)
    #expect(
      try screening([first]).next
        == .give(Mass(micrograms: 75), notBefore: start.addingTimeInterval(86_400)))
    let second = trial(75, after: 30, .noResponse)
    #expect(
      try screening([first, second]).next
        == .give(Mass(micrograms: 100), notBefore: start.addingTimeInterval(54 * 3_600)))
    let third = trial(100, after: 54, .noResponse)
    #expect(try screening([first, second, third]).next == .noCandidate)
    #expect(
      problem([first, second, third, trial(100, after: 90, .noResponse)])
        == .afterTheEnd(Mass(micrograms: 100)))
  }

  @Test(
    "The pump begins with twice what worked; with once where it worked for over 8 h, or was not borne"
  )
  func startingDose() throws {
    // 2 × 50 = 100; 8 h are not over 8 h.
    for hours in [4.0, 8.0] {
      let span = TimeSpan(seconds: UInt64(hours * 3_600))
      #expect(
        try screening([trial(50, after: 0, .response(lasting: span))]).next
          == .start(perDay: Mass(micrograms: 100), because: .twiceTheEffectiveDose))
    }
    let justLonger = TimeSpan(seconds: 8 * 3_600 + 1)
    #expect(
      try screening([
        trial(50, after: 0, .noResponse), trial(75, after: 24, .response(lasting: justLonger)),
      ]).next == .start(perDay: Mass(micrograms: 75), because: .workedForLong))
    #expect(
      try screening([trial(50, after: 0, .responseWithReaction(lasting: .hour))]).next
        == .start(perDay: Mass(micrograms: 50), because: .reaction))
  }

  @Test("What breaks the ladder's rules is refused, and says which")
  func refusals() throws {
    let first = trial(50, after: 0, .noResponse)
    #expect(
      problem([trial(75, after: 0, .noResponse)])
        == .wrongStep(given: Mass(micrograms: 75), expected: Mass(micrograms: 50)))
    #expect(
      problem([first, trial(50, after: 24, .noResponse)])
        == .wrongStep(given: Mass(micrograms: 50), expected: Mass(micrograms: 75)))
    let soon = start.addingTimeInterval(23.99 * 3_600)
    #expect(
      problem([first, trial(75, after: 23.99, .noResponse)])
        == .tooSoon(given: soon, notBefore: start.addingTimeInterval(86_400)))
    #expect(
      problem([trial(50, after: 0, over: 59, .noResponse)])
        == .tooFast(over: TimeSpan(seconds: 59)))
    #expect(
      problem([trial(50, after: 0, .notYet), trial(75, after: 24, .noResponse)])
        == .notObserved(Mass(micrograms: 50)))
    #expect(
      problem([trial(50, after: 0, .response(lasting: .hour)), trial(75, after: 24, .noResponse)])
        == .afterTheEnd(Mass(micrograms: 75)))
    #expect(try screening([trial(50, after: 0, .notYet)]).next == .observe(Mass(micrograms: 50)))
  }

  @Test(
    "A record is read with its zone: 24 h are 24 h over a change of clocks, and a time that comes twice is none"
  )
  func record() throws {
    func read(_ trials: String) -> (ScreeningReader.Record?, [String]) {
      let text = "screening: P-0042\ntime-zone: Europe/Berlin\ntrials:\n\(trials)"
      let (record, diagnostics) = ScreeningReader.read(
        text, now: Date(timeIntervalSince1970: 1_800_000_000))
      return (record, diagnostics.map(\.message))
    }
    // Clocks go back on 2026-10-25: from 09:00 to 08:00 the next day are 24 h, to 09:00 are 25.
    let first = #"  - {at: "2026-10-24 09:00", dose: 50 ug, over: 1 min, seen: none}"# + "\n"
    let dayAfter = #"  - {at: "2026-10-25 08:00", dose: 75 ug, over: 1 min}"#
    let (record, _) = read(first + dayAfter)
    #expect(record?.screening.next == .observe(Mass(micrograms: 75)))
    // Clocks go forward on 2026-03-29: to the same clock time are 23 h.
    let before = #"  - {at: "2026-03-28 09:00", dose: 50 ug, over: 1 min, seen: none}"# + "\n"
    let early = read(before + #"  - {at: "2026-03-29 09:00", dose: 75 ug, over: 1 min}"#)
    #expect(early.0 == nil)
    #expect(
      early.1.contains {
        $0.contains("not before 2026-03-29 10:00 GMT+2") || $0.contains("10:00 CEST")
      }, "\(early.1)")
    for moment in ["2026-10-25 02:30", "2026-03-29 02:30", "2026-02-30 09:00", "2026-10-25 9:00"] {
      let (none, told) = read("  - {at: \"\(moment)\", dose: 50 ug, over: 1 min}")
      #expect(none == nil && told.contains { $0.contains("is no time") }, "\(moment): \(told)")
    }
    let (later, words) = read("  - {at: \"2062-11-02 09:00\", dose: 50 ug, over: 1 min}")
    #expect(later == nil && words.contains { $0.contains("has not come yet") }, "\(words)")
    let zone = ScreeningReader.read("screening: x\ntime-zone: EST\n", now: .now)
    #expect(zone.record == nil && zone.diagnostics.contains { $0.code == .badZone })
    // A response without its length decides nothing.
    let (short, told) = read(
      #"  - {at: "2026-10-24 09:00", dose: 50 ug, over: 1 min, seen: response}"#)
    #expect(short == nil && told.contains { $0.contains("lasted") }, "\(told)")
  }
}
