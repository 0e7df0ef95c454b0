import PumpFiles
import PumpHAL
package import PumpLinux
package import PumpProfiles
import PumpService

/// A board file held against the chips of this machine; nothing is claimed.
package struct BoardCheck {
  /// For people.
  package private(set) var text: String
  /// Lines that another program holds.
  package private(set) var busyLines = 0

  /// - Throws: `ProjectFiles.Problem`.
  package init(_ board: Board, _ wiring: BenchWiring.Resolved) throws {
    let lines: [GPIOChip.Line]
    do { lines = try wiring.chip.lines() } catch {
      throw ProjectFiles.Problem(description: "error: \(error)")
    }
    text = "\(board.name): chip \(wiring.chip)\n"
    for role in BenchLine.allCases {
      guard let request = wiring.requests[role] else {
        text += "  \(role.role): not on this board\n"
        continue
      }
      let line = lines.first { $0.offset == request.offset }
      let isBusy = line?.isUsed ?? false
      busyLines += isBusy ? 1 : 0
      text +=
        "  \(role.role): offset \(request.offset)"
        + (line.map { $0.name.isEmpty ? "" : " '\($0.name)'" } ?? "")
        + ", \(role.isOutput ? "output" : "input"), active \(request.isActiveLow ? "low" : "high")"
        + (isBusy ? "  IN USE by '\(line?.consumer ?? "")'" : ", free") + "\n"
    }
    text += "  outputs of a program that has died: \(ReleasedOutputs.ofThisKernel().words)\n"
    text += busyLines == 0 ? "ready\n" : "\(busyLines) lines are in use\n"
  }
}
