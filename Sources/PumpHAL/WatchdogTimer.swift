/// A timer outside the controller that makes the motor safe unless it is kicked in time.
public protocol WatchdogTimer: ~Copyable {
  /// The backend's own error.
  associatedtype WatchdogFailure: HardwareFault

  /// Says that the controller is alive and well.
  mutating func kickWatchdog() throws(WatchdogFailure)
}
