import Glibc

/// The right to run a board, or to write a journal, by its name: held as long as the process and whoever it has given
/// the lock's file to live, whatever becomes of the journal's file.
public final class RunLock: @unchecked Sendable {
  /// Whoever has it open too holds the lock too.
  public let file: Int32

  /// Takes the lock of a name.
  ///
  /// - Throws: `StoreError`, `inUse` where another process holds it.
  public init(of name: String) throws(StoreError) {
    let folder = Self.folder
    mkdir(folder, 0o700)
    var status = stat()
    // A folder in /tmp that somebody else has made holds locks of somebody else.
    guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
      status.st_uid == geteuid()
    else { throw StoreError(path: folder, cause: .system(EACCES)) }
    let path = "\(folder)/\(Self.digest(of: name)).lock"
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw StoreError(path: path, cause: .system(errno)) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      throw StoreError(path: name, cause: .inUse)
    }
    self.file = file
  }

  deinit { close(file) }

  /// The folder that the system gives a service or a session for such things.
  private static var folder: String {
    for variable in ["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"] {
      if let given = getenv(variable), given.pointee != 0 {
        return "\(String(cString: given).prefix { $0 != ":" })/itpump-locks"
      }
    }
    return "/tmp/itpump-\(geteuid())"
  }

  /// FNV-1a, 64 bits: a name of any length and any characters as a file's name.
  private static func digest(of name: String) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return String(hash, radix: 16)
  }
}
