/// The pump's life in steps, over all its sessions.
///
/// What was made for certain, and what may have been made besides: limits and reservoir assume both,
/// the patient's dose only the first.
public struct StepCounts: Equatable, BitwiseCopyable, Sendable {
  /// Steps that were made.
  public var certain: UInt64
  /// Steps that may have been made.
  public var uncertain: UInt64
  /// Steps that were due and given up.
  public var missed: UInt64
  /// What `highest` was when the reservoir was filled last.
  public var atFill: UInt64

  public init(
    certain: UInt64 = 0, uncertain: UInt64 = 0, missed: UInt64 = 0, atFill: UInt64 = 0
  ) {
    self.certain = certain
    self.uncertain = uncertain
    self.missed = missed
    self.atFill = atFill
  }

  /// The most that may have been made: the pump's count.
  public var highest: UInt64 { certain + uncertain }

  /// More than the fastest motor makes in a thousand years; sums of such numbers don't overflow.
  public static var most: UInt64 { (1 << 60) - 1 }

  /// Whether a pump can have made them, and filled its reservoir before the last of them: what is read
  /// from outside may be anything.
  public var isPossible: Bool { certain | uncertain | missed <= Self.most && atFill <= highest }
}
