public import PumpHAL
public import PumpUnits

/// The registers of a board, as far as a controller needs them.
///
/// All of it is static: there is one board, and the interrupt and the main loop both touch it. Whatever
/// may be called from both says so.
public protocol Board {
  /// What the host calls it; at most 16 characters.
  static var name: StaticString { get }

  /// Time since the board's start, monotonic; from the interrupt and the main loop.
  static func now() -> TimeSpan

  /// The same from a second counter, to hold the first one against.
  static func secondClock() -> TimeSpan

  /// Sets an output; from the interrupt and the main loop.
  static func set(_ line: BenchLine, _ isAsserted: Bool)

  /// What an output's register says that it is set to.
  static func readBack(_ line: BenchLine) -> Bool

  /// Names the `DriveSide` that the drive's interrupt serves; `nil` for none.
  static func attach(_ drive: UnsafeMutableRawPointer?)

  /// Asks for the drive's interrupt at a time since the start, or at once where that has passed.
  static func arm(at time: TimeSpan)

  /// Asks for the main loop to be woken then.
  static func armWake(at time: TimeSpan)

  /// Keeps interrupts away, and lets them come again; never nested.
  static func mask()
  static func unmask()

  /// How long the main loop's longest touch of the drive takes: so much must be left to the next edge.
  static var longestTouch: TimeSpan { get }

  /// The longest that the main loop may sleep and miss nothing that its host sends.
  static var longestSleep: TimeSpan { get }

  /// Waits for an interrupt, with interrupts masked: one that is pending ends it.
  static func sleep()

  /// Restarts the watchdog's time-out.
  static func kickWatchdog()

  /// What the watchdog still counts; a working one counts down.
  static func watchdogLeft() -> UInt32

  /// Sends a byte, and waits until there is room for it.
  static func transmit(_ byte: UInt8)

  /// Whether a byte was received and not taken.
  static var hasReceived: Bool { get }

  /// Takes a byte that was received; `nil` where none is.
  static func receive() -> UInt8?

  /// Memory that keeps its contents over a reset, but not over a loss of power: 8 words of 64 bits.
  static var retained: UnsafeMutablePointer<UInt64> { get }

  /// Flash for images and journal: words of 64 bits.
  static var flash: UnsafeMutablePointer<UInt64> { get }

  /// Records that the flash's journal has room for, in each of two copies.
  static var journalSlots: UInt64 { get }

  /// The most entries of a pattern, a bolus counted twice, that there is memory for, and that both
  /// channels can search well within the watchdog's time-out.
  static var mostEntries: Int { get }

  /// Bytes of stack ever used.
  static func stackUsed() -> UInt32
}
