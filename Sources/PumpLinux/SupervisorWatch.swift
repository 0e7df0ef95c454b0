public import PumpUnits

/// Tells a supervisor that stands still from one that the drive itself has not looked at.
public struct SupervisorWatch: BitwiseCopyable, Sendable {
  private let timeout: TimeSpan
  private var turns: UInt64 = 0
  private var lookedAt: UInt64?
  private var silence = TimeSpan.zero
  /// Whether it has taken no turn for as long as is allowed.
  public private(set) var isSilent = false

  /// A drive that looks later than this was held up itself, and says nothing about the other.
  static var longestLook: TimeSpan { TimeSpan(milliseconds: 100) }

  public init(timeout: TimeSpan) { self.timeout = timeout }

  /// Looks.
  ///
  /// - Parameters:
  ///   - turns: How many turns the supervisor has taken.
  ///   - isLost: Whether it has died, which needs no time-out.
  ///   - now: CLOCK_MONOTONIC in nanoseconds.
  public mutating func look(turns: UInt64, isLost: Bool, at now: UInt64) {
    defer { lookedAt = now }
    guard !isLost else {
      isSilent = true
      return
    }
    guard let lookedAt, turns == self.turns else {
      self.turns = turns
      silence = .zero
      isSilent = false
      return
    }
    silence += min(TimeSpan(nanoseconds: now - min(now, lookedAt)), Self.longestLook)
    isSilent = silence >= timeout
  }
}
