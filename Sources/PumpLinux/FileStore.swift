import Glibc
public import PumpJournal

/// A journal's records in a file, each written durably: when a write returns, it survives a loss of power.
///
/// Room is made ahead, a piece at a time, so a full disk shows while there is room left. One program at a
/// time has the file, with all that it has forked; others may read it.
public struct FileStore: JournalStore, ~Copyable {
  public typealias StoreFailure = StoreError

  /// Records for which room is made at a time: 64 KiB.
  static var piece: UInt64 { 512 }
  /// When fewer are left, more room is made; where there is none, the journal is filling: it goes on for
  /// hours of steady basal.
  static var least: UInt64 { 480 }

  public let path: String
  private let file: Int32
  private var capacity: UInt64
  private let isReadOnly: Bool
  /// Why no more room could be made; `nil` while there is enough.
  public private(set) var shortage: StoreError?

  /// Opens a journal's file.
  ///
  /// - Parameters:
  ///   - path: Made where it is not there, unless it is only to be read.
  ///   - isReadOnly: Whether it is only read; then another program may write to it meanwhile.
  /// - Throws: `StoreError`.
  public init(path: String, isReadOnly: Bool = false) throws(StoreError) {
    let flags = isReadOnly ? O_RDONLY : O_RDWR | O_CREAT | O_DSYNC
    let file = open(path, flags | O_CLOEXEC, 0o640)
    guard file >= 0 else { throw StoreError(path: path, cause: .system(errno)) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(file)
      throw StoreError(path: path, cause: .notAFile)
    }
    guard isReadOnly || flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      throw StoreError(path: path, cause: .inUse)
    }
    // The first record comes after the first piece of room: a shorter file holds zeros, or something else.
    guard status.st_size >= off_t(Self.piece) * off_t(JournalBlock.size) || Self.isZero(file)
    else {
      close(file)
      throw StoreError(path: path, cause: .notAJournal)
    }
    let size = UInt64(status.st_size) / UInt64(JournalBlock.size)
    self.init(path: path, file: file, isReadOnly: isReadOnly, capacity: size)
    guard !isReadOnly, size == 0 else { return }
    // A disk without room is told by the first write.
    prepare(for: 0)
    syncFolder()
  }

  private init(path: String, file: Int32, isReadOnly: Bool, capacity: UInt64) {
    self.path = path
    self.file = file
    self.isReadOnly = isReadOnly
    self.capacity = capacity
  }

  deinit { close(file) }

  /// All that there is room for.
  public var slots: Range<UInt64> { 0..<capacity }

  /// One after another, for ever: nothing gives way.
  public func slot(of sequence: UInt64) -> UInt64 { sequence }

  public mutating func read(_ slot: UInt64) throws(StoreError) -> JournalBlock {
    var block = JournalBlock()
    let size = block.withMutableBytes {
      pread(file, $0.baseAddress, JournalBlock.size, off_t(slot) * off_t(JournalBlock.size))
    }
    guard size >= 0 else { throw StoreError(path: path, cause: .system(errno)) }
    // A file that another program is growing may end here.
    return size == JournalBlock.size ? block : JournalBlock()
  }

  public mutating func write(_ block: JournalBlock, to slot: UInt64) throws(StoreError) {
    if slot >= capacity { try grow() }
    let size = block.withBytes {
      pwrite(file, $0.baseAddress, JournalBlock.size, off_t(slot) * off_t(JournalBlock.size))
    }
    guard size == JournalBlock.size else {
      throw StoreError(path: path, cause: .system(size < 0 ? errno : ENOSPC))
    }
  }

  /// Makes room ahead of need; called between writes.
  ///
  /// - Parameter next: The next record's sequence.
  public mutating func prepare(for next: UInt64) {
    guard next + Self.least > capacity else { return }
    do throws(StoreError) {
      try grow()
      shortage = nil
    } catch {
      shortage = error
    }
  }

  /// Looks how far another program has come with the file.
  public mutating func refresh() {
    var status = stat()
    guard fstat(file, &status) == 0 else { return }
    capacity = UInt64(status.st_size) / UInt64(JournalBlock.size)
  }

  private mutating func grow() throws(StoreError) {
    let from = off_t(capacity) * off_t(JournalBlock.size)
    let length = off_t(Self.piece) * off_t(JournalBlock.size)
    // Zeros are written, and not only promised: a write into them changes no metadata any more.
    let status = posix_fallocate(file, from, length)
    guard status == 0 else { throw StoreError(path: path, cause: .system(status)) }
    let zeros = [UInt8](repeating: 0, count: Int(length))
    guard pwrite(file, zeros, zeros.count, from) == zeros.count, fsync(file) == 0 else {
      throw StoreError(path: path, cause: .system(errno))
    }
    capacity += Self.piece
  }

  private static func isZero(_ file: Int32) -> Bool {
    var bytes = [UInt8](repeating: 0, count: Int(piece) * JournalBlock.size)
    let size = pread(file, &bytes, bytes.count, 0)
    return size >= 0 && bytes[..<size].allSatisfy { $0 == 0 }
  }

  /// The file's name must survive too.
  private func syncFolder() {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/")
    let handle = open(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder, O_RDONLY)
    guard handle >= 0 else { return }
    fsync(handle)
    close(handle)
  }
}

/// Why a journal's file can't be used, in words that say what to do.
public struct StoreError: Error, Equatable, Sendable, CustomStringConvertible {
  public var path: String
  public var cause: Cause

  public enum Cause: Equatable, Sendable {
    case inUse
    case notAFile
    case notAJournal
    case system(Int32)
  }

  public var description: String {
    switch cause {
    case .inUse:
      "\(path): the journal is in use: another itpump runs with it; end that one, or name another"
    case .notAJournal: "\(path): not a journal of itpump; name another file"
    case .notAFile: "\(path): a journal is a plain file; name another"
    case .system(let number):
      switch number {
      case ENOSPC, EDQUOT, EFBIG: "\(path): the disk is full; free some space"
      case EROFS: "\(path): the disk is read-only; name a journal on one that can be written"
      case EACCES, EPERM: "\(path): no right to it; check the folder and its permissions"
      case ENOENT: "\(path): there is no such file or folder"
      default: "\(path): \(String(cString: strerror(number)))"
      }
    }
  }
}
