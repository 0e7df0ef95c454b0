import Foundation
import PumpProfiles
import PumpUnits
import Testing

@Suite("However a quantity is typed, it is read rightly or refused, and what nobody sees is named")
struct NumberEntryTests {
  /// What is said of a dose rate in a profile, and the rate in femtograms a day where it was read.
  private func read(_ text: String) throws -> (rate: UInt64?, said: [String]) {
    let profile = """
      profile: t
      population: adult-spinal
      drug: {name: baclofen, concentration: 1000 ug/mL, lot: "L1", expires: 2028-03-31}
      reservoir: {capacity: 20 mL, volume: 18 mL, low-alarm: 2 mL}
      catheter: {length: 72 cm, volume-per-length: 2.2 uL/cm}
      therapy: {continuous: \(text)}
      """
    let (loaded, diagnostics) = try Files.loader().load(profile)
    return (loaded?.meanDosePerDay.femtograms, diagnostics.map(\.message))
  }

  @Test(
    "Read rightly",
    arguments: [
      ("150 ug/day", 150_000_000_000), ("150ug/day", 150_000_000_000),
      ("  150   ug/day  ", 150_000_000_000),
      ("150 µg/day", 150_000_000_000), ("150 \u{3BC}g/day", 150_000_000_000),
      ("150 mcg/day", 150_000_000_000),
      ("150.0 ug/day", 150_000_000_000), ("150.5 ug/day", 150_500_000_000),
      ("150.50 ug/day", 150_500_000_000),
      ("150.125 ug/day", 150_125_000_000), ("0.15 mg/day", 150_000_000_000),
      ("0.150 mg/day", 150_000_000_000),
      ("6.25 ug/h", 150_000_000_000), ("\"150 ug/day\"", 150_000_000_000),
      ("'150 ug/day'", 150_000_000_000),
      ("1500.000 ug/day", 1_500_000_000_000),
    ] as [(String, UInt64)])
  func rightly(text: String, rate: UInt64) throws {
    let found = try read(text)
    #expect(found.rate == rate, "\(text): \(found.said)")
  }

  @Test(
    "Refused, with a word that says what is wrong",
    arguments: [
      // Points, commas and groups of digits.
      (".5 ug/day", "plain decimal number"), ("150. ug/day", "plain decimal number"),
      ("1,5 ug/day", "comma"),
      ("1.500 ug/day", "may be 1500 or 1.5"), ("1.250 ug/day", "may be 1250 or 1.25"),
      ("150.000 ug/day", "may be 150000 or 150"),
      ("1,500 ug/day", "write 1.5 if that is less than 2, and 1500 if it is thousands"),
      ("1.500,5 ug/day", "write 1500.5"),
      ("1 500 ug/day", "is not a unit"), ("1'500 ug/day", "plain decimal number"),
      ("1_500 ug/day", "plain decimal number"),
      ("1.5.0 ug/day", "plain decimal number"), ("·5 ug/day", "plain decimal number"),
      // Signs and ranges.
      ("+150 ug/day", "plain decimal number"), ("-150 ug/day", "plain decimal number"),
      ("\u{2212}150 ug/day", "U+2212"), ("~150 ug/day", "plain decimal number"),
      ("<150 ug/day", "plain decimal number"),
      ("150-160 ug/day", "plain decimal number"), ("150\u{2013}160 ug/day", "U+2013"),
      ("150±5 ug/day", "plain decimal number"),
      ("ca. 150 ug/day", "plain decimal number"),
      // What looks like a digit, and other ways of a number.
      ("O5 ug/day", "plain decimal number"), ("l50 ug/day", "plain decimal number"),
      ("15O ug/day", "is not a unit"),
      ("007 ug/day", "plain decimal number"), ("00.5 ug/day", "plain decimal number"),
      ("1e2 ug/day", "is not a unit"),
      ("0x96 ug/day", "is not a unit"), ("½ ug/day", "plain decimal number"),
      ("1/2 ug/day", "plain decimal number"),
      ("１５０ ug/day", "plain decimal number"), ("١٥٠ ug/day", "plain decimal number"),
      ("15² ug/day", "plain decimal number"),
      ("NaN ug/day", "plain decimal number"), ("∞ ug/day", "plain decimal number"),
      ("true", "plain decimal number"),
      ("99999999999999999999 ug/day", "beyond"), ("0.00000000000001 ug/day", "decimals"),
      // Units.
      ("150", "no unit"), ("ug/day", "plain decimal number"), ("150 UG/day", "is not a unit"),
      ("150 Ug/day", "is not a unit"),
      ("150 ug/d", "is not a unit"), ("150 ug/DAY", "is not a unit"),
      ("150 microgram/day", "is not a unit"),
      ("150 µ g/day", "is not a unit"), ("150 ㎍/day", "is not a unit"), ("150 ug", "unit of dose"),
      ("150 uL/day", "unit of flow"), ("150 ug/mL", "unit of concentration"),
      ("150 g/day", "is not a unit"),
      ("150 ug per day", "is not a unit"), ("150 ug/day/day", "is not a unit"),
      ("150 ug/day 2", "is not a unit"),
      ("150 ug/day.", "is not a unit"), ("150 ug /day", "is not a unit"),
      ("150 IU/day", "is not a unit"),
      // What nobody sees.
      ("150\u{A0}ug/day", "U+00A0"), ("150\u{2009}ug/day", "U+2009"),
      ("150\u{202F}ug/day", "U+202F"),
      ("150\u{2007}ug/day", "U+2007"), ("150\u{3000}ug/day", "U+3000"),
      ("15\u{200B}0 ug/day", "U+200B"),
      ("15\u{AD}0 ug/day", "U+00AD"), ("\u{202E}150 ug/day", "U+202E"), ("150\tug/day", "tab"),
      ("15\u{2060}0 ug/day", "U+2060"), ("\u{201C}150 ug/day\u{201D}", "U+201C"),
      ("150\u{7}ug/day", "U+0007"),
      ("150\u{2028}ug/day", "U+2028"), ("15\u{200D}0 ug/day", "U+200D"),
      ("150 u\u{301}g/day", "is not a unit"),
    ])
  func refused(text: String, word: String) throws {
    let found = try read(text)
    #expect(found.rate == nil, "\(text)")
    #expect(found.said.contains { $0.contains(word) }, "\(text): \(found.said)")
  }
}
