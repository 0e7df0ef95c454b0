import Glibc
public import PumpJournal
import PumpMessages

/// A journal's records in a file, each written durably: when a write returns, it survives a loss of power.
///
/// Room is made ahead when the file is opened and as it is used, so a disk that fills up shows days before it
/// matters. One program at a time has the file, with whom it has given it to; others may read it.
public struct FileStore: JournalStore, ~Copyable {
  public typealias StoreFailure = StoreError

  /// Records for which room is made at a time: 64 KiB.
  static var piece: UInt64 { 512 }
  /// Records for which there is to be room ahead, unless told otherwise: seven days of steady basal, a record a
  /// minute, with half as many again for boluses and events.
  public static var sevenDays: UInt64 { 7 * 1_440 * 3 / 2 }

  /// Where it is; another place once the file was taken from its name.
  public internal(set) var path: String
  public internal(set) var file: Int32
  var capacity: UInt64
  private let isReadOnly: Bool
  /// Records for which room is kept ahead.
  private let reserve: UInt64
  /// Why no more room could be made; `nil` while there is enough.
  public private(set) var shortage: StoreError?
  /// What was read last, from a slot on.
  private var window: (first: UInt64, blocks: [JournalBlock]) = (0, [])

  /// Opens a journal's file.
  ///
  /// - Parameters:
  ///   - path: Made where it is not there, unless it is only to be read.
  ///   - isReadOnly: Whether it is only read; then another program may write to it meanwhile.
  ///   - reserve: Records for which room is made at once and kept ahead.
  /// - Throws: `StoreError`.
  public init(path: String, isReadOnly: Bool = false, reserve: UInt64 = sevenDays)
    throws(StoreError)
  {
    let flags = isReadOnly ? O_RDONLY : O_RDWR | O_CREAT | O_DSYNC
    // A pipe without a writer would hold up the open for ever.
    let file = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o640)
    guard file >= 0 else {
      throw StoreError(path: path, cause: errno == ENXIO ? .notAFile : .system(errno))
    }
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
    let capacity = Self.written(file, status.st_size)
    self.init(
      path: path, file: file, isReadOnly: isReadOnly, capacity: capacity, reserve: reserve)
    // What holds something is made longer only once it has proved to be a journal.
    guard !isReadOnly, capacity == 0 else { return }
    // A disk without room is told by the first write.
    prepare(for: 0)
    syncFolder()
  }

  /// Whether a program has the file to write to it, by the kernel's list of locks: to try the lock would hold up
  /// a run that opens it at that moment.
  public var isBeingWritten: Bool {
    var status = stat()
    guard fstat(file, &status) == 0, let locks = fopen("/proc/locks", "r") else { return false }
    defer { fclose(locks) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, locks) != nil {
      let text = String(
        decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let words = text.split(separator: " ")
      guard words.count > 5, words[1] == "FLOCK", words[3] == "WRITE" else { continue }
      if words[5].split(separator: ":").last == "\(status.st_ino)" { return true }
    }
    return false
  }

  /// Keeps what was opened; apart from opening, for Swift 6.0.3's compiler takes no initialiser of a
  /// noncopyable type that both throws and calls its mutating methods.
  private init(
    path: String, file: Int32, isReadOnly: Bool, capacity: UInt64, reserve: UInt64
  ) {
    self.path = path
    self.file = file
    self.isReadOnly = isReadOnly
    self.capacity = capacity
    self.reserve = reserve
  }

  deinit { close(file) }

  /// All that there is room for.
  public var slots: Range<UInt64> { 0..<capacity }

  /// One after another, for ever: nothing gives way.
  public func slot(of sequence: UInt64) -> UInt64 { sequence }

  public mutating func read(_ slot: UInt64) throws(StoreError) -> JournalBlock {
    if slot < window.first {
      // A journal is read from its beginning to its end, and from there back.
      try fill(from: slot - min(slot, Self.piece - 1))
      // A read may end before its time: what is asked for is read itself then.
      if slot - window.first >= UInt64(window.blocks.count) { try fill(from: slot) }
    } else if slot >= window.first + UInt64(window.blocks.count) {
      try fill(from: slot)
    }
    let place = slot - window.first
    // A file that another program is growing may end here.
    return place < UInt64(window.blocks.count) ? window.blocks[Int(place)] : JournalBlock()
  }

  private mutating func fill(from slot: UInt64) throws(StoreError) {
    // Blocks are as the file has them: 128 bytes, one after the other.
    var blocks = [JournalBlock](repeating: JournalBlock(), count: Int(Self.piece))
    let file = self.file
    let size = blocks.withUnsafeMutableBytes {
      pread(file, $0.baseAddress, $0.count, off_t(slot) * off_t(JournalBlock.size))
    }
    guard size >= 0 else { throw StoreError(path: path, cause: .system(errno)) }
    blocks.removeLast(blocks.count - size / JournalBlock.size)
    window = (slot, blocks)
  }

  public mutating func write(_ block: JournalBlock, to slot: UInt64) throws(StoreError) {
    if slot >= capacity { try grow(toHold: slot + 1) }
    // What is read next is what the disk has.
    window.blocks.removeAll()
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
    let wanted = next + reserve
    guard wanted > capacity else { return }
    do throws(StoreError) {
      do throws(StoreError) { try grow(toHold: wanted) } catch {
        // Where there is no room for all, there may be for some.
        while wanted > capacity { try grow(toHold: capacity + 1) }
      }
      shortage = nil
    } catch {
      shortage = error
    }
  }

  /// Looks how far another program has come with the file.
  public mutating func refresh() {
    window.blocks.removeAll()
    var status = stat()
    guard fstat(file, &status) == 0 else { return }
    capacity = max(capacity, Self.written(file, status.st_size))
  }

  private mutating func grow(toHold records: UInt64) throws(StoreError) {
    let pieces = (records - capacity + Self.piece - 1) / Self.piece
    let from = off_t(capacity) * off_t(JournalBlock.size)
    let length = off_t(pieces * Self.piece) * off_t(JournalBlock.size)
    // Zeros are written, and not only promised: a write into them changes no metadata any more.
    let status = posix_fallocate(file, from, length)
    guard status == 0 else { throw StoreError(path: path, cause: .system(status)) }
    let zeros = [UInt8](repeating: 0, count: Int(Self.piece) * JournalBlock.size)
    for piece in 0..<Int(pieces) {
      guard pwrite(file, zeros, zeros.count, from + off_t(piece * zeros.count)) == zeros.count
      else { throw StoreError(path: path, cause: .system(errno)) }
    }
    guard fsync(file) == 0 else { throw StoreError(path: path, cause: .system(errno)) }
    capacity += pieces * Self.piece
  }

  /// Records up to the last byte that was ever written: a tail that is only a hole holds none, whatever its
  /// size says.
  private static func written(_ file: Int32, _ size: off_t) -> UInt64 {
    // SEEK_DATA and SEEK_HOLE; a file system without them says that all is data.
    let (data, hole): (Int32, Int32) = (3, 4)
    var end: off_t = 0
    while end < size {
      let begins = lseek(file, end, data)
      guard begins >= 0 else { return records(errno == ENXIO ? end : size) }
      let ends = lseek(file, begins, hole)
      guard ends > begins else { return records(size) }
      end = ends
    }
    return records(size)
  }

  private static func records(_ bytes: off_t) -> UInt64 {
    (UInt64(bytes) + UInt64(JournalBlock.size) - 1) / UInt64(JournalBlock.size)
  }

  private static func isZero(_ file: Int32) -> Bool {
    var bytes = [UInt8](repeating: 0, count: Int(piece) * JournalBlock.size)
    let size = pread(file, &bytes, bytes.count, 0)
    return size >= 0 && bytes[..<size].allSatisfy { $0 == 0 }
  }

  /// The file's name must survive too.
  func syncFolder() {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/")
    let handle = open(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder, O_RDONLY)
    guard handle >= 0 else { return }
    fsync(handle)
    close(handle)
  }
}
