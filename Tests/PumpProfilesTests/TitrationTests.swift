import Foundation
import PumpProfiles
import Testing

@Suite("A change of dose is held against the titration steps in any 24 h, not on the mean alone")
struct TitrationTests {
  private func profile(
    _ therapy: String, population: String = "adult-spinal", more: String = ""
  ) throws -> Profile {
    let text = """
      profile: t
      population: \(population)
      drug: {name: baclofen, concentration: 500 ug/mL, lot: "L1", expires: 2028-03-31}
      reservoir: {capacity: 20 mL, volume: 18 mL, low-alarm: 2 mL}
      catheter: {length: 72 cm, volume-per-length: 2.2 uL/cm}
      therapy: \(therapy)
      \(more)
      """
    let (profile, diagnostics) = try Files.loader().load(text)
    return try #require(profile, "\(diagnostics.map(\.message))")
  }

  private func week(_ weekday: String, sunday: String) throws -> Profile {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"].map {
      ($0, weekday)
    }
    let lines = (days + [("sunday", sunday)]).map { day, rate in
      "    \(day):\n      - {from: \"00:00\", rate: \(rate)}"
    }
    return try profile(
      "\n  flex:\n    time-zone: Europe/Berlin\n" + lines.joined(separator: "\n"))
  }

  /// What is said of a change: the code's severity and the words.
  private func said(from old: Profile, to new: Profile) throws -> [String] {
    let drugs = [try #require(try Files.drug())]
    return TitrationCheck.diagnostics(from: old, to: new, drugs: drugs).map {
      "\($0.severity): \($0.message)"
    }
  }

  @Test("A week with one day of much more is refused, though its mean is the same")
  func worstDay() throws {
    // 120 µg each day; then 48 µg on six days and 552 µg on Sunday.
    let even = try week("5 ug/h", sunday: "5 ug/h")
    let peak = try week("2 ug/h", sunday: "23 ug/h")
    let told = try said(from: even, to: peak)
    #expect(told.count == 1)
    #expect(
      told.first?.hasPrefix(
        "error: from 120 µg to 552 µg in the 24 h with the most, 360 % more: above the limit of 60 %"
      )
        == true, "\(told)")
    #expect(
      try said(from: peak, to: even).isEmpty, "the mean is the same, and the worst day is less")
    // Every day as the worst day was: the mean rises.
    let all = try week("23 ug/h", sunday: "23 ug/h")
    #expect(try said(from: peak, to: all).first?.contains("from 120 µg to 552 µg a day") == true)
  }

  @Test(
    "The worst day's limit is the drug's: at it a clinician decides, beyond it nobody does",
    arguments: [
      ("6.5 ug/h", [String]()), ("6.6 ug/h", ["warning"]), ("8 ug/h", ["warning"]),
      ("8.01 ug/h", ["error"]),
    ])
  func limits(sunday: String, severities: [String]) throws {
    // 30 and 60 % more than 5 µg/h.
    let told = try said(
      from: try week("5 ug/h", sunday: "5 ug/h"), to: try week("5 ug/h", sunday: sunday))
    #expect(told.map { String($0.prefix { $0 != ":" }) } == severities, "\(told)")
  }

  @Test("The mean and the worst day are both held against the limit, each to the thousandth")
  func either() throws {
    // The worst day rises by 60.02 %, the mean by less than 60.
    let told = try said(
      from: try week("5 ug/h", sunday: "5 ug/h"), to: try week("7.999 ug/h", sunday: "8.001 ug/h"))
    #expect(told.count == 1 && told.first?.hasPrefix("error:") == true, "\(told)")
  }

  @Test("A large cut of the mean is told, whatever the worst day does")
  func cutWithPeak() throws {
    let told = try said(
      from: try week("5 ug/h", sunday: "5 ug/h"), to: try week("1 ug/h", sunday: "5.01 ug/h"))
    #expect(told.count == 1 && told.first?.contains("withdrawal threatens") == true, "\(told)")
    let both = try said(
      from: try week("5 ug/h", sunday: "5 ug/h"), to: try week("1 ug/h", sunday: "7 ug/h"))
    #expect(both.count == 2, "a rise by 40 % and a cut: \(both)")
  }

  @Test("The same dose a day in one bolus is named with the old and the new peak of an hour")
  func peakHour() throws {
    let even = try profile("{continuous: 100 ug/day}")
    let bolus = try periodic("80 ug", every: "24 h")
    let told = try said(from: even, to: bolus)
    #expect(told.count == 1)
    #expect(told.first?.hasPrefix("warning: from 4.17 µg to 80.") == true, "\(told)")
    #expect(told.first?.contains("in the hour with the most") == true)
    #expect(try said(from: bolus, to: bolus).isEmpty)
    #expect(try said(from: bolus, to: even).isEmpty, "a lower peak needs nobody")
  }

  private func periodic(_ dose: String, every: String) throws -> Profile {
    try profile(
      "{continuous: 20 ug/day}",
      more: "periodic-bolus: {dose: \(dose), over: 10 min, every: \(every)}")
  }

  @Test("An interval that does not divide the day is judged by the mean; a longer one by its 24 h")
  func intervals() throws {
    // 80 µg each 24 h, and each 23: 3.5 % more, though some 24 h have two.
    let shorter = try said(
      from: try periodic("80 ug", every: "24 h"), to: try periodic("80 ug", every: "23 h"))
    #expect(shorter.allSatisfy { $0.hasPrefix("warning:") }, "\(shorter)")
    #expect(shorter.contains { $0.contains("in 24 h with every bolus counted") }, "\(shorter)")
    // The same mean in one bolus of 160 µg every second day is 80 % more in its 24 h.
    let longer = try said(
      from: try profile("{continuous: 100 ug/day}"), to: try periodic("160 ug", every: "48 h"))
    #expect(longer.first?.hasPrefix("error: from 100 µg to 180 µg") == true, "\(longer)")
  }

  private func patient(
    _ therapy: String, _ dose: String, over: String = "5 min", atMost: Int
  ) throws -> Profile {
    try profile(
      therapy,
      more: """
        patient-bolus: {enabled: true, reason: "because he asks for it", dose: \(dose), over: \(over), \
        lockout: 2 h, at-most-per-day: \(atMost)}
        """)
  }

  @Test("What a patient may take is named with the sums of an hour and of 24 h, before and after")
  func patient() throws {
    let none = try profile("{continuous: 100 ug/day}")
    let some = try patient("{continuous: 100 ug/day}", "25 ug", atMost: 6)
    let told = try said(from: none, to: some)
    #expect(
      told.contains {
        $0.hasPrefix(
          "warning: from 100 µg to 250 µg in 24 h with every bolus counted, 150 % more")
      }, "\(told)")
    #expect(told.contains { $0.contains("from 4.17 µg to 29.") }, "\(told)")
    #expect(try said(from: some, to: none).isEmpty)
    // Fewer and larger ones: the day's sum is the same, the hour's is not.
    let larger = try said(
      from: try patient("{continuous: 100 ug/day}", "10 ug", over: "1 h", atMost: 6),
      to: try patient("{continuous: 100 ug/day}", "30 ug", over: "2 min", atMost: 2))
    #expect(larger.count == 1 && larger.first?.contains("in the hour") == true, "\(larger)")
    // On a rate that is no treatment they are named all the same.
    let least = try said(
      from: try profile("{minimum-rate: 6 uL/day}"),
      to: try patient("{minimum-rate: 6 uL/day}", "25 ug", atMost: 6))
    #expect(least.contains { $0.contains("to 153 µg in 24 h") }, "\(least)")
    let stopped = try said(
      from: try profile("stopped"), to: try patient("stopped", "25 ug", atMost: 6))
    #expect(
      stopped.contains { $0.contains("from nothing to 150 µg in 24 h") }, "\(stopped)")
  }

  @Test("A single bolus counts in the hour and the 24 h")
  func single() throws {
    let told = try said(
      from: try profile("{continuous: 100 ug/day}"),
      to: try profile(
        "{continuous: 100 ug/day}", more: "single-bolus: {dose: 50 ug, over: 10 min}"))
    #expect(told.count == 2 && told.allSatisfy { $0.hasPrefix("warning:") }, "\(told)")
  }

  @Test("From the minimum rate, or from nothing, a therapy starts anew: no percentage of nothing")
  func restart() throws {
    let some = try profile("{continuous: 100 ug/day}")
    let least = try profile("{minimum-rate: 6 uL/day}")
    let stopped = try profile("stopped")
    let fromLeast = try said(from: least, to: some)
    #expect(fromLeast.count == 1)
    #expect(
      fromLeast.first?.hasPrefix(
        "warning: from the minimum rate, which is no treatment, to 100 µg a day")
        == true, "\(fromLeast)")
    #expect(
      try said(from: stopped, to: some).first?.hasPrefix("warning: from nothing to 100 µg") == true)
    #expect(try said(from: stopped, to: least).isEmpty && said(from: least, to: stopped).isEmpty)
    // Less drug is never refused, and a large cut is asked about.
    for less in [least, stopped] {
      let told = try said(from: some, to: less)
      #expect(told.count == 1 && told.first?.contains("withdrawal threatens") == true, "\(told)")
    }
  }

  @Test("A dose that is the same everywhere is compared on the day alone, whatever rounding does")
  func uniform() throws {
    for (old, new) in [(97, 130), (101, 137), (333, 450), (59, 80)] {
      let told = try said(
        from: try profile("{continuous: \(old) ug/day}"),
        to: try profile("{continuous: \(new) ug/day}"))
      #expect(told.count == 1 && told.first?.contains(" a day, ") == true, "\(told)")
    }
  }

  @Test("Where the population changes too, no step is larger than the old one's limits permit")
  func population() throws {
    // 55 % more: an adult of spinal origin may have 60, of cerebral origin 30.
    let old = try profile("{continuous: 200 ug/day}", population: "adult-cerebral")
    let new = try profile("{continuous: 310 ug/day}", population: "adult-spinal")
    #expect(try said(from: old, to: new).contains { $0.hasPrefix("error:") && $0.contains("30 %") })
    #expect(try said(from: new, to: old).isEmpty == false)
    let same = try profile("{continuous: 200 ug/day}", population: "adult-spinal")
    #expect(try !said(from: same, to: new).contains { $0.hasPrefix("error:") })
  }
}
