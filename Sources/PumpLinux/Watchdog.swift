import CPumpLinux
import Glibc
public import PumpHAL
public import PumpUnits

/// A watchdog of the kernel: unless it is kicked in time, the machine is reset.
///
/// Closing it stops it, by the letter that its driver asks for; a program that ends in any other way
/// leaves it running.
public struct Watchdog: ~Copyable {
  /// Its time-out, as the driver granted it.
  public let timeout: TimeSpan
  private let file: Int32
  private var proof: (left: Int32, since: UInt64)?

  /// Opens and starts it.
  ///
  /// - Throws: `GPIOFailure`, with the device.
  public init(path: String, timeout: TimeSpan) throws(GPIOFailure) {
    var granted: Int32 = 0
    let seconds = Int32(clamping: timeout.nanoseconds / 1_000_000_000)
    let opened = pump_watchdog_open(path, seconds, &granted)
    guard opened >= 0 else {
      throw GPIOFailure(subject: "watchdog '\(path)'", cause: .system(-opened))
    }
    file = opened
    self.timeout = TimeSpan(seconds: UInt64(max(0, granted)))
  }

  deinit { pump_watchdog_close(file) }

  /// Long enough for a second to be counted, and far from any time-out; in nanoseconds.
  private static var longestProof: UInt64 { 3_000_000_000 }

  /// Kicks it, unless it is being watched just now.
  public mutating func kick() throws(LineFault) {
    if let proof, pump_linux_now() - proof.since <= Self.longestProof { return }
    let status = pump_watchdog_kick(file)
    guard status == 0 else { throw LineFault(number: status) }
  }

  /// Sees its time left fall while it is not kicked, and rise when it is.
  ///
  /// One whose driver does not tell the time left can't be seen to count.
  public mutating func prove() -> SelfTestProof {
    let now = pump_linux_now()
    let left = pump_watchdog_left(file)
    guard left >= 0 else { return .failed }
    guard let proof else {
      guard pump_watchdog_kick(file) == 0 else { return .failed }
      self.proof = (pump_watchdog_left(file), now)
      return .pending
    }
    guard left < proof.left else {
      guard now - proof.since > Self.longestProof else { return .pending }
      self.proof = nil
      return .failed
    }
    self.proof = nil
    guard pump_watchdog_kick(file) == 0, pump_watchdog_left(file) > left else { return .failed }
    return .passed
  }
}

/// systemd, where it has started the program and listens.
public enum ServiceManager {
  /// Tells it something, such as `READY=1`; nobody is told where nobody listens.
  public static func tell(_ text: String) { _ = pump_notify(text) }
}

/// This start of the system, and its time since then.
public enum SystemStart {
  /// A number that names it; 0 where the kernel does not say.
  public static var boot: UInt64 {
    var id: UInt64 = 0
    return pump_linux_boot_id(&id) == 0 ? id : 0
  }

  /// Whether a time service keeps the wall clock: after a start without one it may be anything.
  public static var isWallClockSynchronised: Bool { pump_linux_is_synchronised() == 1 }

  /// Time since then, suspends included.
  public static var elapsed: TimeSpan { TimeSpan(nanoseconds: pump_linux_boot_time()) }
}
