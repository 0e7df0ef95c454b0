import ArgumentParser
import Foundation
import PumpDrive
import PumpFiles
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpProfiles
import PumpReplay
import PumpReports
import PumpService
import PumpUnits

/// `itpump replay`: a recorded run once more through the engine, to the same actions.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Run a record through the engine again, and see that it does the same.",
    discussion: """
      A record holds the profile, the bench's files and every answer that the hardware gave, with \
      its instant. The engine is given them again; every call that it makes must be the recorded \
      one. Exits with 1 at the first difference, and names it.
      """)

  @Argument(help: "The record that 'itpump run --record' wrote.")
  var record: String

  @Option(help: .init("Write the run's edges as a VCD waveform.", valueName: "file"))
  var vcd: String?

  func validate() throws {
    guard vcd != "-" else { throw ValidationError("--vcd: name a file; a waveform is large") }
  }

  func run() throws {
    try ProjectFiles.checkOutputs([vcd], inputs: [record])
    let (text, isSame) = try Self.replay(
      try RecordReader(record), waveform: try vcd.map { try OutputFile($0) })
    try ProjectFiles.print(text)
    if !isSame { throw ExitCode(1) }
  }

  /// Replays a recording.
  ///
  /// - Returns: What came of it, for people, and whether every call was the recorded one.
  static func replay(_ reader: RecordReader, waveform: OutputFile?) throws -> (String, isSame: Bool)
  {
    let header = reader.header
    let (profile, bench, _) = try header.inputs.load(
      now: Date(timeIntervalSince1970: header.judged_at_s))
    let source = RecordedEntries(reader.entries)
    var task = RunTask(
      singleBolus: header.session.has_single_bolus ? profile.singleBolus : nil,
      span: header.span_ns.map { TimeSpan(nanoseconds: $0) },
      isConfirmed: header.is_confirmed, isSupervised: true)
    task.start = header.session.first
    let plan = profile.drivePlan(
      on: bench, carried: header.session.carried, recalled: header.session.recalled,
      patientBoluses: (header.session.patient_boluses_ns ?? []).map { Instant(nanoseconds: $0) },
      lastBolus: header.session.last_bolus_ns.map { Instant(nanoseconds: $0) },
      task: task,
      realTime: RealTimeOptions.none, isRecording: false, fault: nil)
    let session = ControlSession(
      loop: ControlLoop(
        engine: plan.engine(
          start: task.start, place: TimeSpan(nanoseconds: header.session.place_ns)),
        hardware: RecordedHardware(
          base: ReplayedHardware(source: RecordSource(entries: source)),
          sink: ReplaySink(bench: bench, waveform: waveform, source: source))),
      orders: RecordedOrders(entries: source),
      task: task)
    return try report(session, source, reader, profile, bench, waveform)
  }

  private static func report(
    _ session:
      consuming ControlSession<
        RecordedHardware<ReplayedHardware<RecordSource>, ReplaySink>, RecordedOrders
      >, _ source: RecordedEntries, _ reader: RecordReader, _ profile: Profile, _ bench: Bench,
    _ waveform: OutputFile?
  ) throws -> (String, isSame: Bool) {
    var session = session
    let outcome = session.run { _, _ in }
    // A run that broke off ended with the last call of its recording, and not where the replay comes to rest.
    let isBrokenOff = source.isExhausted || reader.tornBytes > 0
    try session.loop.hardware.sink.finish(at: isBrokenOff ? .epoch : outcome.end)
    try waveform?.close()
    let digest = session.loop.hardware.sink.digest
    let recorded = reader.entries.reduce(into: ActionDigest()) { digest, entry in
      if case .call(let call) = entry { digest.take(call) }
    }
    let made = isBrokenOff ? session.loop.hardware.sink.steps : outcome.status.ledger.delivered
    let volume = (try? bench.step.volume(ofSteps: made)) ?? .zero
    let mass = (try? profile.concentration.mass(in: volume)) ?? .zero
    var lines = [
      "\(profile.name) on \(reader.header.board), from \(reader.header.start)",
      "  replayed    \(TextColumns.grouped(session.loop.hardware.base.replayed)) calls",
    ]
    let divergence = session.loop.hardware.base.divergence
    // A record that merely ends differs in nothing that it holds.
    let isSame = divergence == nil || divergence?.recorded == nil && source.isExhausted
    // What a run that left the record would have delivered is nobody's dose.
    if isSame {
      lines += [
        "  delivered   \(Format.mass(mass)), "
          + "\(TextColumns.grouped(made)) steps",
        "  run digest  \(SimulationReport.hex(digest.value))",
      ]
    }
    if isBrokenOff {
      lines.append(
        "  broken off: the recording ends in the middle of the run, which was killed, or whose disk or "
          + "size limit was reached; so does this replay")
    }
    var differs = true
    if let divergence, !isSame {
      lines.append("  DIFFERS at call \(divergence.number)")
      lines.append("    recorded  \(divergence.recorded.map { "\($0)" } ?? "nothing more")")
      lines.append("    now       \(divergence.asked)")
    } else if source.remaining > 0 {
      lines.append("  DIFFERS: the record goes on for \(source.remaining) entries")
    } else if divergence == nil, digest.value != recorded.value {
      lines.append("  DIFFERS: the recorded calls give \(SimulationReport.hex(recorded.value))")
    } else {
      differs = false
      lines.append("  the same actions, each at its instant")
    }
    return (lines.joined(separator: "\n") + "\n", !differs)
  }
}

