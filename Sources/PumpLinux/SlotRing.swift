import CPumpLinux

/// A lock-free ring of small values from one thread to one other, also of another process that maps its memory.
///
/// Putting never waits and allocates nothing: a value that finds the ring full is lost, and counted.
public final class SlotRing<Value: BitwiseCopyable>: @unchecked Sendable {
  private let ring: OpaquePointer
  private let memory: SharedMemory

  /// The end that a real-time thread holds: no reference is counted on the way through it.
  public struct Writer: Sendable {
    private let ring: Unshared

    fileprivate init(_ ring: OpaquePointer) { self.ring = Unshared(pointer: ring) }

    /// Puts a value in, or loses it.
    ///
    /// - Returns: Whether there was room.
    @discardableResult
    public func put(_ value: Value) -> Bool {
      withUnsafeBytes(of: value) { pump_ring_put(ring.pointer, $0.baseAddress, $0.count) == 1 }
    }
  }

  fileprivate struct Unshared: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  /// As large as the largest value.
  private struct Slot {
    typealias Line = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    static var none: Line { (0, 0, 0, 0, 0, 0, 0, 0) }
    var words: (Line, Line, Line, Line) = (none, none, none, none)
  }

  /// Whole cache lines, as few as hold a value.
  private static var slotBytes: UInt32 { UInt32((MemoryLayout<Value>.size + 63) / 64 * 64) }

  /// How much memory a ring takes; a whole number of cache lines.
  public static func bytes(slots: UInt32) -> Int { pump_ring_bytes(slots, slotBytes) }

  /// Makes a ring of a power of two of slots, in memory of its own.
  ///
  /// - Returns: `nil` without memory.
  public convenience init?(slots: UInt32) {
    guard let memory = SharedMemory(bytes: Self.bytes(slots: slots), isGiven: false) else {
      return nil
    }
    self.init(slots: slots, in: memory, at: 0)
  }

  /// A ring at a place of memory: made there, or the one that whoever made the memory has there.
  public init(slots: UInt32, in memory: SharedMemory, at offset: Int) {
    precondition(slots.nonzeroBitCount == 1, "a ring has a power of two of slots")
    precondition(MemoryLayout<Value>.size <= MemoryLayout<Slot>.size, "a value fits in a slot")
    let place = memory.place(at: offset, bytes: Self.bytes(slots: slots))
    ring =
      memory.isNew ? pump_ring_lay(place, slots, Self.slotBytes) : OpaquePointer(place)
    self.memory = memory
  }

  /// The end that puts; the ring must outlive it.
  public var writer: Writer { Writer(ring) }

  /// Takes the oldest value, if there is one.
  public func take() -> Value? {
    var slot = Slot()
    guard pump_ring_take(ring, &slot, MemoryLayout<Value>.size) == 1 else { return nil }
    return withUnsafeBytes(of: slot) { $0.load(as: Value.self) }
  }

  /// Values that were lost because the ring was full.
  public var lost: UInt64 { pump_ring_lost(ring) }
}
