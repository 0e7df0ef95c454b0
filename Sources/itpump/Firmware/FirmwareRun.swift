import Foundation
import Histogram
import PumpEngine
import PumpFirmware
import PumpJournal
import PumpLinux
import PumpProfiles
import PumpSafety
import PumpUnits

/// A profile on a board with a firmware of its own: loaded, started, followed and ended over its console.
struct FirmwareRun {
  let profile: Profile
  let bench: Bench
  /// When the pattern is run as if it began.
  let moment: Date
  let span: TimeSpan?
  let isConfirmed: Bool
  let isRefilled: Bool
  let isAfterOutage: Bool
  let fault: DriveFault?

  private let console: FirmwareConsole
  private var display: RunDisplay
  private var report: FirmwareReport
  /// The pump's clock when the therapy began.
  private var began: UInt64?
  private var nextRecord: UInt64 = 0
  private var isEnding = false

  init(
    profile: Profile, bench: Bench, on line: FirmwareLine, moment: Date, span: TimeSpan?,
    isConfirmed: Bool, isRefilled: Bool, isAfterOutage: Bool, fault: DriveFault?
  ) {
    self.profile = profile
    self.bench = bench
    self.moment = moment
    self.span = span
    self.isConfirmed = isConfirmed
    self.isRefilled = isRefilled
    self.isAfterOutage = isAfterOutage
    self.fault = fault
    console = FirmwareConsole(line)
    display = RunDisplay(profile, on: bench, start: moment)
    report = FirmwareReport(profile: profile, bench: bench, start: moment)
  }

  /// Runs to the end.
  mutating func run() throws -> FirmwareReport {
    let hello = try console.ask("hello").answer
    report.firmware = hello.fields["board"] ?? ""
    guard hello.number("protocol") == 1 else {
      throw problem("its firmware speaks another protocol than this itpump; build it anew")
    }
    if hello.number("runs") == 1 {
      throw problem(
        "a therapy runs on it: the board takes up by itself what a reset broke off. Cut the motor's "
          + "supply and reset it, or stop it over its console")
    }
    if hello.number("was-reset") == 1 { display.note("note: the board was reset") }
    try load(hello.hex("image-seal"))
    let place = profile.place(at: moment).nanoseconds
    let flags = (isConfirmed ? 1 : 0) | (isRefilled ? 2 : 0) | (isAfterOutage ? 8 : 0)
    try console.ask("wall " + String(UInt64(max(0, Date().timeIntervalSince1970)), radix: 16))
    // What the board's journal holds already was told by earlier runs.
    nextRecord = try console.ask("log ffffffffffffffff").answer.number("end")
    report.firstRecord = nextRecord
    if let fault { try console.ask("drive-fault \(String(fault.rawValue, radix: 16))") }
    let length = span?.nanoseconds ?? 0
    try console.ask(
      "start \(String(place, radix: 16)) \(String(length, radix: 16)) \(String(flags, radix: 16))")
    try follow()
    display.clear()
    report.records = try records()
    return report
  }

  private func problem(_ text: String) -> ProjectFiles.Problem {
    ProjectFiles.Problem(description: "\(bench.board.name): error: \(text)")
  }

  /// Loads the profile's image, unless the board has it already.
  private mutating func load(_ seal: UInt64) throws {
    let data = Array(ImageFile.data(profile.compiled(on: bench)))
    let words = stride(from: 0, to: data.count, by: 8).map { place in
      (0..<8).reduce(UInt64(0)) { $0 | UInt64(data[place + $1]) << UInt64(8 * $1) }
    }
    report.seal = words.last ?? 0
    guard words.last != seal else { return }
    for first in stride(from: 0, to: words.count, by: 8) {
      let part = words[first..<min(first + 8, words.count)].map { String($0, radix: 16) }
      try console.ask("image \(String(first, radix: 16)) \(part.joined(separator: " "))")
    }
    try console.ask("keep")
  }

  private mutating func follow() throws {
    var lookedAt = Date.distantPast
    while true {
      while let event = try console.event(within: 20) { if try take(event) { return } }
      if StopSignal.take(within: 100) != nil, !isEnding {
        isEnding = true
        report.wasStopped = true
        try console.ask("stop")
      }
      guard Date().timeIntervalSince(lookedAt) >= 1 else { continue }
      lookedAt = Date()
      try takeRecords()
      try takeStatus()
      display.refresh(Histogram<UInt64>())
    }
  }

  /// Takes what the board told by itself.
  ///
  /// - Returns: Whether the run is over.
  private mutating func take(_ event: FirmwareConsole.Message) throws -> Bool {
    switch event.words.dropFirst(event.words.first == "event" ? 1 : 0).first {
    case "began": began = event.number("at-ns")
    case "not-begun":
      report.obstacle = FirmwareWords.alarm(event.number("alarm"))?.title ?? "an alarm"
    case "refused":
      report.obstacle = "refused: " + FirmwareWords.refusal(event.number("refusal"))
    case "hello" where event.number("was-reset") == 1:
      report.resets += 1
      began = nil
      display.note("CRITICAL: the board was reset, and takes the therapy up by itself")
    case "ended":
      report.end = event
      try takeRecords()
      return true
    default: break
    }
    return false
  }

  private mutating func takeStatus() throws {
    let answer = try console.ask("status").answer
    guard let state = answer.fields["state"], state != "idle", began != nil else { return }
    let cut = answer.number("cut-by")
    func volume(_ name: String) -> Volume { Volume(femtolitres: answer.number(name)) }
    let alarm = cut > 0 ? FirmwareWords.alarm(cut - 1) : nil
    let status = RunStatus(
      at: Instant(nanoseconds: answer.number("elapsed-ns")), planned: volume("planned-fl"),
      delivered: steps(answer.number("delivered-steps")), reservoir: volume("reservoir-fl"),
      flow: FlowRate(femtolitresPerDay: answer.number("flow-fl-per-day")),
      steps: answer.number("delivered-steps"),
      missed: UInt32(clamping: answer.number("missed-steps")),
      uncertain: UInt32(clamping: answer.number("uncertain-steps")),
      state: state == "tripped"
        ? .tripped(alarm ?? .driveDisagrees) : state == "suspended" ? .suspended : .delivering)
    display.status = status
    report.status = status
  }

  private func steps(_ count: UInt64) -> Volume {
    (try? bench.step.volume(ofSteps: count)) ?? Volume(femtolitres: .max)
  }

  /// Shows the events that the board has journaled since last time.
  private mutating func takeRecords() throws {
    while true {
      let (answer, blocks) = try console.ask("log \(String(nextRecord, radix: 16))")
      for block in blocks {
        guard let record = block.intactRecord(at: block[1]) else { continue }
        guard case .event(let event) = record.entry else { continue }
        let at = Instant(
          nanoseconds: record.at.nanoseconds - min(record.at.nanoseconds, began ?? .max))
        let timed = TimedEvent(at: at, event: event)
        report.events.append(timed)
        display.take(timed)
      }
      nextRecord = answer.number("next")
      if nextRecord >= answer.number("end") { return }
    }
  }

  /// The whole of the board's journal, record after record as stored.
  private func records() throws -> [UInt8] {
    var bytes: [UInt8] = []
    var next: UInt64 = 0
    while true {
      let (answer, blocks) = try console.ask("log \(String(next, radix: 16))")
      for block in blocks { block.withBytes { bytes.append(contentsOf: $0) } }
      next = answer.number("next")
      if next >= answer.number("end") { return bytes }
    }
  }
}
