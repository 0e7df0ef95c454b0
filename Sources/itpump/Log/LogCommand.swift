import ArgumentParser
import Foundation
import PumpBench
import PumpFiles
import PumpJournal
import PumpLinux
import PumpMessages
import PumpProfiles
import PumpRecords
import PumpReports
import PumpService
import PumpUnits

/// `itpump log`: what the journal says.
struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Read a pump's journal: every grant, command, event and alarm, in order.",
    discussion: """
      The journal is the truth after a crash: what is printed is read from it, and from nothing beside \
      it. A journal is read while a run writes to it.
      """)

  @Argument(
    help: "The journal; 'itpump run' names it at its end.",
    completion: .file(extensions: ["journal"]))
  var journal: String

  @Option(
    help: .init(
      "Only this kind; may be given several times: "
        + RecordKind.allCases.map(\.name).joined(separator: ", ") + ".", valueName: "kind"),
    transform: { text in
      guard let kind = RecordKind.allCases.first(where: { $0.name == text }) else {
        throw ValidationError("no such kind")
      }
      return kind
    })
  var kind: [RecordKind] = []

  @Option(
    help: .init("Only what is about this alarm, such as driver-fault.", valueName: "alarm"),
    transform: { text in
      guard let alarm = Alarm.allCases.first(where: { $0.name == text }) else {
        throw ValidationError(
          "no such alarm; there are " + Alarm.allCases.map(\.name).joined(separator: ", "))
      }
      return alarm
    })
  var alarm: Alarm?

  @Option(help: .init("Only this session, counted from 1.", valueName: "number"))
  var session: UInt32?

  @Option(help: .init("Only from then on, such as 2026-11-22T08:00.", valueName: "time"))
  var since: StartArgument?

  @Option(help: .init("Only up to then.", valueName: "time"))
  var until: StartArgument?

  @Option(help: .init("Only the latest so many.", valueName: "number"))
  var last: Int?

  @Flag(help: "Go on with what a run appends, until stopped.")
  var follow = false

  @Flag(
    help: "Check every record, checksum and link of the chain; exits with 1 at the first fault.")
  var verify = false

  @Flag(help: "Print counts, sessions and how much is written in a day.")
  var stats = false

  @Flag(help: "Print the intact records of a journal that does not open.")
  var damaged = false

  @Option(help: .init("Write the records as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @Option(help: .init("Write the records as CSV; - for standard output.", valueName: "file"))
  var csv: String?

  func validate() throws {
    guard (last ?? 1) > 0 else { throw ValidationError("--last: at least 1") }
    guard [verify, stats, follow, damaged].filter({ $0 }).count <= 1 else {
      throw ValidationError("one of --follow, --verify, --stats, --damaged")
    }
    guard
      !damaged
        || kind.isEmpty && alarm == nil && session == nil && since == nil && until == nil
          && last == nil
    else { throw ValidationError("--damaged prints all that is intact; leave out the filters") }
    guard !follow || json == nil && csv == nil else {
      throw ValidationError("--follow prints only; leave out --json and --csv")
    }
  }

  func run() throws {
    try ProjectFiles.checkOutputs([json, csv], inputs: [journal])
    if damaged { return try JournalReading(journal).printIntact() }
    var opened = try JournalFile.read(journal)
    if verify { return try JournalReading(journal).printVerified(opened) }
    if stats { return try ProjectFiles.print(JournalStats(&opened).text(journal)) }
    let moments = Moments(.current)
    do {
      let index = try RecordIndex()
      try index.update(from: &opened)
      var worth = StepWorth()
      var beginnings = RecordIndex.Filter()
      beginnings.kinds = [.session]
      for sequence in try index.select(beginnings) {
        if let record = opened.record(sequence) { worth.note(record) }
      }
      let records = try index.select(try filter()).compactMap { opened.record($0) }
      try put(records, moments, worth)
      if follow { try follow(&opened, index, moments, worth) }
    } catch let failure as SQLiteDatabase.Failure {
      throw ProjectFiles.Problem(description: "error: \(failure)")
    }
  }

  private func filter() throws -> RecordIndex.Filter {
    var filter = RecordIndex.Filter()
    filter.kinds = kind
    filter.alarm = alarm
    filter.session = session
    filter.last = last
    filter.since = try since.map {
      Int64(try StartArgument.resolve($0, in: .current).timeIntervalSince1970)
    }
    filter.until = try until.map {
      Int64(try StartArgument.resolve($0, in: .current).timeIntervalSince1970)
    }
    return filter
  }

  private func put(
    _ records: [JournalRecord], _ moments: Moments, _ worth: StepWorth, isHeaded: Bool = true
  ) throws {
    func row(_ record: JournalRecord) -> LogRow {
      LogRow(record, moments, worth.of(record))
    }
    if let json {
      try ProjectFiles.write(try JSONOutput.text(records.map(row)), to: json)
    }
    if let csv {
      let text = LogRow.header + records.map { row($0).csv }.joined()
      try ProjectFiles.write(text, to: csv)
    }
    guard json == nil, csv == nil else { return }
    let heading = isHeaded ? LogRow.heading : ""
    try ProjectFiles.print(
      heading + records.map { LogRow.line($0, moments, worth.of($0)) }.joined())
  }

  private func follow(
    _ journal: inout Journal<FileStore>, _ index: RecordIndex, _ moments: Moments,
    _ before: StepWorth
  ) throws {
    var worth = before
    StopSignal.block()
    var filter = try filter()
    filter.last = nil
    filter.from = journal.next
    while StopSignal.take(within: 200) == nil {
      journal.store.refresh()
      guard journal.advance() > 0 else { continue }
      try index.update(from: &journal)
      let records = try index.select(filter).compactMap { journal.record($0) }
      // A session that begins meanwhile may be left out by the filter, and counts all the same.
      for sequence in filter.from..<journal.next {
        if let record = journal.record(sequence) { worth.note(record) }
      }
      filter.from = journal.next
      try put(records, moments, worth, isHeaded: false)
    }
  }
}
