public import PumpUnits

/// A sliding window of the dose guard.
public enum DoseWindow: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  case hour
  case day

  /// Its length.
  public var length: TimeSpan { self == .hour ? .hour : .day }
}
