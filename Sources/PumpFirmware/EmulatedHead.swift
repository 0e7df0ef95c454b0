import PumpUnits

/// What can go wrong with an emulated head.
public enum HeadFault: UInt8, BitwiseCopyable, Sendable {
  /// The motor does not turn.
  case stall = 1
  /// The motor turns by itself while it is energised, at 200 steps/s.
  case creep = 2
  /// Each step turns it twice as far.
  case doubled = 3
  /// The driver pulls its fault line.
  case driverFault = 4
}

/// A motor and a pump head with an index wheel for boards that are emulated themselves and have none: it
/// counts what the lines tell it, and can go wrong on request.
public struct EmulatedHead: BitwiseCopyable, Sendable {
  private let stepsPerIndex: UInt64?
  private var position: UInt64 = 0
  private var fault: HeadFault?
  private var from = Instant.never
  private var until = Instant.never
  private var creptTo = Instant.epoch

  public init(stepsPerIndex: UInt64?) { self.stepsPerIndex = stepsPerIndex }

  /// Lets something go wrong for a while.
  mutating func fail(_ fault: HeadFault, from: Instant, until: Instant) {
    self.fault = fault
    self.from = from
    self.until = until
    creptTo = from
  }

  private func has(_ kind: HeadFault, at now: Instant) -> Bool {
    #if PUMP_TRIALS
      fault == kind && now >= from && now < until
    #else
      false
    #endif
  }

  /// Takes a STEP rise.
  mutating func step(isEnergised: Bool, at now: Instant) {
    guard isEnergised, !has(.stall, at: now) else { return }
    position += has(.doubled, at: now) ? 2 : 1
  }

  /// Pulses of the index wheel since the start.
  mutating func pulses(isEnergised: Bool, at now: Instant) -> UInt64? {
    creep(isEnergised: isEnergised, at: now)
    return stepsPerIndex.map { position / $0 }
  }

  func isFaultAsserted(at now: Instant) -> Bool { has(.driverFault, at: now) }

  private mutating func creep(isEnergised: Bool, at now: Instant) {
    #if PUMP_TRIALS
      guard fault == .creep, now >= creptTo else { return }
      let end = min(now, until)
      guard end > creptTo else { return }
      let (turned, rest) = (end - creptTo).nanoseconds.quotientAndRemainder(dividingBy: 5_000_000)
      creptTo = end.preceding(by: TimeSpan(nanoseconds: rest))
      if isEnergised { position += turned }
    #endif
  }
}
