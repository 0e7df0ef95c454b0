package import PumpJournal
import PumpLinux

extension SystemClocks {
  /// What this machine's clocks say.
  package static var now: Self {
    Self(
      boot: SystemStart.boot, elapsed: SystemStart.elapsed, wallSeconds: wallClockSeconds(),
      isSynchronised: SystemStart.isWallClockSynchronised)
  }
}
