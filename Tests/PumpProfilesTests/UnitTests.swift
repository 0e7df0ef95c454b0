import PumpProfiles
import Testing

@Suite("A unit is what its name says, by prefix and by time")
struct UnitTests {
  /// A dimension, its units, and ten to the power of what its base unit is one of.
  struct Case: CustomTestStringConvertible {
    var dimension: Dimension
    var units: [String]
    /// The base unit, as a power of ten of the unit without a prefix.
    var base: Int
    /// Base units count in a day, and not in the unit's own time.
    var isPerDay = false
    var testDescription: String { units.joined(separator: " ") }
  }

  static let cases = [
    Case(dimension: .mass, units: ["ng", "ug", "mg"], base: -15),
    Case(dimension: .weight, units: ["mg", "g"], base: -9),
    Case(dimension: .volume, units: ["nL", "uL", "mL"], base: -15),
    Case(dimension: .concentration, units: ["ug/mL", "mg/mL"], base: -9),
    Case(
      dimension: .doseRate, units: ["ug/h", "ug/day", "mg/h", "mg/day"], base: -15, isPerDay: true),
    Case(
      dimension: .flow, units: ["uL/h", "uL/day", "mL/h", "mL/day"], base: -15, isPerDay: true),
    Case(
      dimension: .duration, units: ["ns", "us", "ms", "s", "min", "h", "day", "days"], base: -9),
    Case(dimension: .length, units: ["mm", "cm"], base: -6),
    Case(dimension: .volumePerLength, units: ["nL/cm", "uL/cm", "mL/cm"], base: -15),
    Case(dimension: .stepRate, units: ["steps/s"], base: 0),
    Case(dimension: .acceleration, units: ["steps/s2"], base: 0),
    Case(dimension: .voltage, units: ["mV", "V"], base: -3),
    Case(dimension: .temperature, units: ["C", "°C"], base: -3),
    Case(dimension: .percent, units: ["%"], base: -3),
  ]

  private static func power(_ exponent: Int) -> UInt64 {
    (0..<exponent).reduce(1) { product, _ in product * 10 }
  }

  /// What a unit is by the meaning of its letters.
  private static func size(_ unit: String, base: Int, isPerDay: Bool) -> UInt64 {
    let times: [String: UInt64] = ["min": 60, "h": 3_600, "day": 86_400, "days": 86_400]
    let prefixes: [Character: Int] = ["n": -9, "u": -6, "m": -3, "c": -2]
    let parts = unit.split(separator: "/", maxSplits: 1).map(String.init)
    let whole = parts[0]
    if let seconds = times[whole] { return seconds * power(-base) }
    let isPrefixed = whole.count == 2 && whole.first != "°"
    let prefix = isPrefixed ? prefixes[whole.first ?? " "] ?? 0 : 0
    let size = power(prefix - base)
    return isPerDay && parts.last == "h" ? 24 * size : size
  }

  @Test("Every unit of every dimension", arguments: cases)
  func sizes(of example: Case) throws {
    #expect(example.dimension.unitNames == example.units.sorted())
    for unit in example.units {
      let size = Self.size(unit, base: example.base, isPerDay: example.isPerDay)
      for (number, count) in [("1", size), ("7", 7 * size), ("0", 0)] {
        let read = try example.dimension.count(of: "\(number) \(unit)")
        #expect(read == count, "\(number) \(unit)")
      }
      guard size.isMultiple(of: 1_000) else { continue }
      let read = try example.dimension.count(of: "0.125 \(unit)")
      #expect(read == size / 8, "0.125 \(unit)")
    }
  }

  @Test(
    "A microgram's four spellings are one",
    arguments: ["ug", "mcg", "\u{B5}g", "\u{3BC}g"])
  func micro(spelled: String) throws {
    #expect(try Dimension.mass.count(of: "3 \(spelled)") == 3_000_000_000)
    #expect(try Dimension.doseRate.count(of: "3 \(spelled)/day") == 3_000_000_000)
    #expect(try Dimension.doseRate.count(of: "3 \(spelled)/h") == 72_000_000_000)
    #expect(try Dimension.concentration.count(of: "500 \(spelled)/mL") == 500_000)
  }

  @Test(
    "A unit of another dimension, in other letters or missing is refused",
    arguments: cases)
  func refuses(of example: Case) {
    let all = Set(Self.cases.flatMap(\.units))
    let others = all.subtracting(example.units).sorted()
    let odd = [
      "", "MG", "Mg", "UG", "ML", "ml", "L", "H", "d", "hr", "hours", "sec", "mcgs", "mc", "u",
    ]
    for unit in others + odd {
      #expect(throws: Dimension.Problem.self, "1 \(unit)") {
        _ = try example.dimension.count(of: "1 \(unit)")
      }
    }
  }

  @Test("The units that README lists are those that files may have")
  func documented() throws {
    let text = try Files.text("README.md")
    let start = try #require(text.firstRange(of: "Dose: "))
    let end = try #require(text.firstRange(of: "`µg` and `mcg`"))
    let list = text[start.upperBound..<end.lowerBound]
    let documented = list.replacing("\n", with: " ").split(separator: ";").map { part in
      part.matches(of: /`([^`]+)`/).map { String($0.1) }.sorted()
    }
    let expected = [Dimension.mass, .doseRate, .volume, .flow, .duration].map { dimension in
      dimension.unitNames.filter { $0 != "day" }
    }
    #expect(documented == expected)
  }
}
