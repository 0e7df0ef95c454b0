import PumpUnits

/// A kind of quantity that files hold, with the units that it may be written in.
///
/// A number is read exactly: decimal digits times the unit's factor must be a whole count of the
/// base unit. A number without a unit is always an error.
package struct Dimension: Sendable {
  var name: String
  package var example: String
  /// Each unit's size in base units.
  var units: [String: UInt64]

  /// What is wrong with a text that should be a quantity.
  package struct Problem: Error {
    package var code: DiagnosticCode
    package var message: String
  }

  package static let mass = Self(
    name: "dose", example: "25 ug",
    units: ["ng": 1_000_000, "ug": 1_000_000_000, "mg": 1_000_000_000_000])

  /// A weight on the scales, in nanograms; never a dose.
  package static let weight = Self(
    name: "weight", example: "0.981 g",
    units: ["mg": 1_000_000, "g": 1_000_000_000])

  package static let volume = Self(
    name: "volume", example: "18 mL",
    units: ["nL": 1_000_000, "uL": 1_000_000_000, "mL": 1_000_000_000_000])

  package static let concentration = Self(
    name: "concentration", example: "500 ug/mL",
    units: ["ug/mL": 1_000, "mg/mL": 1_000_000])

  package static let doseRate = Self(
    name: "dose rate", example: "300 ug/day",
    units: [
      "ug/day": 1_000_000_000, "ug/h": 24_000_000_000,
      "mg/day": 1_000_000_000_000, "mg/h": 24_000_000_000_000,
    ])

  package static let flow = Self(
    name: "flow", example: "6 uL/day",
    units: [
      "uL/day": 1_000_000_000, "uL/h": 24_000_000_000,
      "mL/day": 1_000_000_000_000, "mL/h": 24_000_000_000_000,
    ])

  package static let duration = Self(
    name: "duration", example: "10 min",
    units: [
      "ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000,
      "h": 3_600_000_000_000, "day": 86_400_000_000_000, "days": 86_400_000_000_000,
    ])

  /// In micrometres.
  package static let length = Self(
    name: "length", example: "72 cm", units: ["mm": 1_000, "cm": 10_000])

  /// In femtolitres per centimetre.
  package static let volumePerLength = Self(
    name: "volume per length", example: "2.2 uL/cm",
    units: ["nL/cm": 1_000_000, "uL/cm": 1_000_000_000, "mL/cm": 1_000_000_000_000])

  package static let stepRate = Self(
    name: "step rate", example: "1000 steps/s", units: ["steps/s": 1])

  package static let acceleration = Self(
    name: "acceleration", example: "4000 steps/s2", units: ["steps/s2": 1])

  /// In millivolts.
  package static let voltage = Self(
    name: "voltage", example: "2.4 V", units: ["mV": 1, "V": 1_000])

  /// In thousandths of a degree Celsius.
  package static let temperature = Self(
    name: "temperature", example: "60 C", units: ["C": 1_000, "°C": 1_000])

  /// In thousandths of a percent.
  package static let percent = Self(name: "share", example: "30 %", units: ["%": 1_000])

  private static let all = [
    mass, volume, concentration, doseRate, flow, duration, length, volumePerLength, stepRate,
    acceleration, voltage, temperature, percent,
  ]

  /// The units, by their letters.
  package var unitNames: [String] { units.keys.sorted() }

  /// The count of base units that a text says.
  ///
  /// - Parameter example: What a message offers: one that would do no harm where it is asked for.
  package func count(of text: String, example: String? = nil) throws(Problem) -> UInt64 {
    let example = example ?? self.example
    let trimmed = text.drop { $0 == " " }
    let number = trimmed.prefix { !$0.isWhitespace && !$0.isLetter && $0 != "%" && $0 != "°" }
    let unit = Self.canonical(trimmed.dropFirst(number.count).drop { $0 == " " })
    let choices = units.sorted { $0.value < $1.value }.map(\.key).joined(separator: ", ")
    guard let digits = number.wholeMatch(of: /(0|[1-9][0-9]*)(?:\.([0-9]+))?/) else {
      throw Problem(
        code: .badNumber,
        message: "'\(text)' does not begin with a plain decimal number; expected a \(name) "
          + "such as \(example)")
    }
    // Half of the world writes fifteen hundred so.
    if digits.1 != "0", digits.1.count <= 3, let fraction = digits.2, fraction.count == 3,
      fraction.last == "0"
    {
      let plain = "\(digits.1).\(fraction)".replacing(/0+$/, with: "").replacing(/\.$/, with: "")
      throw Problem(
        code: .badNumber,
        message:
          "'\(text)' may be \(digits.1)\(fraction) or \(plain): write the one that is meant, without a "
          + "point before three digits that end in 0")
    }
    guard !unit.isEmpty else {
      throw Problem(
        code: .missingUnit,
        message: "'\(text)' has no unit; a \(name) needs one of \(choices), such as \(example)")
    }
    guard let factor = units[unit] else {
      let other = Self.all.first { $0.units[unit] != nil }
      let what = other.map { "is a unit of \($0.name), and not" } ?? "is not a unit"
      throw Problem(
        code: .wrongUnit,
        message: "'\(unit)' \(what) of a \(name): write one of \(choices)")
    }
    return try exact(
      whole: digits.1, fraction: digits.2 ?? "", factor: factor, text: text)
  }

  /// A count in the unit that another text has, rounded down to a thousandth of a microgram, or a microlitre, for each
  /// of its times.
  ///
  /// - Parameter other: A text that `count(of:)` reads.
  package func written(_ count: UInt64, like other: String) -> String {
    let unit = other.drop { $0 == " " || $0.isNumber || $0 == "." }
    guard let size = units[Self.canonical(unit)] else { return "\(count)" }
    // A thousandth, or of a milligram or millilitre a millionth.
    let places = unit.hasPrefix("m") && !unit.hasPrefix("mcg") ? 6 : 3
    let parts = (0..<places).reduce(UInt64(1)) { product, _ in product * 10 }
    let (whole, part) = count.quotientAndRemainder(dividingBy: size)
    let decimals = (try? scaled(part, by: parts, over: size, .down)) ?? 0
    var digits = String(String(parts + decimals).dropFirst())
    while digits.last == "0" { digits.removeLast() }
    return digits.isEmpty ? "\(whole) \(unit)" : "\(whole).\(digits) \(unit)"
  }

  private func exact(whole: Substring, fraction: Substring, factor: UInt64, text: String)
    throws(Problem) -> UInt64
  {
    let kept = fraction.reversed().drop { $0 == "0" }.reversed()
    guard whole.count <= 18, kept.count <= 18, let digits = UInt64(whole + String(kept)) else {
      throw Problem(code: .outOfRange, message: "'\(text)' is beyond any \(name)")
    }
    let scale = kept.reduce(UInt64(1)) { product, _ in product * 10 }
    let common = greatestCommonDivisor(scale, factor)
    guard digits % (scale / common) == 0 else {
      throw Problem(
        code: .tooPrecise, message: "'\(text)' has more decimals than a \(name) is kept to")
    }
    let (count, overflow) = (digits / (scale / common)).multipliedReportingOverflow(
      by: factor / common)
    guard !overflow else {
      throw Problem(code: .outOfRange, message: "'\(text)' is beyond any \(name)")
    }
    return count
  }

  /// The unit's spelling that the tables know: µ in both its characters and mcg are u.
  private static func canonical(_ unit: Substring) -> String {
    var plain = unit.map { $0 == "\u{B5}" || $0 == "\u{3BC}" ? "u" : $0 }
    while plain.last == " " { plain.removeLast() }
    let spelled = String(plain)
    if spelled.hasPrefix("mcg") { return "ug" + spelled.dropFirst(3) }
    if spelled == "steps/s²" { return "steps/s2" }
    return spelled
  }
}
