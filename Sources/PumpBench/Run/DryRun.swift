import Foundation
import PumpFiles
import PumpHAL
package import PumpLinux
package import PumpProfiles
import PumpService
import PumpUnits

/// What a run would claim, worked out without claiming anything.
package struct DryRun {
  private let profile: Profile
  private let bench: Bench
  private let wish: RealTimeThread.Wish
  private let pace: PacedClock.Pace

  package init(
    _ profile: Profile, _ bench: Bench, _ wish: RealTimeThread.Wish, _ pace: PacedClock.Pace
  ) {
    self.profile = profile
    self.bench = bench
    self.wish = wish
    self.pace = pace
  }

  package func text() throws -> String {
    var lines = [
      "\(profile.name) on \(bench.board.name); nothing is claimed",
      "  scheduling  "
        + (wish.priority > 0 ? "SCHED_FIFO \(wish.priority), memory locked" : "ordinary thread")
        + (wish.processor.map { ", processor \($0)" } ?? ""),
      "  waiting     "
        + (pace == .asleep
          ? "sleeps"
          : "wakes \(Format.span(pace.window)) early and spins, at most "
            + "\(pace.budgetPermille / 10) % of the time"),
      "  library     \(GPIOChip.library)",
    ]
    guard !bench.board.isSimulated else {
      lines.append("  chip        simulated: no line is claimed")
      return lines.joined(separator: "\n") + "\n"
    }
    let resolved: BenchWiring.Resolved
    do { resolved = try bench.board.wiring.resolve() } catch {
      throw ProjectFiles.Problem(description: "\(bench.board.name): error: \(error)")
    }
    lines.append("  chip        \(resolved.chip)")
    let present = (try? resolved.chip.lines()) ?? []
    for role in BenchLine.allCases {
      guard let request = resolved.requests[role], let line = bench.board.lines[role.role] else {
        continue
      }
      let held = present.first { $0.offset == request.offset && $0.isUsed }
      lines.append(
        "  \(role.role.padding(toLength: 14, withPad: " ", startingAt: 0))"
          + "offset \(request.offset) '\(line.name)', \(role.isOutput ? "output" : "input"), "
          + "active \(line.isActiveLow ? "low" : "high"), bias \(line.bias.rawValue)"
          + (role.isOutput ? ", \(line.drive.rawValue)" : ", both edges")
          + (held.map { "; IN USE by '\($0.consumer)'" } ?? ""))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
