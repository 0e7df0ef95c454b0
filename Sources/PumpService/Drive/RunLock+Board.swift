import PumpFiles
package import PumpLinux
package import PumpProfiles

extension RunLock {
  /// What no second run may have: the board, and the journal by its name, whatever becomes of its file.
  package static func both(_ board: Board, journal: String) throws -> [RunLock] {
    let held = try lock(JournalFile.lockName(journal), "\(journal): error: the journal")
    guard !board.isSimulated else { return [held] }
    return [held, try lock("board \(board.name) \(board.chip)", "\(board.name): error: the board")]
  }

  private static func lock(_ name: String, _ what: String) throws -> RunLock {
    do throws(StoreError) { return try RunLock(of: name) } catch {
      guard error.cause == .inUse else {
        throw ProjectFiles.Problem(description: "error: \(error)")
      }
      throw ProjectFiles.Problem(
        description:
          "\(what) is in use: another itpump, or the itpump-drive that it left, runs with it; end that one, or name another"
      )
    }
  }
}
