public import PumpHAL
public import PumpMessages
public import PumpUnits

/// Turns due steps into edges that keep the driver's timing table and the motor's rated interval.
///
/// It plans one edge ahead. Each edge is measured from when the edge before it really happened, so
/// a late wake-up delays what follows and can't bunch it.
public struct StrokeSequencer: ~Copyable, Sendable {
  private let inPlace = InPlace()
  /// The next edge.
  public enum Edge: UInt8, BitwiseCopyable, Sendable {
    case none
    case direction
    case energise
    case rise
    case fall
    case deEnergise
  }

  /// The next edge, and when it is due; `none` and `never` where nothing is to be done.
  @inlinable public var next: Edge { edge }
  @inlinable public var nextAt: Instant { edgeAt }

  @usableFromInline var edge = Edge.none
  @usableFromInline var edgeAt = Instant.never

  /// The shortest time between two STEP rises now: the rated interval in a ramped bolus, else the
  /// start interval.
  public var spacing: TimeSpan {
    didSet {
      if spacedFrom > .epoch { spacedFrom = spacedFrom.preceding(by: oldValue) + spacing }
    }
  }

  /// What the driver must be awake for beside the next step; `never` for nothing.
  public var wakeFor = Instant.never

  private let timing: DriverTiming
  private var isDirectionSet = false
  @usableFromInline var isEnergised = false
  /// A STEP that was high when the motor was tripped still has to fall.
  private var owesFall = false
  /// The motor was tripped, and is still to be de-energised: nothing else is planned before.
  private var owesRelease = false
  /// Not before this may STEP rise: wake-up and direction set-up.
  @usableFromInline var readyAt = Instant.epoch
  /// Not before this may STEP rise again, by the spacing.
  @usableFromInline var spacedFrom = Instant.epoch
  /// Not before this may STEP rise again, by when it fell.
  @usableFromInline var lowUntil = Instant.epoch
  @usableFromInline let stepHigh: TimeSpan
  @usableFromInline let stepLow: TimeSpan
  @usableFromInline let sleepGap: TimeSpan

  /// Creates a sequencer for a driver that is de-energised.
  public init(timing: DriverTiming, motor: MotorLimits) {
    self.timing = timing
    spacing = motor.startInterval
    stepHigh = timing.stepHigh
    stepLow = timing.stepLow
    // De-energised for at least as long as waking takes, or it is not worth it. An always energised
    // driver never is; half the clock tells "never" from any instant.
    sleepGap =
      timing.energise == .always
      ? TimeSpan(nanoseconds: 1 << 62) : timing.wakeUp + timing.wakeUp
  }

  /// Plans the next edge.
  ///
  /// - Parameters:
  ///   - wish: When the next step is due; `never` for none.
  ///   - isDelivering: Whether the therapy runs, for a driver that is always energised then.
  ///   - now: No edge is planned before this.
  public mutating func plan(step wish: Instant, isDelivering: Bool, after now: Instant) {
    guard edge != .fall, !owesFall, !owesRelease else { return }
    let needed = min(wish, wakeFor)
    let wantsEnergy = timing.energise == .always ? isDelivering : needed != .never
    if !isEnergised {
      guard wantsEnergy else { return set(.none, .never) }
      guard isDirectionSet else { return set(.direction, now) }
      let lead = timing.energise == .always ? Instant.epoch : wakingFor(needed)
      return set(.energise, max(now, lead))
    }
    // ENABLE and DIR keep still for a while after the last rise.
    let rests = max(now, lastRise + timing.rest)
    guard wantsEnergy else { return set(.deEnergise, rests) }
    guard needed != .never else { return set(.none, .never) }
    // Only where waking comes after going to sleep: or the two would follow each other for ever.
    let soonest = max(max(needed, readyAt), earliestRise)
    if soonest.elapsed(since: rests) >= sleepGap, wakingFor(needed) > rests {
      set(.deEnergise, rests)
    } else if wish == .never {
      set(.none, .never)
    } else {
      setRise(max(max(wish, readyAt), earliestRise))
    }
  }

  /// Plans the next edge right after a step has fallen, on the way from step to step.
  ///
  /// - Returns: Whether the next edge is a rise; where not, `plan` must say what it is.
  @inlinable
  public mutating func planAfterFall(step wish: Instant, at now: Instant) -> Bool {
    let earliest = max(wish, earliestRise)
    // A step that was high when the motor lost its power falls after it.
    guard isEnergised, earliest.elapsed(since: now) < sleepGap else { return false }
    setRise(earliest)
    return true
  }

