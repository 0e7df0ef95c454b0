import Glibc
import PumpJournal
import PumpMessages

extension FileStore {
  /// What became of the file's name while it was open.
  public enum Place: Equatable, Sendable {
    /// It still names this file.
    case kept
    /// It named nothing; a copy of every record has it now, and is gone on with.
    case restored
    /// It named another file; a copy of every record has this other name, and is gone on with.
    case moved(to: String)
    /// The records are in a file without a name, and none could be given.
    case lost
  }

  /// Looks whether the file's name still leads to it; where it does not, gives the records a name again.
  ///
  /// A file that somebody removes or replaces is still written to, and vanishes with the program: its steps
  /// would be missing from every later limit.
  public mutating func keepPlace() -> Place {
    var (named, own) = (stat(), stat())
    guard fstat(file, &own) == 0 else { return .lost }
    let isThere = stat(path, &named) == 0
    if isThere, named.st_dev == own.st_dev, named.st_ino == own.st_ino { return .kept }
    guard isThere else { return copy(to: path) ? .restored : .lost }
    for number in 1...99 {
      let name = "\(path).kept-\(number)"
      if copy(to: name) {
        path = name
        return .moved(to: name)
      }
    }
    return .lost
  }

  /// Copies every record to a new file, and goes on with that.
  private mutating func copy(to name: String) -> Bool {
    let made = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_DSYNC, 0o640)
    guard made >= 0 else { return false }
    var bytes = [UInt8](repeating: 0, count: Int(Self.piece) * JournalBlock.size)
    var at: off_t = 0
    let end = off_t(capacity) * off_t(JournalBlock.size)
    while at < end {
      let size = pread(file, &bytes, min(bytes.count, Int(end - at)), at)
      guard size > 0, pwrite(made, bytes, size, at) == size else {
        close(made)
        unlink(name)
        return false
      }
      at += off_t(size)
    }
    guard flock(made, LOCK_EX | LOCK_NB) == 0, fsync(made) == 0 else {
      close(made)
      unlink(name)
      return false
    }
    close(file)
    file = made
    syncFolder()
    return true
  }
}
