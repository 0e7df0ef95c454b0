package import Foundation
import Histogram
package import PumpDrive
import PumpFiles
import PumpFirmware
import PumpJournal
import PumpLinux
import PumpMessages
package import PumpProfiles
package import PumpReports
import PumpSafety
package import PumpService
package import PumpUnits

/// A profile on a board with a firmware of its own: loaded, started, followed and ended over its console.
package struct FirmwareRun {
  let profile: Profile
  let bench: Bench
  /// When the pattern is run as if it began.
  let moment: Date
  let span: TimeSpan?
  let isConfirmed: Bool
  let isRefilled: Bool
  let isAfterOutage: Bool
  /// Whether a therapy that runs on the board already may be ended for this one.
  let endsRunning: Bool
  let fault: DriveFault?
  /// The name of the alarm that has been seen to: what it stopped before may begin again.
  private var acknowledged: String?
  /// The socket that clients find it by; a free name if not given.
  let socket: String?
  /// By how many seconds the pattern is ahead of the wall clock.
  let ahead: TimeInterval

  let console: FirmwareConsole
  /// Whoever speaks to the pump; `nil` where nobody can.
  private var serving: FirmwareServing?
  private var display: RunDisplay
  var report: FirmwareReport
  /// The pump's clock when the therapy began.
  private var began: UInt64?
  private var nextRecord: UInt64 = 0
  private var isEnding = false
  private var startedAt = Date()
  private var idleLooks = 0

  package init(
    profile: Profile, bench: Bench, on line: FirmwareLine, moment: Date, span: TimeSpan?,
    isConfirmed: Bool, isRefilled: Bool, isAfterOutage: Bool, endsRunning: Bool, fault: DriveFault?,
    acknowledged: String?, socket: String?, ahead: TimeInterval
  ) {
    self.profile = profile
    self.bench = bench
    self.moment = moment
    self.span = span
    self.isConfirmed = isConfirmed
    self.isRefilled = isRefilled
    self.isAfterOutage = isAfterOutage
    self.endsRunning = endsRunning
    self.fault = fault
    self.acknowledged = acknowledged
    self.socket = socket
    self.ahead = ahead
    console = FirmwareConsole(line)
    display = RunDisplay(profile, on: bench, start: moment)
    report = FirmwareReport(profile: profile, bench: bench, start: moment)
  }

  /// Runs to the end.
  package mutating func run() throws -> FirmwareReport {
    try console.drain()
    let hello = try console.ask("hello").answer
    report.firmware = hello.fields["board"] ?? ""
    guard hello.number("protocol") == 2 else {
      throw problem("its firmware speaks another protocol than this itpump; build it anew")
    }
    if hello.number("runs") == 1 {
      // An abrupt stop can kill, and this run may still be refused.
      guard endsRunning else {
        throw problem(
          "a therapy runs on it already, taken up by the board itself or left by a host that was lost; "
            + "it is left alone: --end-running ends it in good order first")
      }
      display.note("warning: the therapy that runs on it is ended")
      try end()
    }
    if hello.number("was-reset") == 1 { display.note("note: the board was reset") }
    try load(hello.hex("image-seal"))
    let place = profile.place(at: moment).nanoseconds
    let flags = (isConfirmed ? 1 : 0) | (isRefilled ? 2 : 0) | (isAfterOutage ? 8 : 0)
    try console.ask("wall " + String(UInt64(max(0, Date().timeIntervalSince1970)), radix: 16))
    // What the board's journal holds already was told by earlier runs.
    nextRecord = try console.ask("log ffffffffffffffff").answer.number("end")
    report.firstRecord = nextRecord
    // Only the build for trials knows the order.
    if let fault {
      try console.ask("drive-fault \(String(fault.rawValue, radix: 16))")
      display.note(
        "warning: the drive lies on purpose: \(fault.word), which shows \(fault.shows)")
    }
    // Both what it says when it wakes and its answer to ours: the later is no reset of this run.
    try console.drain()
    let length = span?.nanoseconds ?? 0
    startedAt = Date()
    do {
      try console.ask(
        "start \(String(place, radix: 16)) \(String(length, radix: 16)) \(String(flags, radix: 16))"
      )
    } catch FirmwareConsole.Problem.silent(let command) {
      // It may have heard it all the same.
      tellEnd()
      throw FirmwareConsole.Problem.silent(command)
    }
    defer { serving?.end() }
    do {
      serving = try FirmwareServing(self, console, place: TimeSpan(nanoseconds: place))
      try follow()
      display.clear()
      report.records = try console.journal(from: 0)
    } catch {
      display.clear()
      // The line is bad: what the board does goes on without us.
      tellEnd()
      throw error
    }
    return report
  }

  /// Ends the therapy if it can, and says whether it did.
  private mutating func tellEnd() {
    let isEnded = (try? end()) != nil
    display.note(
      isEnded
        ? "note: no therapy runs on the board any more"
        : "CRITICAL: the board may still run its therapy: look at it")
  }

  private mutating func follow() throws {
    var lookedAt = Date.distantPast
    while true {
      while let event = try console.event(within: 20) { if try take(event) { return } }
      serving?.serve(within: 100)
      if serving?.pump.isStopped == true {
        isEnding = true
        report.wasStopped = true
      }
      if StopSignal.take(within: serving == nil ? 100 : 0) != nil {
        guard !isEnding else {
          throw problem("left before the motor was at rest: look at the board")
        }
        report.wasStopped = true
        try stop()
      }
      // A board that was reset goes on without an end of its own.
      if let span, report.resets > 0, !isEnding,
        Date().timeIntervalSince(startedAt) > Double(span.nanoseconds) / 1e9
      {
        try stop()
      }
      guard Date().timeIntervalSince(lookedAt) >= 1 else { continue }
      lookedAt = Date()
      try takeRecords()
      if try takeStatus() { return }
      try serving?.pump.look()
      display.refresh(Histogram<UInt64>())
    }
  }

  private mutating func stop() throws {
    isEnding = true
    // It may have ended by itself a moment ago.
    do { try order(.stop) } catch FirmwareConsole.Problem.refused(_, .noSession, _) {}
  }

  /// Takes what the board told by itself.
  ///
  /// - Returns: Whether the run is over.
  private mutating func take(_ event: FirmwareConsole.Message) throws -> Bool {
    switch event.words.dropFirst(event.words.first == "event" ? 1 : 0).first {
    case "began": began = began ?? event.number("at-ns")
    case "not-taken-up":
      report.trouble =
        "after a reset the board could not go on: "
        + FirmwareWords.describe(
          ConsoleProblem(rawValue: UInt8(clamping: event.number("code"))), event.number("detail"))
    case "not-begun":
      report.trouble = FirmwareWords.alarm(event.number("alarm"))?.title ?? "an alarm"
    case "refused":
      report.trouble = "refused: " + FirmwareWords.refusal(event.number("refusal"))
    case "hello":
      report.resets += 1
      display.note(
        event.number("was-reset") == 1
          ? "CRITICAL: the board was reset, and takes the therapy up by itself"
          : "CRITICAL: the board lost its power: it keeps to the minimum rate, which is no treatment, until "
            + "a clinician has looked and it is started with --after-outage")
    case "ended":
      report.end = event
      if began == nil { report.trouble = report.trouble ?? "stopped before it began" }
      try takeRecords()
      return true
    default: break
    }
    return false
  }

  /// What stopped delivery before keeps it stopped until somebody has seen to it.
  private mutating func heed(_ alarm: Alarm?) throws {
    guard let alarm else { return }
    guard alarm.name == acknowledged else {
      display.note(
        "CRITICAL: nothing is delivered: \(alarm.title) stopped it before, and nobody has seen to it; find "
          + "its cause, then run again with --acknowledge \(alarm.name)")
      report.trouble = "\(alarm.title) waits for somebody to see to it: --acknowledge \(alarm.name)"
      return try stop()
    }
    // Seen to once: where it comes again, somebody has to look again.
    acknowledged = nil
    try order(.acknowledge(alarm))
  }

  /// Asks how things are.
  ///
  /// - Returns: Whether no therapy runs any more, though its end was not told.
  private mutating func takeStatus() throws -> Bool {
    let answer = try console.ask("status").answer
    guard let state = answer.fields["state"] else { return false }
    guard state != "idle" else {
      // Three times in a row, for the word may still be on its way.
      idleLooks += 1
      guard idleLooks >= 3 else { return false }
      report.trouble =
        report.trouble
        ?? "no therapy runs any more, and its end was not told: a lost line, or a reset"
      return true
    }
    idleLooks = 0
    if state == "waiting", !isEnding { try heed(FirmwareWords.alarm(answer.number("waits-for"))) }
    guard began != nil else { return false }
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
    return false
  }

  private func steps(_ count: UInt64) -> Volume {
    (try? bench.step.volume(ofSteps: count)) ?? Volume(femtolitres: .max)
  }

  /// Shows the events that the board has journaled since last time.
  private mutating func takeRecords() throws {
    for block in try console.journal(from: nextRecord) {
      nextRecord = max(nextRecord, block[1] + 1)
      guard let record = block.intactRecord(at: block[1]), case .event(let event) = record.entry
      else { continue }
      let at = Instant(
        nanoseconds: record.at.nanoseconds - min(record.at.nanoseconds, began ?? .max))
      let timed = TimedEvent(at: at, event: event)
      report.events.append(timed)
      display.take(timed)
    }
  }
}
