package import Foundation

/// Reads what a command was given: plain files and pipes, and nothing that would never end.
package enum InputBytes {
  /// No profile, board, fault file or image is larger.
  package static let most = 4 << 20
  /// A pipe that says nothing for so long has nobody at its other end.
  private static let patience: Int32 = 10_000

  private static func missing(_ path: String) -> String {
    path.contains("/")
      ? "there is no such file"
      : "there is no such file, and none of this name where files are found by name: see 'itpump where'"
  }

  /// The bytes of a file.
  ///
  /// - Throws: `ProjectFiles.Problem`: it is not there, can't be read, is too large, or no file at all.
  package static func read(_ path: String, atMost most: Int = most) throws -> Data {
    func problem(_ text: String) -> ProjectFiles.Problem {
      ProjectFiles.Problem(description: "\(path): error: \(text)")
    }
    // A pipe without a writer would hold up a blocking open for ever.
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
      let number = errno
      throw problem(
        number == ENOENT ? missing(path) : "can't be read: \(SystemFailure.describe(number))")
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw problem(SystemFailure.describe(errno)) }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG || kind == S_IFIFO else {
      throw problem(
        kind == S_IFDIR ? "this is a folder; name a file" : "this is a device, and no file")
    }
    var data = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      if kind == S_IFIFO { try wait(file, problem) }
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count >= 0 else { throw problem(SystemFailure.describe(errno)) }
      guard count > 0 else { return data }
      data.append(contentsOf: buffer[..<count])
      guard data.count <= most else {
        throw problem("larger than \(most >> 20) MiB; name a file that itpump or you have written")
      }
    }
  }

  private static func wait(_ file: Int32, _ problem: (String) -> ProjectFiles.Problem) throws {
    var poll = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
    guard Glibc.poll(&poll, 1, patience) != 0 else {
      throw problem("a pipe into which nobody writes")
    }
  }
}
