public import PumpUnits

/// What the drive tells of itself, several times a second.
public struct DriveReport: Equatable, BitwiseCopyable, Sendable {
  /// Counts the turns of its loop: a heart that beats.
  public var beat: UInt64 = 0
  /// When it was written.
  public var at = Instant.epoch
  /// Its ledger since the session began, in steps.
  public var delivered: UInt64 = 0
  public var uncertain: UInt64 = 0
  public var missed: UInt64 = 0
  public var owed: UInt64 = 0
  /// The alarms that stand on the drive's side, and those whose cause holds, a bit each.
  public var standing: UInt64 = 0
  public var present: UInt64 = 0
  /// Steps that the drive's lines counted by themselves, as whoever reads the report saw them; `nil`
  /// where the lines don't count.
  public var lineCount: UInt64?
  /// When the lines were looked at, at the earliest; `nil` where nothing can come between that and the turn.
  public var lookedAt: Instant?
  /// The checksum of the prescription that it runs, worked out anew for this report; 0 where it was
  /// not.
  public var prescriptionSum: UInt32 = 0
  /// Whether its therapy runs, or a bolus.
  public var isDelivering = false
  /// Whether it has stopped because of an alarm.
  public var isTripped = false

  public init() {}

  /// Steps that were made or may have been, since the session began.
  public var count: UInt64 { delivered + uncertain }
}
