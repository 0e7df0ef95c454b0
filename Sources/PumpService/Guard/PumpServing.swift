import Foundation
import Glibc
package import PumpLinux
package import PumpMessages
import PumpProfiles
package import PumpTherapy

/// A two-process run as its clients' server sees it; all of it is called on the server's thread.
package final class ServedRun: ServedPump {
  private let prescriptions: PrescriptionTable
  private let texts: TextSlot
  private let requests: SlotRing<ClientRequest>
  private let rings: ClientRings
  private let channel: Channel
  private var latest: SessionStatus?

  package init(_ run: SupervisedRun.Rings, _ channel: Channel) {
    prescriptions = run.prescriptions
    texts = run.texts
    requests = run.requests
    rings = run.toClients
    self.channel = channel
  }

  package func status() -> SessionStatus? {
    latest = rings.takeLatest() ?? latest
    return latest
  }

  package func ask(_ ordered: Ordered) -> Bool {
    if case .adopt(let prescription, _, _) = ordered.command {
      prescriptions.put(prescription, for: ordered.ticket)
    }
    let isTaken = requests.writer.put(
      ClientRequest(
        ticket: ordered.ticket, by: ordered.by, basis: ordered.basis,
        words: CommandWords(ordered.command)))
    channel.ring()
    return isTaken
  }

  package func keep(profile text: String) { texts.put(Array(text.utf8)) }

  package func takeAnswer() -> Answered? {
    latest = rings.takeLatest() ?? latest
    return rings.answers.take()
  }
}

/// Serves clients on a thread of its own for as long as a run lasts.
package final class ServerThread: RealTimeTask, @unchecked Sendable {
  private let server: PumpServer
  private let pump: ServedRun
  private let ended: SlotRing<Bool>?
  private var thread: RealTimeThread?

  /// Where clients find it.
  package var path: String { server.path }

  /// - Throws: `PumpServer.Problem`.
  package init(at path: String, _ facts: PumpFacts, _ roles: Roles, _ pump: ServedRun)
    throws(PumpServer.Problem)
  {
    self.pump = pump
    server = try PumpServer(
      at: path, facts, roles, for: pump,
      isClockKept: { SystemStart.isWallClockSynchronised })
    ended = SlotRing<Bool>(slots: 2)
  }

  package func start() {
    thread = RealTimeThread.start(.init(priority: 0, locksMemory: false), self)
  }

  package func carryOut(without denials: [RealTimeThread.Denial]) {
    while ended?.take() == nil { server.serve(within: 50) }
    server.end()
  }

  package func end() {
    ended?.writer.put(true)
    if ended != nil { thread?.join() }
  }
}

/// Prescriptions that are to be adopted, by the tickets that they were sent with; for two threads.
///
/// A lock is held for as long as a pointer takes to move.
package final class PrescriptionTable: @unchecked Sendable {
  private let lock = NSLock()
  private var waiting: [(ticket: UInt64, prescription: Prescription)] = []

  package func put(_ prescription: Prescription, for ticket: UInt64) {
    lock.withLock {
      waiting.append((ticket, prescription))
      // What nobody takes gives way.
      if waiting.count > 8 { waiting.removeFirst() }
    }
  }

  package func take(_ ticket: UInt64) -> Prescription? {
    lock.withLock {
      guard let place = waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
      return waiting.remove(at: place).prescription
    }
  }
}

/// A profile's text on its way to the journal's thread.
package final class TextSlot: @unchecked Sendable {
  private let lock = NSLock()
  private var text: [UInt8]?

  package func put(_ text: [UInt8]) { lock.withLock { self.text = text } }

  package func take() -> [UInt8]? {
    lock.withLock {
      defer { text = nil }
      return text
    }
  }
}
