package import PumpJournal
import PumpMessages
import PumpProfiles
import PumpSafety
package import PumpUnits

/// How long a pump has not run, and how loudly that is to be told.
package enum StoppedPump {
  /// Without delivery for so long after somebody stopped it, a reminder; and so long, an emergency
  /// [DER from S4: withdrawal within days].
  package static var reminderAfter: TimeSpan { .day }
  package static var criticalAfter: TimeSpan { TimeSpan(days: 2) }

  package enum Urgency: Equatable {
    /// Nobody needs to be told, for a time or at all.
    case silent
    case nonCritical
    case critical

    /// Between two sounds, and what they are; `nil` where there are none.
    package var sound: (every: TimeSpan, tones: Int)? {
      switch self {
      case .silent: nil
      case .nonCritical: (TimeSpan(minutes: 10), 1)
      case .critical: (TimeSpan(seconds: 10), 2)
      }
    }
  }

  /// What the journal says of a pump that does not run.
  ///
  /// - Parameters:
  ///   - state: The journal's.
  ///   - idle: How long ago a therapy was last heard of; `nil` where no clock can tell.
  package static func urgency(_ state: JournalState, idle: TimeSpan?) -> Urgency {
    // A pump that never ran, and one that was taken out of service by name, alarm nobody.
    guard state.began != nil, !state.isOutOfService else { return .silent }
    // A run that broke off or was tripped has nobody who knows of it.
    guard state.isEnded, state.trippedBy == nil else { return .critical }
    guard let idle else { return .nonCritical }
    return idle >= criticalAfter ? .critical : idle >= reminderAfter ? .nonCritical : .silent
  }

  /// What a person is told.
  package static func words(_ state: JournalState, _ urgency: Urgency, idle: TimeSpan?) -> String {
    let since = idle.map { "for \(Format.span($0))" } ?? "for a time that no clock can tell"
    if state.isOutOfService { return "the pump is out of service" }
    if state.began == nil { return "no therapy has run yet" }
    if let alarm = state.trippedBy {
      return "the last run was stopped by \(alarm.name); nothing runs \(since)"
    }
    if !state.isEnded { return "the last run broke off; nothing runs \(since)" }
    return urgency == .silent
      ? "stopped \(since): alarms after 24 h without delivery"
      : "nothing has been delivered \(since): withdrawal threatens"
  }
}
