package import PumpHAL
package import PumpLinux

/// The lines that the drive's process claims for itself.
package enum DriveLines: Codable, Equatable, Sendable {
  case simulated
  /// Those of a chip, by the board's file that names them.
  case chip(GPIOChip, [BenchLine: LineRequest], board: String)

  /// Those of a bench's wiring that the drive has a use for; ENABLE and buzzer when its supervisor is gone.
  package init(_ wiring: BenchWiring.Resolved, board: String) {
    let own: Set<BenchLine> = [.step, .direction, .enable, .buzzer]
    self = .chip(wiring.chip, wiring.requests.filter { own.contains($0.key) }, board: board)
  }
}
