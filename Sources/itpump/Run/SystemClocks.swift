import PumpJournal
import PumpLinux
import PumpUnits

/// What the system's clocks say at one moment: from them and the journal follows how long a pump has rested.
struct SystemClocks {
  /// Names this start of the system; 0 where nothing does.
  var boot: UInt64
  /// The system's time since then.
  var elapsed: TimeSpan
  var wallSeconds: Int64
  /// Whether a time service keeps the wall clock.
  var isSynchronised: Bool

  static var now: Self {
    Self(
      boot: SystemStart.boot, elapsed: SystemStart.elapsed, wallSeconds: wallClockSeconds(),
      isSynchronised: SystemStart.isWallClockSynchronised)
  }
}

extension JournalState {
  /// Where the pump's clock stands by these clocks.
  func resume(_ clocks: SystemClocks) -> Instant {
    resume(
      boot: clocks.boot, clock: clocks.elapsed, wallSeconds: clocks.wallSeconds,
      isSynchronised: clocks.isSynchronised)
  }

  /// Whether the time since the latest record is known by these clocks, and not only bounded from below.
  func knowsTime(_ clocks: SystemClocks) -> Bool {
    knowsTime(
      boot: clocks.boot, clock: clocks.elapsed, wallSeconds: clocks.wallSeconds,
      isSynchronised: clocks.isSynchronised)
  }
}
