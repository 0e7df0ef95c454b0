import Foundation
import PumpProfiles
package import PumpUnits

/// Text as tables for people hold it.
package enum TextColumns {
  /// A text at the right of a column, at least one space before it.
  package static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  /// Words with commas between them, in lines of 80 columns.
  package static func wrapped(_ words: [String], indent: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    for (place, word) in words.enumerated() {
      let text = place == words.count - 1 ? word : word + ","
      if let last = lines.last, last.count + 1 + text.count <= 80 {
        lines[lines.count - 1] = "\(last) \(text)"
      } else {
        lines.append(margin + text)
      }
    }
    return lines
  }

  /// A row of a summary: what it is, the dose and its volume, what that means.
  package static func doseRow(_ name: String, _ dose: Mass, _ volume: Volume, _ meaning: String)
    -> String
  {
    "  \(name.padding(toLength: 11, withPad: " ", startingAt: 0))"
      + "\(right(Format.mass(dose), 14)) \(right(Format.volume(volume), 12))   \(meaning)"
  }

  /// A number with a comma at every third digit.
  package static func grouped(_ number: UInt64) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
