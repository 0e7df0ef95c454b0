import PumpMessages

/// What was planned, and what became of it, in steps.
///
/// Every planned step is in exactly one of its accounts: delivered, uncertain, missed or owed.
public struct DeliveryLedger: Equatable, BitwiseCopyable, Sendable {
  /// Steps whose edge was made.
  @inlinable public var delivered: UInt64 { made }
  /// Steps whose command failed with an unknown effect: delivered for every dose limit, not
  /// delivered for the patient.
  public private(set) var uncertain: UInt64 = 0
  /// Steps that were due and will never be made: under-delivery.
  public private(set) var missed: UInt64 = 0
  /// Steps that are due and still to be made, as soon as the motor may.
  @inlinable public var owed: UInt64 { pending }

  @usableFromInline var made: UInt64 = 0
  @usableFromInline var pending: UInt64 = 0

  public init() {}

  /// The books of a drive that is gone.
  public init(delivered: UInt64, uncertain: UInt64, missed: UInt64) {
    made = delivered
    self.uncertain = uncertain
    self.missed = missed
  }

  /// All steps that were ever due.
  public var planned: UInt64 { delivered + uncertain + missed + owed }

  /// Books the steps that became due while nobody was there to make them.
  public mutating func owe(_ steps: UInt64) { pending += steps }

  /// Books a step that was due and has its edge.
  @inlinable
  public mutating func deliver(isOwed: Bool) {
    if isOwed { pending -= 1 }
    made += 1
  }

  /// Gives up what is owed: it is never repaid as a burst.
  ///
  /// - Returns: How many steps are missed by it.
  public mutating func forgo() -> UInt64 {
    let forgone = pending
    missed += forgone
    pending = 0
    return forgone
  }

  /// Makes delivered steps uncertain: their edges were made, and the motor may not have followed.
  ///
  /// - Returns: How many there were to doubt.
  public mutating func doubt(_ steps: UInt64) -> UInt64 {
    let doubted = min(steps, made)
    made -= doubted
    uncertain += doubted
    return doubted
  }

  /// Corrects the last delivered step after its command failed.
  ///
  /// - Parameter isUncertain: Whether it may have moved the motor all the same.
  public mutating func failLast(isUncertain: Bool) {
    made -= 1
    if isUncertain { uncertain += 1 } else { missed += 1 }
  }
}
