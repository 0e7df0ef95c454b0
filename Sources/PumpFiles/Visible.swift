/// Texts that came from a file or a user, made safe for where they are shown.
///
/// A name in a profile or an image may hold anything: a terminal's escape codes, marks that turn the
/// direction of writing, characters that nobody sees. Each output shows them as `<U+001B>`.
package enum Visible {
  /// A text with every character shown that a terminal obeys or hides; lines and tabs stay.
  package static func text(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    return text.unicodeScalars.map { isUnsafe($0) ? shown($0) : String($0) }.joined()
  }

  /// A text in one line.
  package static func line(_ text: String) -> String {
    Self.text(String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 }))
  }

  /// A text inside XML: an element's content, or an attribute's value.
  package static func xml(_ text: String) -> String {
    var out = ""
    for character in line(text) {
      switch character {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      default: out.append(character)
      }
    }
    return out
  }

  /// A text as a field of CSV (RFC 4180) that no spreadsheet takes for a formula.
  package static func csv(_ text: String) -> String {
    let shown = line(text)
    let isFormula = shown.drop { $0 == " " }.first.map { "=+-@".contains($0) } ?? false
    let safe = isFormula ? "'" + shown : shown
    guard safe.contains(where: { ",\"'; ".contains($0) }) else { return safe }
    return "\"" + safe.replacing("\"", with: "\"\"") + "\""
  }

  /// JSON text whose strings hold such characters as escapes only.
  package static func json(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    return text.unicodeScalars.map { scalar in
      guard isUnsafe(scalar) else { return String(scalar) }
      return String(scalar).utf16.map { "\\u" + hexadecimal(UInt32($0)).lowercased() }.joined()
    }.joined()
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "\n" || scalar == "\t" { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }

  /// A character by its number, such as `<U+202E>`.
  package static func shown(_ scalar: Unicode.Scalar) -> String {
    "<U+\(hexadecimal(scalar.value))>"
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
