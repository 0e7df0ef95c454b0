import Foundation
import PumpFiles
package import PumpJournal
package import PumpLinux
import PumpMessages
import PumpReports
import PumpService

/// What a journal's records are worth.
package struct JournalReading {
  private let path: String

  /// - Parameter path: The journal's.
  package init(_ path: String) { self.path = path }

  /// Says that all of it is whole.
  ///
  /// - Parameter journal: Opened, which has checked every checksum and every link.
  /// - Throws: `ProjectFiles.Problem`, where it is not as its last session left it.
  package func printVerified(_ journal: consuming Journal<FileStore>) throws {
    var journal = journal
    let suspicions = JournalFile.suspicions(&journal, JournalSeal(ofJournal: path))
    let state = journal.state
    let carried = state.carried
    guard journal.next > 0 else {
      throw ProjectFiles.Problem(description: "\(path): error: it holds no record")
    }
    try ProjectFiles.print(
      """
      \(path): \(TextColumns.grouped(journal.next)) records, each intact and linked to the one before
        \(TextColumns.grouped(carried.certain)) steps certain, \
      \(TextColumns.grouped(carried.uncertain)) uncertain, \
      \(TextColumns.grouped(carried.missed)) missed, in \(state.session) session\(state.session == 1 ? "" : "s")\
      \(state.isEnded ? "" : "; the last is not ended: it runs, or broke off")

      """)
    guard suspicions.isEmpty else {
      throw ProjectFiles.Problem(
        description: suspicions.map { "\(path): error: \($0.words)" }
          .joined(separator: "\n"))
    }
  }

  /// Prints the intact records, also of a journal that does not open.
  ///
  /// - Throws: `ProjectFiles.Problem`, where there are damaged ones.
  package func printIntact() throws {
    let moments = Moments(.current)
    var store: FileStore
    do { store = try FileStore(path: path, isReadOnly: true) } catch {
      throw ProjectFiles.Problem(description: "error: \(error)")
    }
    var lost: [UInt64] = []
    var text = ""
    var worth = StepWorth()
    for slot in store.slots {
      guard let block = try? store.read(slot) else { continue }
      if let record = block.intactRecord(at: slot) {
        worth.note(record)
        text += LogRow.line(record, moments, worth.of(record))
      } else if !block.isBlank {
        lost.append(slot)
      }
    }
    try ProjectFiles.print(text)
    guard !lost.isEmpty else { return }
    throw ProjectFiles.Problem(
      description: "\(path): error: damaged records: "
        + lost.prefix(20).map { "\($0)" }.joined(separator: ", ")
        + (lost.count > 20 ? " and \(lost.count - 20) more" : ""))
  }
}
