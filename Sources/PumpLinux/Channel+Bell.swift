import CPumpLinux

// The bell that wakes the supervisor, and the drive's last words.
extension Channel {
  /// Wakes the supervisor.
  public func ring() { pump_bell_ring(memory) }

  /// How often the bell has rung.
  public var bell: UInt32 { pump_bell(memory) }

  /// Waits for the bell, at the latest until CLOCK_MONOTONIC reads so much.
  public func waitForBell(after heard: UInt32, until monotonic: UInt64) {
    pump_bell_wait(memory, heard, monotonic)
  }

  /// Bytes that the drive leaves behind.
  public func leave<Value: BitwiseCopyable>(_ value: Value) {
    precondition(
      MemoryLayout<Value>.size <= Int(PUMP_CHANNEL_NOTE), "a note fits in the channel")
    pump_channel_note(memory).storeBytes(of: value, as: Value.self)
  }

  /// What it left, of the same type.
  public func left<Value: BitwiseCopyable>(as type: Value.Type) -> Value {
    pump_channel_note(memory).load(as: Value.self)
  }
}
