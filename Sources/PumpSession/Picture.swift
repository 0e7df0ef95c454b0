import PumpHAL
public import PumpMessages
public import PumpSafety

/// What a person has to see before asking for more: another one than was looked at, and the request is stale.
@usableFromInline
struct Picture: Equatable {
  @usableFromInline var standing: UInt64 = 0
  @usableFromInline var isDelivering = false
  @usableFromInline var isTripped = false
  @usableFromInline var isCut = false

  @usableFromInline init() {}
}

extension PumpSession where Pump: ~Copyable, Records: ~Copyable {
  /// Counts what has happened.
  @inlinable
  mutating func look(at report: DriveReport) {
    var latest = Picture()
    latest.standing = supervisor.standingAlarms
    latest.isDelivering = report.isDelivering
    latest.isTripped = report.isTripped
    latest.isCut = supervisor.cutBy != nil
    guard latest != picture else { return }
    picture = latest
    happened += 1
  }
}
