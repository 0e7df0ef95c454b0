import Foundation
import PumpProfiles
import Testing

@Suite("Every broken file has exactly the problems that its first line names")
struct CorpusTests {
  @Test("The corpus has at least 100 broken files and eight good profiles")
  func corpusIsThere() {
    #expect(Files.broken.count >= 100)
    #expect(Files.names(in: "Profiles").count >= 8)
  }

  @Test("A broken file", arguments: Files.broken)
  func broken(path: String) throws {
    let text = try Files.text(path)
    let first = text.prefix { $0 != "\n" }
    #expect(first.hasPrefix("# expect: "))
    let expected = Set(first.dropFirst("# expect: ".count).split(separator: " ").map(String.init))
    let found = Files.diagnostics(path, text, loader: try Files.loader())
      .filter { $0.severity == .error }
    #expect(Set(found.map(\.code.rawValue)) == expected, "\(found.map { $0.line(file: path) })")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
    for problem in found {
      #expect((1...lines + 1).contains(problem.place.line))
      #expect(problem.place.column >= 1)
      #expect(problem.message.count > 10, "a message says what was expected")
    }
  }

  @Test("A good file has no error", arguments: Files.good)
  func good(path: String) throws {
    let found = Files.diagnostics(path, try Files.text(path), loader: try Files.loader())
      .filter { $0.severity == .error }
    #expect(found.isEmpty)
  }

  @Test("Each code of an error is met by at least one file of the corpus or test of its own")
  func everyCodeIsMet() throws {
    let met = Set(
      try Files.broken.flatMap { path in
        Files.diagnostics(path, try Files.text(path), loader: try Files.loader()).map(\.code)
      })
    // These are met by tests of their own, or by the command line's.
    let elsewhere: Set<DiagnosticCode> = [
      .unreadable, .unknownPopulation, .doseAboveSoftLimit, .doseBelowSoftLimit, .drugExpiresSoon,
      .bolusAboveSoftLimit, .flowBelowStep, .refillBeyondPractice, .notTherapeutic,
      .doseStepAboveHardLimit, .doseStepAboveSoftLimit, .badFault, .badCommand, .bolusTooNear,
      .doseCutAboveSoftLimit,
      .concentrationChanged, .screeningSolution, .reservoirAlarmEarly, .mixedRateUnits,
      .hourLooksLikeMinute, .bolusSlowerThanBasal, .bolusTwice, .expiryFar, .catheterLength,
      .nothingToConfirm,
    ]
    let missing = Set(DiagnosticCode.allCases).subtracting(met).subtracting(elsewhere)
    #expect(missing.isEmpty)
  }

  @Test("All problems of a file are found at once, each at its place")
  func allAtOnce() throws {
    let text = """
      profile: broken
      population: adult-spinal
      drug: {name: baclofen, concentration: 2000, lot: "A1234", expires: 2024-03-31}
      reservoir: {capacity: 20 mL, volume: 21 mL, low-alarm: 2 mL}
      catheter: {length: 72 cm, volume-per-length: 2.2 uL/cm}
      therapy: {continuous: 80 mg/day}
      colour: blue
      """
    let found = try Files.loader().load(text).diagnostics.filter { $0.severity == .error }
    let places = found.map { "\($0.place.line):\($0.place.column) \($0.code.rawValue)" }
    #expect(
      places == [
        "3:39 missing-unit", "3:68 drug-expired", "4:38 reservoir-overfilled",
        "6:23 dose-looks-oral", "7:1 unknown-key",
      ])
  }
}
