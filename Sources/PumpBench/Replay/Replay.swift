import Foundation
import PumpDrive
package import PumpFiles
import PumpHAL
import PumpLinux
import PumpMessages
import PumpPlan
import PumpPlant
import PumpProfiles
import PumpReplay
import PumpReports
package import PumpService
import PumpUnits

/// A recorded run once more through the engine, to the same actions.
package enum Replay {
  /// Replays a recording.
  ///
  /// - Returns: What came of it, for people, and whether every call was the recorded one.
  package static func run(
    _ reader: RecordReader, waveform: OutputFile?
  ) throws -> (String, isSame: Bool) {
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
      wish: RealTimeThread.Wish(priority: 0, locksMemory: false), pace: .asleep,
      isRecording: false, fault: nil)
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
