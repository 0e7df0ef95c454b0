public import PumpMessages
import PumpSafety
public import PumpUnits

/// What a record says.
public enum JournalEntry: Equatable, BitwiseCopyable, Sendable {
  /// A session begins: `boot` names the start of the system it runs on, `clock` is that system's time
  /// since then, which goes on counting through a restart of the program.
  /// Whether the wall clock was then kept by a time service tells what its seconds are worth.
  case opened(
    boot: UInt64, clock: TimeSpan, servedSince: Instant, JournalBinding?,
    isClockSynchronised: Bool = true)
  /// Permission, with the counts that were acknowledged by then.
  case grant(StepCounts, upTo: UInt64, until: Instant)
  /// Something that happened.
  case event(PumpEvent)
  /// The program itself asked for something, and it was accepted or refused.
  case command(CommandKind, UInt64, isAccepted: Bool)
  /// Somebody asks for something, under a ticket; what became of it follows.
  case asked(ticket: UInt64, CommandKind, UInt64, Operator)
  /// What became of what was asked for under a ticket.
  case answered(ticket: UInt64, CommandKind, UInt64, Answered.Result)
  /// Forty bytes of one copy of the profile that runs; `sum` is the CRC-32C of all `length` bytes.
  case profile(copy: UInt8, part: UInt16, length: UInt32, sum: UInt32, JournalText)
  /// Forty bytes of text: a reason, a name.
  case text(part: UInt16, length: UInt32, JournalText)
  /// Of a kind that this version does not know; it keeps its place in the chain.
  case unknown(UInt8)
}

/// What a step of the journal's counts is worth; a record of format 1 does not say.
public struct JournalBinding: Equatable, BitwiseCopyable, Sendable {
  public var step: StepVolume
  public var concentration: Concentration

  public init(step: StepVolume, concentration: Concentration) {
    self.step = step
    self.concentration = concentration
  }
}

/// Forty bytes.
public struct JournalText: Equatable, BitwiseCopyable, Sendable {
  public static var size: Int { 40 }

  public var a: UInt64 = 0
  public var b: UInt64 = 0
  public var c: UInt64 = 0
  public var d: UInt64 = 0
  public var e: UInt64 = 0

  public init() {}

  /// A byte by its place.
  public subscript(index: Int) -> UInt8 {
    get {
      withUnsafeBytes(of: self) { $0[index] }
    }
    set {
      withUnsafeMutableBytes(of: &self) { $0[index] = newValue }
    }
  }
}

/// A record as it is read.
public struct JournalRecord: Equatable, BitwiseCopyable, Sendable {
  public var sequence: UInt64
  public var session: UInt32
  /// The pump's clock, which goes on counting from session to session.
  public var at: Instant
  /// Seconds since 1970 by the wall clock, for people.
  public var wallSeconds: Int64
  public var entry: JournalEntry

  public init(
    sequence: UInt64, session: UInt32, at: Instant, wallSeconds: Int64, entry: JournalEntry
  ) {
    self.sequence = sequence
    self.session = session
    self.at = at
    self.wallSeconds = wallSeconds
    self.entry = entry
  }
}
