import Foundation
package import PumpLinux
import PumpReports

extension GPIOChip {
  /// The chips of this machine and their lines, for people.
  ///
  /// - Throws: `GPIOFailure`.
  package static func listing(withLines: Bool) throws -> String {
    var text = "\(library)\n"
    for chip in try all() {
      text += "\(chip.path) '\(chip.label)', \(chip.lineCount) lines\n"
      guard withLines else { continue }
      for line in try chip.lines() { text += row(line) }
    }
    return text
  }

  private static func row(_ line: Line) -> String {
    let name = line.name.isEmpty ? "-" : line.name
    return TextColumns.right("\(line.offset)", 6) + "  "
      + name.padding(toLength: 24, withPad: " ", startingAt: 0)
      + (line.isOutput ? " output" : " input ")
      + (line.isUsed ? "  in use by '\(line.consumer)'" : "") + "\n"
  }
}
