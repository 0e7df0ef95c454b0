import Glibc

/// Writes that give up where nobody reads: a pipe that is full must not hold up the end of a run.
package enum PatientWrite {
  /// No pipe takes less at once when it says that it takes something.
  private static let chunk = 4_096

  /// Writes bytes, and waits for a reader no longer than so many milliseconds at a time.
  ///
  /// - Returns: 0, or the system's error number; `ETIMEDOUT` where nobody read.
  package static func write(_ bytes: [UInt8], to file: Int32, patience: Int32) -> Int32 {
    var done = 0
    while done < bytes.count {
      var poll = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
      let isReady = Glibc.poll(&poll, 1, patience)
      if isReady < 0, errno == EINTR { continue }
      guard isReady != 0 else { return ETIMEDOUT }
      let part = bytes[done..<min(bytes.count, done + chunk)]
      let count = part.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return errno }
      done += count
    }
    return 0
  }
}
