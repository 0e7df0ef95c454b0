import Foundation

/// Where a result goes: a file, a pipe, a device, or standard output for `-`.
///
/// Every output of the program is written here.
/// A plain file is written beside its name, and takes the name when it is whole: a full disk or a crash
/// leaves what was there before. A link stays a link, and what it names is replaced; a file of several
/// names, or in a folder that can't be written, is written over in its place. New files are 0640.
/// The first failure is kept until somebody asks.
package final class OutputFile {
  private let path: String
  private let file: Int32
  /// What the file is written as until it is whole, and what it is to be called then.
  private var pending: (temporary: String, final: String)?
  private var failure: ProjectFiles.Problem?
  private var isFailureTold = false
  private var isOpen = true

  /// Opens an output.
  ///
  /// - Parameters:
  ///   - path: Where; `-` is standard output.
  ///   - isEvidence: Whether what is there already must not be replaced, and every byte is to be at its
  ///     place as soon as it is written.
  /// - Throws: `ProjectFiles.Problem`.
  package init(_ path: String, isEvidence: Bool = false) throws {
    self.path = path
    func problem(_ text: String) -> ProjectFiles.Problem {
      ProjectFiles.Problem(description: "\(path): error: can't be written: \(text)")
    }
    guard path != "-" else {
      file = STDOUT_FILENO
      return
    }
    if isEvidence {
      file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
      guard file < 0 else { return }
      throw errno == EEXIST
        ? ProjectFiles.Problem(
          description: "\(path): error: it is there already, and a recording is never overwritten; "
            + "name another file") : problem(SystemFailure.describe(errno))
    }
    var status = stat()
    let isThere = stat(path, &status) == 0
    if isThere, status.st_mode & S_IFMT != S_IFREG {
      // A pipe without a reader would hold up the open for ever; once open, it may block.
      file = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
      guard file >= 0 else { throw problem(SystemFailure.describe(errno)) }
      _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK)
      return
    }
    let target = Self.target(of: path)
    let folder = PathParts.folder(of: target)
    let temporary =
      (folder.isEmpty ? "" : folder + "/") + ".itpump-\(UInt64.random(in: 0...(.max))).part"
    let isShared = isThere && status.st_nlink > 1
    let made = isShared ? -1 : open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    if made >= 0 {
      if isThere { fchmod(made, status.st_mode & 0o777) }
      pending = (temporary, target)
      file = made
      return
    }
    let number = errno
    guard isThere else {
      file = -1
      throw problem(SystemFailure.describe(number))
    }
    file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard file >= 0 else { throw problem(SystemFailure.describe(errno)) }
  }

  deinit {
    guard isOpen else { return }
    if file > STDERR_FILENO { Glibc.close(file) }
    if let pending { unlink(pending.temporary) }
  }

  /// Writes a whole output, or says why not.
  package static func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    let output = try OutputFile(path)
    output.append(Array(bytes))
    try output.close()
  }

  /// Adds bytes; nothing more is written once a write has failed.
  package func append(_ bytes: [UInt8]) {
    guard failure == nil, isOpen else { return }
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        failure = ProjectFiles.Problem(
          description: "\(name): error: not written whole: \(SystemFailure.describe(errno))")
        return
      }
      done += count
    }
  }

  /// The failure, the first time that somebody asks.
  package func takeFailure() -> (any Error)? {
    guard let failure, !isFailureTold else { return nil }
    isFailureTold = true
    return failure
  }

  /// Ends the output; only now does a plain file take its name.
  ///
  /// - Throws: The first failure; what was there before is there still.
  package func close() throws {
    guard isOpen else { return }
    isOpen = false
    if pending != nil, failure == nil, fsync(file) != 0 { fail() }
    if file > STDERR_FILENO, Glibc.close(file) != 0, failure == nil { fail() }
    if let pending {
      if failure == nil, rename(pending.temporary, pending.final) != 0 { fail() }
      if failure != nil { unlink(pending.temporary) }
    }
    if let failure { throw failure }
  }

  private func fail() {
    failure = ProjectFiles.Problem(
      description: "\(name): error: not written whole: \(SystemFailure.describe(errno))")
  }

  /// What people call it.
  package var name: String { path == "-" ? "standard output" : path }

  /// What a path names after all its links; one that leads nowhere names what is to be made.
  private static func target(of path: String) -> String {
    var path = path
    for _ in 0..<40 {
      guard let link = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else {
        return path
      }
      let folder = PathParts.folder(of: path)
      path = link.hasPrefix("/") || folder.isEmpty ? link : "\(folder)/\(link)"
    }
    return path
  }
}
