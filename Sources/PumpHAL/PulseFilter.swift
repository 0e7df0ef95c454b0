public import PumpUnits

/// Tells an input's pulses from glitches: a level counts once it has lasted, asserted or at rest.
///
/// So a short pulse is none, and a short gap within a pulse does not make it two. It is given every edge with
/// its instant, and the level now and then; a pulse counts once, as soon as it is known to have lasted.
/// A line that is asserted when it is first looked at is no pulse: a head may rest at its index.
public struct PulseFilter: BitwiseCopyable, Sendable {
  /// What a level must last to count.
  public let least: TimeSpan
  /// Changes that did not last, to either level.
  public private(set) var glitches: UInt64 = 0
  /// Whether the line is asserted, by the last level that has lasted.
  public private(set) var isAsserted = false
  /// Since when the line has had the other level.
  private var changedAt: Instant?
  private var isUnheard = true
  /// Whether that level was there before anybody listened.
  private var isOld = false

  /// - Parameter least: What is over sooner is a glitch; at zero nothing is.
  public init(least: TimeSpan) { self.least = least }

  /// Takes an edge.
  ///
  /// - Returns: Whether a pulse is known by it.
  public mutating func take(isAsserted level: Bool, at instant: Instant) -> Bool {
    (isUnheard, isOld) = (false, isOld && !level)
    guard let since = changedAt else {
      guard level != isAsserted else {
        // To the level that the line has: what was between was over before the kernel looked.
        if !least.isZero { glitches += 1 }
        return false
      }
      changedAt = instant
      return least.isZero && accept()
    }
    guard level == isAsserted else {
      // To the same level once more: either a look has seen it first, or an edge between was lost.
      if instant > since { glitches += 1 }
      changedAt = instant
      return false
    }
    guard instant.elapsed(since: since) >= least else {
      glitches += 1
      changedAt = nil
      return false
    }
    let isPulse = accept()
    changedAt = instant
    return isPulse
  }

  /// Takes the level as it is now.
  ///
  /// - Returns: Whether a pulse is known by it that still goes on.
  public mutating func look(isAsserted level: Bool, at now: Instant) -> Bool {
    if isUnheard { (isUnheard, isOld) = (false, level) }
    // The line is back: that edge is still to come with its instant, or was lost.
    guard level != isAsserted else { return false }
    let since = changedAt ?? now
    changedAt = since
    return now.elapsed(since: since) >= least && accept()
  }

  /// The line's new level has lasted.
  ///
  /// - Returns: Whether a pulse begins with it.
  private mutating func accept() -> Bool {
    isAsserted.toggle()
    changedAt = nil
    defer { isOld = false }
    return isAsserted && !isOld
  }
}

/// Whether a line has so many glitches that its sensor is to be looked at.
public struct ChatterWatch: BitwiseCopyable, Sendable {
  /// So many glitches within the window are chatter; what a motor's edges now and then couple in is not [BG].
  public static var limit: UInt64 { 20 }
  public static var window: TimeSpan { TimeSpan(minutes: 1) }

  private var from = Instant.epoch
  private var atStart: UInt64 = 0
  /// Whether the last window, or the present one, had too many.
  public private(set) var isChattering = false

  public init() {}

  /// Takes the count of glitches so far.
  public mutating func take(_ glitches: UInt64, at now: Instant) {
    if glitches - atStart >= Self.limit { isChattering = true }
    guard now.elapsed(since: from) >= Self.window else { return }
    isChattering = glitches - atStart >= Self.limit
    (from, atStart) = (now, glitches)
  }
}
