public import PumpMessages
import PumpSafety

/// What lies between the two channels: shared memory on Linux, nothing at all in the simulator.
public protocol ChannelWire {
  /// Carries what the drive tells to the supervisor.
  mutating func carry(_ report: DriveReport) -> DriveReport

  /// Carries a grant to the drive.
  mutating func carry(_ grant: Grant) -> Grant
}

/// A wire that changes nothing.
public struct DirectWire: ChannelWire, Sendable {
  public init() {}

  /// As it is.
  public func carry(_ report: DriveReport) -> DriveReport { report }

  /// As it is.
  public func carry(_ grant: Grant) -> Grant { grant }
}
