import Foundation
import PumpLinux
import PumpMessages
import PumpProfiles
import PumpReports
import PumpService
import PumpUnits

/// Serves whoever speaks to a therapy on a board, between two looks at its console.
final class FirmwareServing {
  let pump: FirmwarePump
  private let server: PumpServer

  /// Listens, once the board has taken its start.
  ///
  /// A pump that can't be spoken to runs all the same: what it does is prescribed.
  ///
  /// - Parameter place: Where in its pattern the therapy starts.
  /// - Returns: `nil` where nobody can speak to it, which is told.
  /// - Throws: `FirmwareConsole.Problem`.
  init?(_ run: FirmwareRun, _ console: FirmwareConsole, place: TimeSpan) throws {
    pump = FirmwarePump(console)
    try pump.look()
    let opened = pump.status()?.at ?? .epoch
    var facts = PumpFacts(
      profile: run.profile, drugs: [], bench: run.bench, step: run.bench.step,
      board: run.bench.board.name, journal: nil, startedBy: NSUserName(), openedOn: Date(),
      opened: opened)
    if run.profile.mode == .periodic { facts.place = (place: place, at: opened) }
    facts.ahead = run.ahead
    do {
      server = try PumpServer(
        at: try run.socket ?? PumpSocket.new(for: run.bench.board.name), facts,
        try SiteRoles.read(), for: pump, isClockKept: { SystemStart.isWallClockSynchronised })
    } catch {
      Console.note("warning: nobody can speak to this pump: \(error)")
      return nil
    }
  }

  /// Serves for a moment: as long as nothing happens, so many milliseconds.
  func serve(within milliseconds: Int32) { server.serve(within: milliseconds) }

  func end() { server.end() }
}
