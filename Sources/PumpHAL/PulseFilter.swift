public import PumpUnits

/// Tells an input's pulses from glitches by how long the line was asserted.
///
/// It is given every edge with its instant, and the level now and then. A pulse counts once, as soon as it is
/// known to have lasted; what is over before that is a glitch, and is counted apart.
public struct PulseFilter: BitwiseCopyable, Sendable {
  /// The shortest pulse.
  public let least: TimeSpan
  /// Pulses that were too short.
  public private(set) var glitches: UInt64 = 0
  private var since: Instant?
  private var isCounted = false

  /// - Parameter least: Shorter than this is a glitch; at zero nothing is.
  public init(least: TimeSpan) { self.least = least }

  /// Whether the line is asserted, and has been for long enough.
  public var isAsserted: Bool { since != nil && isCounted }

  /// Takes an edge.
  ///
  /// - Returns: Whether a pulse is known by it.
  public mutating func take(isAsserted: Bool, at instant: Instant) -> Bool {
    guard isAsserted else { return end(at: instant) }
    // Two rises in a row: a fall was lost between them, nobody knows when.
    if since != nil, !isCounted { glitches += 1 }
    since = instant
    isCounted = false
    return least.isZero && look(isAsserted: true, at: instant)
  }

  /// Takes the level as it is now.
  ///
  /// - Returns: Whether a pulse is known by it that still goes on.
  public mutating func look(isAsserted: Bool, at now: Instant) -> Bool {
    guard isAsserted else {
      // Its fall is still to come with its instant, or was lost. One that has been counted is over.
      if isCounted { (since, isCounted) = (nil, false) }
      return false
    }
    guard let since else {
      // Its rise was lost: it is not older than this look.
      self.since = now
      isCounted = false
      return least.isZero && look(isAsserted: true, at: now)
    }
    guard !isCounted, now.elapsed(since: since) >= least else { return false }
    isCounted = true
    return true
  }

  private mutating func end(at instant: Instant) -> Bool {
    guard let since else { return false }
    defer {
      self.since = nil
      isCounted = false
    }
    guard !isCounted else { return false }
    guard instant.elapsed(since: since) >= least else {
      glitches += 1
      return false
    }
    return true
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
