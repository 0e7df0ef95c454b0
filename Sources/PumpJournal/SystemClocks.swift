public import PumpUnits

/// What the system's clocks say at one moment: from them and the journal follows how long a pump has rested.
public struct SystemClocks: Equatable, Sendable {
  /// Names this start of the system; 0 where nothing does.
  public var boot: UInt64
  /// The system's time since then.
  public var elapsed: TimeSpan
  public var wallSeconds: Int64
  /// Whether a time service keeps the wall clock.
  public var isSynchronised: Bool

  public init(boot: UInt64, elapsed: TimeSpan, wallSeconds: Int64, isSynchronised: Bool) {
    self.boot = boot
    self.elapsed = elapsed
    self.wallSeconds = wallSeconds
    self.isSynchronised = isSynchronised
  }
}

extension JournalState {
  /// Where the pump's clock stands by these clocks.
  public func resume(_ clocks: SystemClocks) -> Instant {
    resume(
      boot: clocks.boot, clock: clocks.elapsed, wallSeconds: clocks.wallSeconds,
      isSynchronised: clocks.isSynchronised)
  }

  /// Whether the time since the latest record is known by these clocks, and not only bounded from below.
  public func knowsTime(_ clocks: SystemClocks) -> Bool {
    knowsTime(
      boot: clocks.boot, clock: clocks.elapsed, wallSeconds: clocks.wallSeconds,
      isSynchronised: clocks.isSynchronised)
  }
}
