import CPumpLinux
import Glibc

/// Memory that two processes map: whoever makes it gives the other one its descriptor.
public final class SharedMemory: @unchecked Sendable {
  /// What is given to the other process, closed at an exec that does not name it; -1 where there is no other.
  public let file: Int32
  public let bytes: Int
  /// Whether it was made here: what lies in it has still to be laid out.
  let isNew: Bool
  private let base: UnsafeMutableRawPointer

  /// Makes memory, all zero.
  ///
  /// - Parameter isGiven: Whether another process is to map it too; it takes a descriptor then.
  /// - Returns: `nil` without memory, or without a descriptor.
  public convenience init?(bytes: Int, isGiven: Bool = true) {
    let file = pump_shared_make(bytes)
    guard file >= 0 else { return nil }
    self.init(file, bytes: bytes, isNew: true, keepsFile: isGiven)
  }

  /// Maps what another process has made.
  ///
  /// - Returns: `nil` without memory, and where the descriptor is of anything else; it is closed then.
  public convenience init?(opening file: Int32) {
    self.init(file, bytes: pump_shared_size(file), isNew: false)
  }

  private init?(_ file: Int32, bytes: Int, isNew: Bool, keepsFile: Bool = true) {
    guard bytes > 0, let base = pump_shared_map(file, bytes) else {
      close(file)
      return nil
    }
    if !keepsFile { close(file) }
    self.file = keepsFile ? file : -1
    self.bytes = bytes
    self.isNew = isNew
    self.base = base
  }

  deinit {
    pump_shared_unmap(base, bytes)
    if file >= 0 { close(file) }
  }

  /// The bytes from a place on; whoever reads them must not outlive the memory.
  ///
  /// - Returns: None beyond its end.
  public func contents(from offset: Int) -> UnsafeMutableRawBufferPointer {
    let start = min(max(0, offset), bytes)
    return UnsafeMutableRawBufferPointer(start: base + start, count: bytes - start)
  }

  /// A place for so many bytes, on a cache line of its own.
  func place(at offset: Int, bytes count: Int) -> UnsafeMutableRawPointer {
    precondition(
      offset >= 0 && offset % 64 == 0 && count <= bytes - offset, "a part lies within the memory")
    return base + offset
  }
}
