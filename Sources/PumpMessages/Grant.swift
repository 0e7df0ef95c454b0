public import PumpUnits

/// Permission for steps: up to a count, until an instant.
///
/// The supervisor gives it, and its journal has it before the drive does. So after a crash the true
/// count lies between the last one that was acknowledged and the last one that was granted.
public struct Grant: Equatable, BitwiseCopyable, Sendable {
  /// A later grant has a higher one: of the supervisor's, the sequence of its record in the journal, and 1.
  public let number: UInt64
  /// The pump's count of steps, made or maybe made, that may be reached and not passed.
  public let upTo: UInt64
  /// Until then, and not later.
  public let until: Instant

  public init(number: UInt64, upTo: UInt64, until: Instant) {
    self.number = number
    self.upTo = upTo
    self.until = until
  }

  /// For a drive that is measured or tested without a supervisor; no run has it.
  public static var unlimited: Self { Self(number: .max, upTo: .max, until: .never) }

  /// Permission for nothing.
  public static var none: Self { Self(number: 0, upTo: 0, until: .epoch) }
}

/// Permission for one step; only a live grant has any, and a step uses it up.
public struct StepPermission: ~Copyable {
  @usableFromInline init() {}
}

/// The drive's grant, and what is left of it.
///
/// Without a permission from here a STEP edge can't be written down: `StrokeSequencer.rise` takes one.
public struct GrantPurse: BitwiseCopyable, Sendable {
  /// The grant in force.
  public private(set) var grant: Grant
  @usableFromInline var left: UInt64 = 0
  @usableFromInline var until: Instant

  public init(_ grant: Grant = .none) {
    self.grant = grant
    until = grant.until
  }

  /// Takes a newer grant; an older one, or the same again, changes nothing.
  ///
  /// - Returns: Whether it was newer.
  public mutating func accept(_ newer: Grant) -> Bool {
    guard newer.number > grant.number else { return false }
    grant = newer
    return true
  }

  /// Works out what is left.
  ///
  /// - Parameters:
  ///   - count: The pump's count of steps, made or maybe made.
  ///   - limit: What the drive's own checks permit from there on.
  public mutating func fill(at count: UInt64, limit: UInt64) {
    left = min(limit, grant.upTo > count ? grant.upTo - count : 0)
    until = grant.until
  }

  /// Whether a step may be made.
  @inlinable public func isLive(at now: Instant) -> Bool { left > 0 && now <= until }

  /// Takes the permission for a step, if there is one.
  @inlinable
  public mutating func take(at now: Instant) -> StepPermission? {
    guard isLive(at: now) else { return nil }
    left -= 1
    return StepPermission()
  }

  /// Gives back what a step had used that was surely not made.
  public mutating func giveBack() { left += 1 }
}
