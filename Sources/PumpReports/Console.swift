import Foundation
import PumpFiles

/// What goes to the terminal beside a command's result.
package enum Console {
  /// Whether results are read by a person: a pipe gets no progress.
  package static let isTerminal = isatty(STDERR_FILENO) == 1

  /// A remark, on standard error.
  package static func note(_ text: String) { write(Visible.text(text) + "\n") }

  /// Writes to standard error; one that is closed ends nothing, and one that nobody reads holds nothing up
  /// for longer than a moment.
  package static func write(_ text: String) {
    _ = PatientWrite.write(Array(text.utf8), to: STDERR_FILENO, patience: 200)
  }

  /// Draws how far a long work has come, on a terminal only.
  package struct Progress {
    private let title: String
    private var shown = -1

    package init(_ title: String) { self.title = title }

    /// Shows a fraction from 0 to 1.
    package mutating func show(_ fraction: Double) {
      guard Console.isTerminal else { return }
      let percent = Int(min(1, max(0, fraction)) * 100)
      guard percent != shown else { return }
      shown = percent
      let filled = percent * 30 / 100
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
      Console.write("\r\(title) \(bar) \(percent) %")
    }

    /// Clears the line.
    package func finish() {
      guard Console.isTerminal, shown >= 0 else { return }
      Console.write("\r\u{1B}[K")
    }
  }
}
