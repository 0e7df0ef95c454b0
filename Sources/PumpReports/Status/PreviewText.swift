import Foundation
package import PumpService

/// What a command would change, side by side.
package struct PreviewText {
  package let preview: Preview

  package init(preview: Preview) {
    self.preview = preview
  }

  package var text: String {
    let (now, then) = (preview.now, preview.then)
    var lines: [String] = [
      "  " + "".padding(toLength: 14, withPad: " ", startingAt: 0) + Self.column("now") + "then"
    ]
    func add(_ name: String, _ first: String, _ second: String) {
      lines.append(
        "  " + name.padding(toLength: 14, withPad: " ", startingAt: 0) + Self.column(first)
          + (first == second ? "the same" : second))
    }
    add("rate", Self.rate(now.rate_ug_per_h), Self.rate(then.rate_ug_per_h))
    add(
      "last 24 h", "at most " + StatusText.mass(now.last_24h_ug),
      "at most " + StatusText.mass(then.last_24h_ug))
    add("next 24 h", StatusText.mass(now.next_24h_ug), StatusText.mass(then.next_24h_ug))
    add("reservoir", StatusText.volume(now.reservoir_ml), StatusText.volume(then.reservoir_ml))
    add("refill due", now.refill_due ?? "not by this", then.refill_due ?? "not by this")
    lines.append(
      "  limit 24 h    \(StatusText.mass(preview.hard_limit_24h_ug)); beyond "
        + "\(StatusText.mass(preview.soft_limit_24h_ug)) a clinician confirms")
    if let differences = preview.differences {
      lines +=
        [""] + (differences.isEmpty ? ["nothing is otherwise"] : differences).map { "  " + $0 }
    }
    if let refusal = preview.would_be_refused {
      lines += ["", "  IT WOULD BE REFUSED: \(refusal)"]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func rate(_ rate: Double) -> String {
    rate == 0 ? "nothing" : StatusText.mass(rate) + "/h"
  }

  private static func column(_ text: String) -> String {
    text.count >= 28 ? text + "  " : text.padding(toLength: 28, withPad: " ", startingAt: 0)
  }
}
