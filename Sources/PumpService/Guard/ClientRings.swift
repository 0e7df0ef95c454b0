package import PumpLinux
package import PumpMessages

/// What the supervisor's thread tells whoever serves clients.
package struct ClientRings: Sendable {
  package let answers: SlotRing<Answered>
  private let statuses: SlotRing<SessionStatus>

  /// - Returns: `nil` without memory.
  package init?() {
    guard let answers = SlotRing<Answered>(slots: 64),
      let statuses = SlotRing<SessionStatus>(slots: 64)
    else { return nil }
    self.answers = answers
    self.statuses = statuses
  }

  /// Tells how the pump is; what finds no room is told again a moment later.
  package func tell(_ status: SessionStatus) { statuses.writer.put(status) }

  /// The latest status that was told since this was asked last, if there was one.
  package func takeLatest() -> SessionStatus? {
    var latest: SessionStatus?
    while let status = statuses.take() { latest = status }
    return latest
  }
}
