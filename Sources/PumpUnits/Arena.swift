/// The memory of everything that a firmware makes before delivery starts.
///
/// There is no heap: what is taken from here stays until the controller is made anew as a whole. Once
/// sealed, taking anything more is a defect whose failure must stop delivery, and traps.
public enum Arena {
  nonisolated(unsafe) private static var start: UInt = 0
  nonisolated(unsafe) private static var end: UInt = 0
  nonisolated(unsafe) private static var next: UInt = 0
  nonisolated(unsafe) private static var kept: UInt = 0
  nonisolated(unsafe) private static var isSealed = true
  /// The most bytes that were ever in use.
  nonisolated(unsafe) public private(set) static var most = 0

  /// Opens the arena on some memory, with nothing taken: whatever was there before is gone.
  public static func open(_ memory: UnsafeMutableRawPointer, bytes: Int) {
    start = UInt(bitPattern: memory)
    next = start
    kept = start
    end = start + UInt(bytes)
    isSealed = false
  }

  /// Keeps what is taken by now for good.
  public static func keep() { kept = next }

  /// Opens the arena again, with nothing taken but what is kept: the rest is gone.
  public static func rewind() {
    next = kept
    isSealed = false
  }

  /// Takes memory for one value, which whoever asks lays down there: what is made elsewhere first takes its size of
  /// the stack too.
  public static func room<Value: ~Copyable>(for type: Value.Type) -> UnsafeMutablePointer<Value> {
    room(MemoryLayout<Value>.stride, alignment: MemoryLayout<Value>.alignment)
      .bindMemory(to: Value.self, capacity: 1)
  }

  /// Ends the taking: what follows runs in what there is.
  public static func seal() { isSealed = true }

  /// Takes memory for so many values.
  @usableFromInline
  static func take<Value>(_ type: Value.Type, count: Int) -> UnsafeMutablePointer<Value> {
    room(MemoryLayout<Value>.stride * count, alignment: MemoryLayout<Value>.alignment)
      .bindMemory(to: Value.self, capacity: count)
  }

  private static func room(_ bytes: Int, alignment: Int) -> UnsafeMutableRawPointer {
    precondition(!isSealed, "nothing is made once delivery may start")
    let mask = UInt(alignment) - 1
    let place = (next + mask) & ~mask
    let after = place + UInt(bytes)
    guard after <= end, let memory = UnsafeMutableRawPointer(bitPattern: place) else {
      preconditionFailure("the controller fits in its arena")
    }
    next = after
    most = max(most, Int(after - start))
    return memory
  }
}
