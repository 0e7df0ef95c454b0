import Foundation
import PumpProfiles
import PumpUnits

/// Text as tables for people hold it.
enum TextColumns {
  /// A text at the right of a column, at least one space before it.
  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  /// A row of a summary: what it is, the dose and its volume, what that means.
  static func doseRow(_ name: String, _ dose: Mass, _ volume: Volume, _ meaning: String) -> String {
    "  \(name.padding(toLength: 11, withPad: " ", startingAt: 0))"
      + "\(right(Format.mass(dose), 14)) \(right(Format.volume(volume), 12))   \(meaning)"
  }

  /// A number with a comma at every third digit.
  static func grouped(_ number: UInt64) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
