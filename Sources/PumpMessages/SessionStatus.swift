public import PumpUnits

/// What a running pump says of itself: the one source of what people and programs are shown.
///
/// Counts are of the whole pump; by them, and not by what was asked for, is told what was delivered.
public struct SessionStatus: Equatable, BitwiseCopyable, Sendable {
  /// When it was told, by the pump's clock.
  public var at: Instant
  /// How much has happened: a request that is based on it is refused where more has by then.
  public var position: UInt64
  public var drive: DriveDetail
  /// What nobody has acknowledged yet, before which nothing begins.
  public var waitsFor: Alarm?
  public var counts: StepCounts
  /// What earlier sessions had made, or may have.
  public var carried: StepCounts
  /// Why the motor's power is kept away; `nil` where it is not.
  public var cutBy: Alarm?
  /// Whether it is kept away because the drive is silent.
  public var isHeld: Bool
  /// Whether the self-test runs: nothing that delivers more may begin.
  public var isTesting: Bool
  /// The alarms that stand, and those whose cause holds, a bit each.
  public var standing: UInt64
  public var present: UInt64
  /// Of those that stand, the ones that are critical by now.
  public var critical: UInt64
  /// What may have left the pump in the last hour, and in the last 24 h.
  public var lastHour: Mass
  public var lastDay: Mass

  public init(
    at: Instant, position: UInt64, drive: DriveDetail, waitsFor: Alarm?, counts: StepCounts,
    carried: StepCounts,
    cutBy: Alarm?, isHeld: Bool, isTesting: Bool, standing: UInt64, present: UInt64,
    critical: UInt64, lastHour: Mass, lastDay: Mass
  ) {
    self.at = at
    self.position = position
    self.drive = drive
    self.waitsFor = waitsFor
    self.counts = counts
    self.carried = carried
    self.cutBy = cutBy
    self.isHeld = isHeld
    self.isTesting = isTesting
    self.standing = standing
    self.present = present
    self.critical = critical
    self.lastHour = lastHour
    self.lastDay = lastDay
  }

  /// Whether an alarm stands.
  public func stands(_ alarm: Alarm) -> Bool { standing & alarm.bit != 0 }
}
