/// What the engine is to assume after a backend's failure.
public enum FaultKind: UInt8, Equatable, BitwiseCopyable, Sendable {
  /// The command never reached the hardware: nothing moved.
  case notDelivered
  /// The command was sent and its effect is unknown: count it as delivered, and alarm.
  case deliveryUncertain
  /// The device is gone until the next start.
  case deviceLost
}

/// A backend's own error, which names its common meaning.
public protocol HardwareFault: Error, Sendable {
  /// What the engine is to assume.
  var kind: FaultKind { get }
}

/// The failure of a backend that can't fail.
public enum NoFault: HardwareFault {
  public var kind: FaultKind {
    switch self {}
  }
}
