import Glibc

/// Why the system refused a file, in words that say what to do.
package enum SystemFailure {
  package static func describe(_ number: Int32) -> String {
    switch number {
    case ENOSPC, EDQUOT: "the disk is full; free some space"
    case EFBIG: "the file would be larger than the system allows"
    case EROFS: "the disk is read-only; name a place that can be written"
    case EACCES, EPERM: "no right to it; check the folder and its permissions"
    case ENOENT: "there is no such file or folder"
    case ENOTDIR: "a part of this path is a file, and no folder"
    case EISDIR: "this is a folder; name a file"
    case ENXIO: "nobody reads from this pipe"
    case EPIPE: "its reader is gone"
    case ETIMEDOUT: "nobody reads it"
    case ELOOP: "its links lead in a circle"
    case ENAMETOOLONG: "this name is too long"
    case EMFILE, ENFILE: "the system has no file left to open"
    default: String(cString: strerror(number))
    }
  }
}
