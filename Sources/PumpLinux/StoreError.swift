import Glibc

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
      "\(path): the journal is in use: another itpump, or the itpump-drive that it left, runs with it; end that one, or name another"
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
