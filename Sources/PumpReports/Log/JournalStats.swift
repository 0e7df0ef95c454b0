import Foundation
package import PumpJournal
import PumpRecords
import PumpUnits

/// What a journal costs and holds.
package struct JournalStats {
  private var kinds: [RecordKind: UInt64] = [:]
  private var total: UInt64 = 0
  private var running = TimeSpan.zero
  private var state = JournalState()

  package init<Store: JournalStore & ~Copyable>(_ journal: inout Journal<Store>) {
    var last: JournalRecord?
    for sequence in journal.first..<journal.next {
      guard let record = journal.record(sequence) else { continue }
      kinds[record.entry.kind, default: 0] += 1
      total += 1
      if let last, last.session == record.session { running += record.at.elapsed(since: last.at) }
      last = record
    }
    state = journal.state
  }

  /// What `itpump log --stats` prints.
  package func text(_ path: String) -> String {
    let days = Double(running.nanoseconds) / 86_400e9
    // A flash page is the least that a durable write costs an SD card.
    let page = 4_096.0
    func perDay(_ value: Double) -> String {
      // A few minutes tell nothing of a day.
      running >= TimeSpan(minutes: 10) ? String(format: "%.0f", value / days) : "-"
    }
    let rows = RecordKind.allCases.compactMap { kind in
      kinds[kind].map {
        "  \(kind.name.padding(toLength: 10, withPad: " ", startingAt: 0))\(TextColumns.right(TextColumns.grouped($0), 12))"
      }
    }
    let hours = String(format: "%.2f", Double(running.nanoseconds) / 3_600e9)
    return """
      \(path): \(TextColumns.grouped(total)) records, \(state.session) session\(state.session == 1 ? "" : "s"), \(hours) h of running
      \(rows.joined(separator: "\n"))
        durable writes a day of running  \(perDay(Double(total)))
        bytes a day, as written          \(perDay(Double(total) * 128))
        bytes a day, in 4 KiB pages      \(perDay(Double(total) * page))

      """
  }
}
