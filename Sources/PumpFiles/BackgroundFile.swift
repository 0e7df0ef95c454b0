import Foundation

/// An output that is written on a thread of its own: a disk that is slow or hangs holds up nobody who adds to
/// it.
package final class BackgroundFile: @unchecked Sendable {
  /// What waits for the disk at most; beyond it the output has an early end.
  package static let mostWaiting = 64 << 20
  /// The end of the output is waited for so long, in seconds.
  private static let patience = 5.0

  private let file: OutputFile
  private let state = NSCondition()
  // Under `state`.
  private var blocks: [[UInt8]] = []
  private var waiting = 0
  private var isClosing = false
  private var isDone = false
  private var failure: (any Error)?
  private var isFailureTold = false

  package init(_ file: OutputFile) {
    self.file = file
    let thread = Thread { [self] in work() }
    thread.name = "recording"
    thread.start()
  }

  /// Adds bytes; returns at once.
  package func append(_ bytes: [UInt8]) {
    state.withLock {
      guard failure == nil, !isClosing else { return }
      guard waiting + bytes.count <= Self.mostWaiting else {
        failure = ProjectFiles.Problem(
          description: "\(file.name): error: the disk does not keep up: not written whole")
        return
      }
      blocks.append(bytes)
      waiting += bytes.count
      state.signal()
    }
  }

  /// The failure, the first time that somebody asks.
  package func takeFailure() -> (any Error)? {
    state.withLock {
      guard let failure, !isFailureTold else { return nil }
      isFailureTold = true
      return failure
    }
  }

  /// Ends the output; waits for the disk a few seconds at most.
  ///
  /// - Throws: The first failure, or that the disk hangs.
  package func close() throws {
    try state.withLock {
      isClosing = true
      state.broadcast()
      let latest = Date(timeIntervalSinceNow: Self.patience)
      while !isDone, state.wait(until: latest) {}
      if let failure { throw failure }
      guard isDone else {
        throw ProjectFiles.Problem(
          description: "\(file.name): error: the disk hangs: not written whole")
      }
    }
  }

  private func work() {
    while true {
      let next: [[UInt8]]? = state.withLock {
        while blocks.isEmpty, !isClosing { state.wait() }
        defer {
          blocks.removeAll()
          waiting = 0
        }
        return blocks.isEmpty ? nil : blocks
      }
      guard let next else { break }
      for block in next { file.append(block) }
      if let failed = file.takeFailure() {
        state.withLock { failure = failure ?? failed }
      }
    }
    var failed: (any Error)?
    do { try file.close() } catch { failed = error }
    state.withLock {
      failure = failure ?? failed
      isDone = true
      state.broadcast()
    }
  }
}
