package import PumpProfiles
import PumpService

/// What a board does not have, and what therefore nobody notices: told before a run, for the self-test
/// can't fail in a part that is not there.
package enum MissingParts {
  package static func of(_ board: Board) -> [String] {
    guard !board.isSimulated else { return [] }
    var lines: [String] = []
    if board.lines["buzzer"] == nil {
      lines.append("warning: buzzer: none on this board; alarms are seen here and not heard")
    }
    if board.lines["watchdog-kick"] == nil, board.watchdog == nil {
      lines.append(
        "warning: watchdog: none on this board; nothing outside notices a machine that hangs")
    }
    if board.lines["index"] == nil {
      lines.append("note: index: none on this board; a stalled or slipping head goes unnoticed")
    }
    if board.lines["fault"] == nil {
      lines.append("note: fault: none on this board; a driver that gives up goes unnoticed")
    }
    return lines
  }
}
