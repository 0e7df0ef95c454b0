public import PumpMessages
public import PumpUnits

/// A way to a drive, with the drive behind it on a bench where time passes when it is told to.
public protocol DriveRig: DriveLink, ~Copyable {
  /// The pump's clock.
  var now: Instant { get }

  /// STEP edges that were made so far.
  var steps: UInt64 { get }

  /// Lets time pass up to an instant: the drive works, and the link's own side is tended.
  mutating func run(until instant: Instant)
}
