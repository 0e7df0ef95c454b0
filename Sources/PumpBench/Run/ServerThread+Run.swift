package import Foundation
package import PumpFiles
package import PumpProfiles
import PumpReports
package import PumpService
package import PumpSession
import PumpUnits

extension ServerThread {
  /// Serves whoever speaks to the pump.
  ///
  /// A pump that can't be spoken to runs all the same: what it does is prescribed.
  ///
  /// - Parameters:
  ///   - earlier: What ran within the day before.
  ///   - path: The journal's; `nil` where it is in memory.
  ///   - socket: Where it listens; a free name if not given.
  ///   - ahead: By how many seconds the pattern is ahead of the wall clock.
  /// - Returns: `nil` where nobody can speak to it.
  package static func start(
    _ control: SupervisedRun, _ plan: SessionPlan, _ profile: Profile, _ earlier: [Profile],
    _ bench: Bench, _ inputs: ProfileInputs, journal path: String?, at socket: String?,
    ahead: TimeInterval
  ) throws -> ServerThread? {
    var facts = PumpFacts(
      profile: profile, drugs: try InputFile.drugs(inputs.drugs), bench: bench, step: bench.step,
      board: bench.board.name, journal: path,
      startedBy: NSUserName(), openedOn: control.openedOn, opened: control.opened)
    if profile.mode == .periodic {
      facts.place = (place: plan.place ?? .zero, at: control.opened)
    }
    facts.ahead = ahead
    // Until when each was in force the journal does not say: until now, at the latest.
    facts.earlier = earlier.map { ($0, until: control.opened) }
    facts.unjudgedSince = plan.unjudgedSince.map { Date(timeIntervalSince1970: Double($0)) }
    // Two runs that start at once may choose the same free name.
    var attempts = socket == nil ? 5 : 1
    while true {
      attempts -= 1
      do {
        let server = try ServerThread(
          at: try socket ?? PumpSocket.new(for: bench.board.name), facts, try SiteRoles.read(),
          control.served)
        server.start()
        return server
      } catch {
        guard attempts == 0 else { continue }
        Console.note("warning: nobody can speak to this pump: \(error)")
        return nil
      }
    }
  }
}