  /// Records that the next edge happened, where that is one of DIR or ENABLE.
  ///
  /// - Parameter now: When it really happened; not before `nextAt`.
  /// - Returns: The line and its new level; `nil` where the next edge is another one, or none.
  public mutating func performOther(at now: Instant) -> (line: DriverLine, level: LineLevel)? {
    switch next {
    case .direction:
      isDirectionSet = true
      readyAt = max(readyAt, now + timing.directionSetUp)
      set(.none, .never)
      return (.direction, .asserted)
    case .energise:
      isEnergised = true
      readyAt = max(readyAt, now + timing.wakeUp)
      set(.none, .never)
      return (.enable, .asserted)
    case .rise, .fall, .none: return nil
    case .deEnergise:
      isEnergised = false
      owesRelease = false
      if owesFall { setFall(max(now, lastRise + stepHigh)) } else { set(.none, .never) }
      owesFall = false
      return (.enable, .released)
    }
  }

  /// Moves what follows an edge away from when the edge was surely there.
  ///
  /// - Parameters:
  ///   - line: The line that the latest edge was on.
  ///   - level: The level that it took.
  ///   - now: An instant after the edge, and not before it was recorded.
  public mutating func confirm(_ line: DriverLine, _ level: LineLevel, at now: Instant) {
    switch (line, level) {
    case (.step, .asserted):
      spacedFrom = now + spacing
      if edge == .fall { edgeAt = max(edgeAt, now + stepHigh) }
    case (.step, .released): lowUntil = max(lowUntil, now + stepLow)
    case (.direction, _): readyAt = max(readyAt, now + timing.directionSetUp)
    case (.enable, .asserted): readyAt = max(readyAt, now + timing.wakeUp)
    case (.enable, .released): break
    }
    if edge == .rise { edgeAt = max(edgeAt, max(readyAt, earliestRise)) }
  }

  /// Takes back what an edge that was not made is thought to have done: DIR must be set anew before
  /// the next step, and a STEP that could not fall falls once the motor is de-energised.
  ///
  /// - Parameters:
  ///   - line: The line of the edge that failed.
  ///   - level: The level that it was to take.
  ///   - now: The present instant.
  public mutating func undo(_ line: DriverLine, _ level: LineLevel, at now: Instant) {
    switch (line, level) {
    case (.direction, _): isDirectionSet = false
    case (.step, .released):
      if isEnergised { owesFall = true } else { setFall(now + TimeSpan(milliseconds: 10)) }
    default: break
    }
  }

  /// Records a STEP rise and plans its fall.
  ///
  /// - Parameters:
  ///   - permission: Used up by it; nothing else makes a rise.
  ///   - now: The present instant.
  @inlinable
  public mutating func rise(_ permission: consuming StepPermission, at now: Instant) {
    spacedFrom = now + spacing
    setFall(now + stepHigh)
  }

  /// Records a STEP fall; `planAfterFall` or `plan` must say what comes next.
  @inlinable
  public mutating func fall(at now: Instant) {
    edge = .none
    lowUntil = now + stepLow
  }

  /// When STEP last rose; of no meaning before it did.
  private var lastRise: Instant { spacedFrom.preceding(by: spacing) }

  /// Whether the driver has had its power, and been ready, since an instant: the motor is as fast as its steps since.
  public func isReady(since instant: Instant) -> Bool {
    isEnergised && !owesRelease && readyAt <= instant
  }

  /// Not before this may STEP rise, by the spacing and by how long it must be low.
  @inlinable var earliestRise: Instant { max(spacedFrom, lowUntil) }

  /// Whether nothing is left to be done, the motor de-energised.
  public var isAtRest: Bool { !isEnergised && edge == .none && !owesFall }

  /// When to wake the driver for a step that may not come before the motor is ready for it.
  private func wakingFor(_ wish: Instant) -> Instant {
    max(max(wish, readyAt), earliestRise).preceding(by: timing.wakeUp)
  }

  /// Plans to de-energise again after ENABLE could not be released.
  public mutating func retryDeEnergising(at instant: Instant) {
    isEnergised = true
    owesFall = owesFall || edge == .fall
    owesRelease = true
    set(.deEnergise, instant)
  }

  /// Whether the rotor may still be on its way from the last step: without power it may not arrive.
  public func isStroking(at now: Instant) -> Bool {
    isEnergised && spacedFrom > .epoch && now < lastRise + timing.hold
  }

  /// De-energises at once, whatever the timing table says; a STEP that is high falls in its time.
  public mutating func trip(at now: Instant) {
    guard isEnergised else {
      if edge != .fall { set(.none, .never) }
      return
    }
    owesFall = owesFall || edge == .fall
    owesRelease = true
    set(.deEnergise, now)
  }

  private mutating func set(_ edge: Edge, _ instant: Instant) {
    self.edge = edge
    edgeAt = instant
  }

  @inlinable
  mutating func setRise(_ instant: Instant) {
    edge = .rise
    edgeAt = instant
  }

  @inlinable
  mutating func setFall(_ instant: Instant) {
    edge = .fall
    edgeAt = instant
  }
}
