public import Foundation
public import PumpMessages
import PumpProfiles

/// A running pump's status as people and programs get it.
///
/// Moments are in the zone of the profile, with its offset. Doses are by the controller's count of steps; "may
/// have left" holds what is uncertain as well.
public struct StatusReport: Codable, Equatable, Sendable {
  public struct Bolus: Codable, Equatable, Sendable {
    public var kind: String
    public var dose_ug: Double
    public var given_ug: Double
    public var ends: String
  }

  public struct StandingAlarm: Codable, Equatable, Sendable {
    public var name: String
    public var title: String
    public var is_critical: Bool
    /// True where it was not critical at first, and has become so because nobody came; else absent, as from a pump
    /// that does not know of it.
    public var has_escalated: Bool?
    /// Whether its cause still holds; where not, an acknowledgement ends it.
    public var is_cause_present: Bool
  }

  /// The last request and what became of it.
  public struct LastCommand: Codable, Equatable, Sendable {
    public var verb: String
    public var result: String
    public var by: String
    public var at: String

    public init(verb: String, result: String, by: String, at: String) {
      self.verb = verb
      self.result = result
      self.by = by
      self.at = at
    }
  }

  public var state: String
  public var profile: String
  public var drug: String
  public var lot: String
  public var concentration_ug_per_ml: Double
  public var board: String
  public var journal: String?
  public var began: String?
  public var started_by: String
  public var at: String
  public var time_zone: String
  public var position: UInt64
  public var rate_ug_per_h: Double
  public var next_rate_ug_per_h: Double?
  public var next_rate_at: String?
  public var next_bolus_ug: Double?
  public var next_bolus_at: String?
  public var bolus: Bolus?
  public var delivered_ug: Double
  public var uncertain_ug: Double
  public var missed_ug: Double
  public var may_have_left_last_hour_ug: Double
  public var may_have_left_last_24h_ug: Double
  public var prescribed_next_24h_ug: Double
  public var reservoir_ml: Double
  public var refill_due: String?
  public var stops_due: String?
  public var alarms: [StandingAlarm]
  public var is_testing: Bool
  /// The alarm that has to be acknowledged before anything is delivered.
  public var waits_for: String?
  public var is_fallen_back: Bool
  public var last_command: LastCommand?
}

extension StatusReport {
  /// What people and programs get of a status.
  ///
  /// - Parameter last: The last request and what became of it.
  public init(_ facts: PumpFacts, _ status: SessionStatus, last: LastCommand?) {
    self = Outlook(facts: facts, status: status).report(last)
  }

  /// A moment as it stands in a status: in the profile's zone, with its offset.
  public static func moment(_ date: Date, _ facts: PumpFacts) -> String {
    let formatter = ISO8601DateFormatter()
    formatter.timeZone = facts.profile.timeZone
    return formatter.string(from: date)
  }
}

/// What a command would change, before it is asked for.
public struct Preview: Codable, Equatable, Sendable {
  public struct Side: Codable, Equatable, Sendable {
    public var rate_ug_per_h: Double
    public var last_24h_ug: Double
    public var next_24h_ug: Double
    public var reservoir_ml: Double
    public var refill_due: String?
  }

  public var now: Side
  public var then: Side
  /// The hard and the soft limit of 24 h, to hold the doses against.
  public var soft_limit_24h_ug: Double
  public var hard_limit_24h_ug: Double
  /// What is otherwise in a profile that is to be adopted.
  public var differences: [String]?
  /// Why it would be refused, as far as can be told without asking the drive.
  public var would_be_refused: String?
}
