/// Holds the index pulses of the pump head against the steps that were commanded.
///
/// A pulse comes every so many steps. Where the head is at first is unknown, so the first pulse only
/// sets the place; from there on the pulses say how far it has really turned, to a pulse's distance.
public struct IndexWatch: Sendable {
  /// What the pulses say.
  public enum Verdict: Equatable, Sendable {
    case plausible
    /// No pulse where there should have been one: so many pulse distances without.
    case stalled(periods: UInt64)
    /// The head turned, and no step was commanded.
    case movedByItself
    /// It turned further than commanded, or less far.
    case ahead
    case behind
  }

  /// Steps from one pulse to the next.
  let period: UInt64
  /// By so many steps the place of a pulse may differ: play of the gear and the time between two
  /// readings.
  let play: UInt64
  private var lastPulses: UInt64?
  /// The count when the last pulse was seen, and when the count last changed.
  private(set) var countAtPulse: UInt64
  private var lastCount: UInt64
  /// The count and the pulses at the first pulse that was seen.
  private var reference: (count: UInt64, pulses: UInt64)?

  public init(period: UInt64, play: UInt64, count: UInt64) {
    self.period = period
    self.play = play
    countAtPulse = count
    lastCount = count
  }

  /// Takes a reading.
  ///
  /// - Parameters:
  ///   - pulses: Index pulses since power-on.
  ///   - count: Steps commanded since the session began.
  ///   - isIdle: Whether no step was commanded for so long that a pulse of the last one was seen.
  public mutating func take(pulses: UInt64, count: UInt64, isIdle: Bool) -> Verdict {
    defer {
      lastPulses = pulses
      lastCount = count
    }
    guard let before = lastPulses else { return .plausible }
    guard pulses != before else { return stallVerdict(count) }
    if isIdle, count == lastCount { return .movedByItself }
    countAtPulse = count
    guard let reference else {
      self.reference = (count, pulses)
      return pulses > before + 1 && count - min(count, lastCount) + play < period
        ? .ahead : .plausible
    }
    let turned = (pulses - reference.pulses) * period
    let commanded = count - reference.count
    if turned > commanded + play + period / 4 { return .ahead }
    if commanded > turned + play + period / 4 { return .behind }
    return .plausible
  }

  /// Forgets what was lost or gained before: it has been told.
  mutating func settle(count: UInt64) {
    reference = nil
    countAtPulse = count
  }

  private func stallVerdict(_ count: UInt64) -> Verdict {
    let since = count - countAtPulse
    let patience = period + period / 4 + play
    guard since > patience else { return .plausible }
    return .stalled(periods: 1 + (since - patience) / period)
  }
}
