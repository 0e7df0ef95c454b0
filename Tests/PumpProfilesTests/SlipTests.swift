import Foundation
import PumpProfiles
import PumpTherapy
import PumpUnits
import Testing

@Suite("What is valid and looks like a slip is asked about, and may be said to be right")
struct SlipTests {
  private static func text(
    expires: String = "2028-03-31", length: String = "72 cm", volume: String = "18 mL",
    therapy: String, more: String = ""
  ) -> String {
    """
    profile: anna-k
    population: adult-spinal
    drug: {name: baclofen, concentration: 500 ug/mL, lot: "A1234", expires: \(expires)}
    reservoir: {capacity: 20 mL, volume: \(volume), low-alarm: 2 mL}
    catheter: {length: \(length), volume-per-length: 2.2 uL/cm}
    therapy: \(therapy)
    \(more)
    """
  }

  private static func flex(_ entries: String...) -> String {
    "\n  flex:\n    time-zone: Europe/Berlin\n    every-day:\n"
      + entries.map { "      - {\($0)}" }.joined(separator: "\n")
  }

  private static let plain = "{continuous: 150 ug/day}"

  /// Each slip as it was seen, and neighbours of its kind.
  private static let slips: [(code: DiagnosticCode, text: String)] = [
    (
      .mixedRateUnits,
      text(therapy: flex("from: \"00:00\", rate: 6 ug/day", "from: \"07:00\", rate: 5 ug/h"))
    ),
    (
      .mixedRateUnits,
      text(
        therapy: flex(
          "from: \"00:00\", rate: 6 ug/h", "from: \"07:00\", rate: 120 ug/day",
          "from: \"22:00\", rate: 8 ug/h"))
    ),
    (
      .mixedRateUnits,
      text(
        therapy: flex(
          "from: \"00:00\", rate: 140 ug/day", "from: \"07:00\", rate: 120 ug/day",
          "from: \"22:00\", rate: 8 ug/h"))
    ),
    (
      .hourLooksLikeMinute,
      text(therapy: flex("from: \"00:00\", rate: 6 ug/h", "from: \"00:07\", rate: 5 ug/h"))
    ),
    (
      .hourLooksLikeMinute,
      text(therapy: flex("from: \"00:00\", rate: 6 ug/h", "from: \"00:22\", rate: 5 ug/h"))
    ),
    (
      .hourLooksLikeMinute,
      text(
        therapy: flex("from: \"00:00\", rate: 6 ug/h", "from: \"00:14\", dose: 20 ug, over: 10 min")
      )
    ),
    (
      .bolusSlowerThanBasal,
      text(
        therapy: flex("from: \"00:00\", rate: 6 ug/h", "from: \"22:00\", dose: 20 ug, over: 10 h"))
    ),
    (
      .bolusSlowerThanBasal,
      text(
        therapy: flex("from: \"00:00\", rate: 6 ug/h", "from: \"08:00\", dose: 15 ug, over: 5 h"))
    ),
    (
      .bolusTwice,
      text(
        therapy: flex(
          "from: \"00:00\", rate: 6 ug/h", "from: \"22:00\", dose: 20 ug, over: 10 min",
          "from: \"22:10\", dose: 20 ug, over: 10 min"))
    ),
    (
      .bolusTwice,
      text(
        therapy: flex(
          "from: \"00:00\", rate: 6 ug/h", "from: \"07:00\", dose: 15 ug, over: 5 min",
          "from: \"08:00\", dose: 15 ug, over: 5 min"))
    ),
    (.expiryFar, text(expires: "2082-03-31", therapy: plain)),
    (.expiryFar, text(expires: "2038-03-31", therapy: plain)),
    (.catheterLength, text(length: "72 mm", therapy: plain)),
    (.catheterLength, text(length: "7.2 cm", therapy: plain)),
    (.catheterLength, text(length: "172 cm", therapy: plain)),
    (.reservoirAlarmEarly, text(volume: "2.1 mL", therapy: plain)),
    (.refillBeyondPractice, text(therapy: "{continuous: 30 ug/day}")),
    (
      .perHourForPerDay,
      text(
        therapy: flex(
          "from: \"00:00\", rate: 8 ug/h", "from: \"06:00\", rate: 40 ug/h",
          "from: \"08:30\", rate: 8 ug/h"))
    ),
    (
      .perHourForPerDay,
      text(therapy: flex("from: \"00:00\", rate: 60 ug/h", "from: \"06:30\", rate: 8 ug/h"))
    ),
  ]