/// A record's entries on their way back, shared by the hardware and the orders.
final class RecordedEntries {
  private let entries: [RunEntry]
  private var at = 0
  private var hasStopped = false
  /// Whether more was asked for than the record has.
  private(set) var isExhausted = false
  /// Whether the hardware was asked for something that is not the next entry.
  var hasDiverged = false

  init(_ entries: [RunEntry]) { self.entries = entries }

  var remaining: Int { entries.count - at }

  func nextCall() -> HardwareCall? {
    guard at < entries.count else {
      isExhausted = true
      return nil
    }
    guard case .call(let call) = entries[at] else { return nil }
    at += 1
    return call
  }

  /// Takes the next call only where it says that there was news.
  func takeNews() -> Bool {
    guard at < entries.count, entries[at] == .call(.hadNews) else { return false }
    at += 1
    return true
  }

  /// What was ordered here; a record that ends or was left stops the replay, once.
  func takeOrder() -> SessionOrder? {
    guard !hasDiverged, at < entries.count else {
      isExhausted = isExhausted || !hasDiverged
      defer { hasStopped = true }
      return hasStopped ? nil : .stop
    }
    guard case .ordered(let order) = entries[at] else { return nil }
    at += 1
    return order
  }
}

struct RecordSource: HardwareCallSource, ~Copyable {
  let entries: RecordedEntries

  mutating func next() -> HardwareCall? { entries.nextCall() }

  mutating func takeNews() -> Bool { entries.takeNews() }

  mutating func wasLeft() { entries.hasDiverged = true }
}

struct RecordedOrders: SessionOrders {
  let entries: RecordedEntries

  mutating func take() -> SessionOrder? { entries.takeOrder() }
}

/// Sums up the replayed calls, and draws their edges; what the record does not hold is no part of the run.
struct ReplaySink: HardwareCallSink, ~Copyable {
  private(set) var digest = ActionDigest()
  /// STEP rises that were made.
  private(set) var steps: UInt64 = 0
  private let source: RecordedEntries
  private var wave: VCDTrace?
  private var now = Instant.epoch

  init(bench: Bench, waveform: OutputFile?, source: RecordedEntries) {
    self.source = source
    wave = waveform.map { VCDTrace(bench.board, [.step, .direction, .enable], $0) }
  }

  mutating func take(_ call: HardwareCall) {
    guard !source.isExhausted, !source.hasDiverged else { return }
    digest.take(call)
    if case .set(.step, .asserted, nil) = call { steps += 1 }
    switch call {
    case .waited(_, let woke), .readClock(let woke): now = woke
    case .set(let line, let level, nil):
      wave?.record(line.benchLine, isAsserted: level == .asserted, at: now)
    default: break
    }
  }

  mutating func finish(at end: Instant) throws { wave?.finish(at: max(now, end)) }
}

extension VCDTrace {
  /// A dump of some of a board's lines, into a file.
  init(_ board: Board, _ lines: [BenchLine], _ file: OutputFile) {
    let named = lines.filter { board.lines[$0.role] != nil }
    self.init(
      names: Dictionary(uniqueKeysWithValues: named.map { ($0, $0.role) }),
      activeLow: Set(named.filter { board.lines[$0.role]?.isActiveLow ?? false }),
      write: file.append)
  }
}
