import Foundation

/// A long output on its way to a file; the first failure is kept until somebody asks.
final class OutputFile {
  private let handle: FileHandle
  private let path: String
  private var failure: ProjectFiles.Problem?
  private var isFailureTold = false

  /// Opens a file for writing.
  ///
  /// - Parameters:
  ///   - path: Where; a pipe or a device is written to as it is.
  ///   - isEvidence: Whether a file that is there already must not be replaced.
  init(_ path: String, isEvidence: Bool = false) throws {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let type = attributes?[.type] as? FileAttributeType
    if isEvidence, type != nil {
      throw ProjectFiles.Problem(
        description: "\(path): error: it is there already, and a record is never overwritten; name "
          + "another file")
    }
    // Making a file anew would put a plain file in the place of a device or a link.
    let isPlain = type == nil || type == .typeRegular
    guard !isPlain || FileManager.default.createFile(atPath: path, contents: nil),
      let handle = FileHandle(forWritingAtPath: path)
    else {
      throw ProjectFiles.Problem(
        description: "\(path): error: can't be written; check the folder and its permissions")
    }
    self.handle = handle
    self.path = path
  }

  func append(_ bytes: [UInt8]) {
    guard failure == nil else { return }
    do {
      try handle.write(contentsOf: Data(bytes))
    } catch {
      failure = ProjectFiles.Problem(
        description: "\(path): error: the disk took only a part of it; free some space")
    }
  }

  /// The failure, the first time that somebody asks.
  func takeFailure() -> (any Error)? {
    guard let failure, !isFailureTold else { return nil }
    isFailureTold = true
    return failure
  }

  func close() throws {
    try? handle.close()
    if let failure { throw failure }
  }
}
