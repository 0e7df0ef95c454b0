public import PumpUnits

/// What the supervisor touches, and the drive does not: ENABLE's last word, the index, watchdog, buzzer
/// and the slow sensors.
public protocol GuardHardware: PumpSensors, WallClock, Annunciator, WatchdogTimer, ~Copyable {
  /// The backend's own error.
  associatedtype GuardFailure: HardwareFault

  /// Holds ENABLE released, whatever the drive asks for, or lets it follow the drive again.
  ///
  /// To hold it is to release it at once and to read it back.
  ///
  /// - Throws: The backend's error; the motor may be energised then.
  mutating func holdEnable(_ isHeld: Bool) throws(GuardFailure)

  /// From when on the head may turn though no step is made, so that the index is to be looked at; the
  /// present, unless the bench is a simulated one and knows better.
  var mayMoveFrom: Instant { get }

  /// Tries a part of the bench without moving the motor or sounding anything.
  ///
  /// Journal and profile are none of the bench's; they pass.
  mutating func prove(_ part: SelfTestPart) -> SelfTestProof

  /// Reads the index pulses since power-on; `nil` where a board has no index line.
  mutating func readIndex() throws(GuardFailure) -> UInt64?
}
