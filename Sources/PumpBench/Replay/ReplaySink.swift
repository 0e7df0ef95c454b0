import PumpFiles
import PumpHAL
import PumpPlant
import PumpProfiles
import PumpReplay
import PumpReports
import PumpUnits

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
