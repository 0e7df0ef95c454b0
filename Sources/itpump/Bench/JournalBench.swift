import ArgumentParser
import Foundation
import PumpBenchmarks
import PumpFiles
import PumpUnits

/// `itpump bench journal`: what a durable record costs beside the same record in SQLite.
struct JournalBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal",
    abstract: "Time a durable journal record beside an SQLite WAL transaction.",
    discussion: """
      Both write the same 128 bytes to the same folder and wait for the disk: the journal as a run does, \
      SQLite with journal_mode=WAL and synchronous=FULL and a prepared statement. They take turns, ten \
      records each, and medians of the same turns are compared: while SQLite's WAL grows, as after each \
      opening, and once it has been checkpointed and is written over.
      """)

  @Option(help: .init("Records of each, 2000 to 1000000.", valueName: "number"))
  var records = 3_000

  @Option(help: .init("The folder to write to; this one if not given.", valueName: "folder"))
  var folder = "."

  @Option(help: .init("Write the figures as JSON; - for standard output.", valueName: "file"))
  var json: String?

  func validate() throws {
    guard (2_000...1_000_000).contains(records) else {
      throw ValidationError("--records: 2000 to 1000000")
    }
  }

  func run() throws {
    let path = "\(folder)/itpump-bench-\(UUID().uuidString)"
    let files = ["", ".db", ".db-wal", ".db-shm"].map { path + $0 }
    defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
    do {
      let figures = try JournalFigures(records: records, at: path)
      try ProjectFiles.put(figures, figures.table, json: json)
    } catch let problem as ProjectFiles.Problem {
      throw problem
    } catch {
      throw ProjectFiles.Problem(description: "\(folder): error: \(error)")
    }
  }
}
