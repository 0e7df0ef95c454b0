public import PumpHAL
public import PumpUnits

/// Hardware whose clock is the machine's.
public protocol RealTimeHardware: PumpHardware, ~Copyable {
  /// Starts the clock anew, its `.epoch` so far ahead; called on the thread that will wait for it.
  mutating func startClock(ahead: TimeSpan)
}
