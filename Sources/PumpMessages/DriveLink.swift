public import PumpUnits

/// How the supervisor's side reaches the drive: at once in the simulator, through an interrupt on bare metal,
/// through shared memory between two processes.
///
/// Asking is asynchronous in its shape: an answer may be there at once, turns later, or never. Orders are in
/// force when they are sent, as far as the drive lives.
public protocol DriveLink: ~Copyable {
  /// Called at the start of every turn, and after each thing that was done: what cannot wait is done here.
  mutating func tend(at now: Instant)

  /// What the drive tells of itself.
  ///
  /// - Parameter withSum: Whether the checksum of what it runs is wanted, where it has to be worked out.
  mutating func report(at now: Instant, withSum: Bool) -> DriveReport

  /// What people want to know of the drive.
  mutating func detail(at now: Instant) -> DriveDetail

  /// Lets the therapy begin, which its journal knows already.
  mutating func begin(_ beginning: Beginning, at now: Instant)

  /// Tells the drive what holds from now on.
  mutating func send(_ order: DriveOrder, at now: Instant)

  /// Asks the drive to carry out a command, under a number that its answer names.
  ///
  /// - Returns: Whether there was room for it; where not, the drive never hears of it.
  mutating func ask(_ command: Command, number: UInt64, at now: Instant) -> Bool

  /// The next answer, if there is one.
  mutating func answer() -> DriveAnswer?

  /// The drive's oldest event that was not taken yet; it stays until it is taken.
  mutating func event() -> TimedEvent?

  /// Takes the event that was told last.
  mutating func takeEvent()

  /// Whether a sensor's line has more glitches than a sound one.
  var isChattering: Bool { get }
}

extension DriveLink where Self: ~Copyable {
  /// Nothing waits.
  @inlinable public mutating func tend(at now: Instant) {}

  /// There are no lines that could have any.
  @inlinable public var isChattering: Bool { false }
}
