import CPumpLinux
import Glibc

/// Memory that two processes map: whoever makes it gives the other one its descriptor.
public final class SharedMemory: @unchecked Sendable {
  /// What is given to the other process; closed at an exec that does not name it.
  public let file: Int32
  public let bytes: Int
  /// Whether it was made here: what lies in it has still to be laid out.
  let isNew: Bool
  private let base: UnsafeMutableRawPointer

  /// Makes memory, all zero.
  ///
  /// - Returns: `nil` without memory.
  public convenience init?(bytes: Int) {
    let file = pump_shared_make(bytes)
    guard file >= 0 else { return nil }
    self.init(file, bytes: bytes, isNew: true)
  }

  /// Maps what another process has made.
  ///
  /// - Returns: `nil` without memory, and where the descriptor is of anything else; it is closed then.
  public convenience init?(opening file: Int32) {
    self.init(file, bytes: pump_shared_size(file), isNew: false)
  }

  private init?(_ file: Int32, bytes: Int, isNew: Bool) {
    guard bytes > 0, let base = pump_shared_map(file, bytes) else {
      close(file)
      return nil
    }
    self.file = file
    self.bytes = bytes
    self.isNew = isNew
    self.base = base
  }

  deinit {
    pump_shared_unmap(base, bytes)
    close(file)
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