  @Test(
    "What a remedy offers does not change the dose when it is followed",
    arguments: [
      (
        flex("from: \"00:00\", rate: 8 ug/h", "from: \"05:45\", dose: 21 ug/h"),
        "write 'rate: 21 ug/h'"
      ),
      ("{minimum-rate: 10 uL/h}", "if 10 uL/day were meant"),
      ("{minimum-rate: 10 mL/day}", "if 10 uL/day were meant"),
      ("{minimum-rate: 10 mL/h}", "if 10 uL/day were meant"),
      ("\ncontinuous: 150 ug/day", "indent continuous"),
      (
        flex("from: \"00:00\", rate: 8 ug/h", "from: \"05:45\", dose: 30 mg, over: 10 min"),
        "if 30 µg were meant, write ug for mg"
      ),
    ])
  func remedies(therapy: String, words: String) throws {
    let errors = try diagnostics(Self.text(therapy: therapy)).filter { $0.severity == .error }
    #expect(errors.contains { $0.message.contains(words) }, "\(errors.map(\.message))")
    #expect(!errors.contains { $0.message.contains("960 ug/day") })
  }

  @Test("A start from nothing is asked about as a titration, and nothing from nothing is not")
  func fromNothing() throws {
    let drugs = [try #require(try Files.drug())]
    func profile(_ therapy: String) throws -> Profile {
      try #require(try Files.loader().load(Self.text(therapy: therapy)).profile)
    }
    let (stopped, some) = (try profile("stopped"), try profile(Self.plain))
    let start = TitrationCheck.diagnostics(from: stopped, to: some, drugs: drugs)
    #expect(start.map(\.code) == [.doseStepAboveSoftLimit])
    #expect(start.allSatisfy { $0.severity == .warning && $0.message.contains("from nothing") })
    #expect(TitrationCheck.diagnostics(from: stopped, to: stopped, drugs: drugs).isEmpty)
    #expect(TitrationCheck.diagnostics(from: some, to: some, drugs: drugs).isEmpty)
  }

  private func diagnostics(_ text: String) throws -> [Diagnostic] {
    try Files.loader().load(text).diagnostics
  }

  @Test(
    "Each slip is a warning with its code, a remedy and the way to say that it is right",
    arguments: 0..<19)
  func warned(number: Int) throws {
    let (code, text) = Self.slips[number]
    let found = try diagnostics(text)
    #expect(!found.contains { $0.severity == .error }, "\(found.map(\.message))")
    let warning = try #require(found.first { $0.code == code }, "\(found.map(\.message))")
    #expect(warning.message.contains("confirmed: {\(code.rawValue): "))
  }

  @Test(
    "What the file says is right is not asked about again, and nothing else is silenced",
    arguments: 0..<17)
  func confirmed(number: Int) throws {
    let (code, text) = Self.slips[number]
    let told = text + "confirmed: {\(code.rawValue): \"tried in hospital\"}"
    let before = try diagnostics(text).filter { $0.code != code }.map(\.code)
    #expect(try diagnostics(told).map(\.code) == before)
  }

  @Test("A confirmation of what is not there is told")
  func nothingToConfirm() throws {
    let text = Self.text(
      therapy: Self.plain, more: "confirmed: {expiry-looks-wrong: \"read it twice\"}")
    #expect(try diagnostics(text).map(\.code) == [.nothingToConfirm])
  }

  @Test("What only resembles a slip is not asked about")
  func notSlips() throws {
    let usual = [
      Self.text(
        therapy: Self.flex("from: \"00:00\", rate: 6 ug/h", "from: \"07:00\", rate: 5 ug/h")),
      // A row of equal boluses is a pattern.
      Self.text(
        therapy: Self.flex(
          "from: \"00:00\", rate: 5 ug/h", "from: \"07:00\", dose: 5 ug, over: 5 min",
          "from: \"08:00\", dose: 5 ug, over: 5 min", "from: \"09:00\", dose: 5 ug, over: 5 min")),
      // A long bolus that adds more than the basal.
      Self.text(
        therapy: Self.flex(
          "from: \"00:00\", rate: 4 ug/h", "from: \"22:00\", dose: 20 ug, over: 4 h")),
      Self.text(expires: "2031-11-30", length: "30 cm", therapy: Self.plain),
      Self.text(length: "110 cm", therapy: Self.plain),
    ]
    for text in usual {
      let found = try diagnostics(text).map(\.message)
      #expect(found.isEmpty)
    }
  }

  @Test(
    "A day's dose that would be usual per hour is asked about",
    arguments: [
      ("6.25 ug/day", true), ("3 ug/day", true), ("20 ug/day", true), ("0.5 ug/day", false),
    ])
  func perHour(rate: String, isLikely: Bool) throws {
    let found = try diagnostics(Self.text(therapy: "{continuous: \(rate)}"))
    let warning = try #require(found.first { $0.code == .doseBelowSoftLimit })
    #expect(warning.message.contains("ug/h were meant") == isLikely)
  }

  @Test("Boluses alone are a therapy, written without a rate or with a rate of nothing")
  func bolusesAlone() throws {
    let flex = Self.text(therapy: Self.flex("from: \"08:00\", dose: 40 ug, over: 10 min"))
    let periodic = Self.text(
      therapy: "{continuous: 0 ug/day}",
      more: "periodic-bolus: {dose: 40 ug, over: 10 min, every: 12 h}")
    for text in [flex, periodic] {
      let (profile, found) = try Files.loader().load(text)
      #expect(!found.contains { $0.severity == .error }, "\(found.map(\.message))")
      #expect(profile?.meanDosePerDay.femtograms ?? 0 > 39_000_000_000)
      #expect(profile?.prescription.therapy.peakBasal.isZero == true)
    }
  }

  @Test(
    "A message's example does no harm where it is followed",
    arguments: [
      ("low-alarm: 2}", "2 mL"), ("capacity: 20,", "20 mL"), ("volume: 18,", "18 mL"),
    ])
  func harmlessExamples(part: String, example: String) throws {
    let key = part.prefix { $0 != ":" }
    let text = Self.text(therapy: Self.plain).replacing(
      try Regex("\(key): [0-9]+ mL[,}]"), with: part)
    let found = try #require(try diagnostics(text).first { $0.code == .missingUnit })
    #expect(found.message.hasSuffix("such as \(example)"), "\(found.message)")
  }

  @Test("A lock-out's example is hours, not minutes")
  func lockoutExample() throws {
    let text = Self.text(
      therapy: Self.plain,
      more:
        "patient-bolus: {enabled: true, reason: \"spasms at transfer\", dose: 5 ug, over: 5 min, "
        + "lockout: 8, at-most-per-day: 2}")
    let found = try #require(try diagnostics(text).first { $0.code == .missingUnit })
    #expect(found.message.hasSuffix("such as 8 h"), "\(found.message)")
  }

  @Test(
    "The library's least distance between boluses binds pattern, interval and lock-out; without it nothing does"
  )
  func leastDistance() throws {
    var drug = try #require(try Files.drug())
    func codes(_ therapy: String) throws -> [DiagnosticCode] {
      let text = """
        profile: p
        population: adult-spinal
        drug: {name: baclofen, concentration: 2000 ug/mL, lot: "A1", expires: 2028-03-31}
        reservoir: {capacity: 20 mL, volume: 18 mL, low-alarm: 2 mL}
        catheter: {length: 72 cm, volume-per-length: 2.2 uL/cm}
        \(therapy)
        """
      let loader = ProfileLoader(
        drugs: [drug], bench: try Files.bench(), now: Date(timeIntervalSince1970: 1_795_305_600))
      return loader.load(text).diagnostics.filter { $0.severity == .error }.map(\.code)
    }
    let flex = """
      therapy:
        flex:
          time-zone: Europe/Berlin
          every-day:
            - {from: "00:00", rate: 8 ug/h}
            - {from: "00:30", dose: 10 ug, over: 5 min}
            - {from: "23:45", dose: 10 ug, over: 5 min}
      """
    let periodic =
      "therapy: {continuous: 100 ug/day}\nperiodic-bolus: {dose: 10 ug, over: 5 min, every: 45 min}"
    let patient =
      "therapy: {continuous: 100 ug/day}\npatient-bolus: {enabled: true, reason: \"tried in hospital\", "
      + "dose: 10 ug, over: 5 min, lockout: 45 min, at-most-per-day: 2}"
    for therapy in [flex, periodic, patient] { #expect(try codes(therapy).isEmpty, "\(therapy)") }
    for (minutes, isNear) in [(UInt64(45), false), (46, true)] {
      for name in drug.populations.keys {
        drug.populations[name]?.leastDistance = TimeSpan(minutes: minutes)
      }
      for therapy in [flex, periodic, patient] {
        #expect(try codes(therapy) == (isNear ? [.bolusTooNear] : []), "\(minutes): \(therapy)")
      }
    }
    let text = try Files.text("Profiles/drugs/baclofen.yaml").replacing(
      "shortest: 1 min,", with: "shortest: 1 min, least-distance: 90 min,")
    let loaded = try #require(DrugLoader.load(text).drug)
    #expect(loaded.populations.values.allSatisfy { $0.leastDistance == TimeSpan(minutes: 90) })
  }
}
