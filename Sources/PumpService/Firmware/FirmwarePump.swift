import PumpFirmware
package import PumpMessages

/// A firmware's running pump as its clients' server sees it; what is asked goes over the console at once.
///
/// Server and console are used by one thread: while a line is slow, clients wait, and the board does not.
package final class FirmwarePump: ServedPump {
  private let console: FirmwareConsole
  private var latest: SessionStatus?
  private var answers: [Answered] = []
  /// Whether a client has ended the run.
  package private(set) var isStopped = false

  package init(_ console: FirmwareConsole) { self.console = console }

  /// Asks the board how the pump is.
  ///
  /// - Throws: `FirmwareConsole.Problem`.
  package func look() throws { latest = try console.status() }

  package func status() -> SessionStatus? { latest }

  package func ask(_ ordered: Ordered) -> Bool {
    // A line that is bad leaves it unknown: the board may have heard it.
    var answered = Answered(ticket: ordered.ticket, ordered.command, .unknown)
    do { answered = try console.order(ordered) } catch FirmwareConsole.Problem.refused(
      _, .noSession, _)
    {
      answered.result = .refused(.notPossible(in: .idle))
    } catch {}
    if ordered.command.kind == .stop, answered.result == .accepted { isStopped = true }
    answers.append(answered)
    // What has changed is told with it.
    try? look()
    return true
  }

  package func takeAnswer() -> Answered? { answers.isEmpty ? nil : answers.removeFirst() }

  /// A board keeps the image that it was started with.
  package func keep(profile text: String) {}

  package var whyNoneIsAdopted: String? {
    "a board with a firmware of its own takes another profile only with a new start: end the run with 'itpump stop', "
      + "then 'itpump run' the other profile, --after-outage where a clinician has looked"
  }
}
