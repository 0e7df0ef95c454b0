/// A line of the stepper driver.
public enum DriverLine: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// One rising edge, one step.
  case step
  /// Asserted is forwards, out of the pump.
  case direction
  /// Asserted energises the motor.
  case enable

  /// The line among all of the bench's.
  public var benchLine: BenchLine {
    switch self {
    case .step: .step
    case .direction: .direction
    case .enable: .enable
    }
  }
}

/// A line's logical state; the board file says which voltage asserts it.
public enum LineLevel: UInt8, BitwiseCopyable, Sendable {
  case released
  case asserted
}
