import PumpFiles
package import PumpLinux
package import PumpProfiles
import PumpService

extension LinuxBench {
  /// Claims a board's lines.
  ///
  /// - Throws: `ProjectFiles.Problem`.
  package static func claimed(_ board: Board, clock: consuming PacedClock) throws -> LinuxBench {
    do {
      return try LinuxBench(try board.wiring.resolve(), clock: clock)
    } catch {
      throw ProjectFiles.Problem(description: "\(board.name): error: \(error)")
    }
  }
}
