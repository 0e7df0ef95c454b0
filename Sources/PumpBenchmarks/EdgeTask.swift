import CAllocationCounter
import Histogram
import PumpDrive
import PumpFiles
package import PumpLinux
import PumpMessages
import PumpPlan
import PumpPlant
import PumpReplay
import PumpService
package import PumpUnits

/// How late the edges of one run were.
package struct EdgeRow: Encodable, Equatable {
  package var p50_ns: UInt64
  package var p99_ns: UInt64
  package var p999_ns: UInt64
  package var worst_ns: UInt64
  package var edges: UInt64
  package var processor_share: Double?
  package var allocations: UInt64?

  package static var empty: Self {
    Self(p50_ns: 0, p99_ns: 0, p999_ns: 0, worst_ns: 0, edges: 0)
  }

  package init(p50_ns: UInt64, p99_ns: UInt64, p999_ns: UInt64, worst_ns: UInt64, edges: UInt64) {
    self.p50_ns = p50_ns
    self.p99_ns = p99_ns
    self.p999_ns = p999_ns
    self.worst_ns = worst_ns
    self.edges = edges
  }

  init(_ histogram: Histogram<UInt64>) {
    self.init(
      p50_ns: histogram.valueAtPercentile(50), p99_ns: histogram.valueAtPercentile(99),
      p999_ns: histogram.valueAtPercentile(99.9), worst_ns: histogram.maxRecorded,
      edges: histogram.totalCount)
  }

  init(_ lateness: some Collection<UInt64>) {
    var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    for value in lateness { _ = histogram.record(value) }
    self.init(histogram)
  }
}

/// One run on a real-time thread: the whole controller drives a simulated plant at a constant rate, and the clock is
/// read again right before each step.
package final class EdgeTask: RealTimeTask, @unchecked Sendable {
  package private(set) var controller = EdgeRow.empty
  /// Steps that were due while it was measured and were not made.
  package private(set) var missed: UInt64 = 0
  /// A bare C loop that wakes early and spins as the controller does, if one was asked for.
  package private(set) var bare: EdgeRow?
  package private(set) var denials: [String] = []
  private let rate: UInt64
  private let span: TimeSpan
  private let pace: PacedClock.Pace
  private let withBareLoop: Bool
  private var loop: ControlLoop<RecordedHardware<TimedBench, RingSink>>?
  private let ring: RunRing

  /// - Parameters:
  ///   - rate: Steps a second, 1 to 20,000: the reference step's flow has no more room.
  ///   - span: How long it is measured, after half a second that is not.
  ///   - pace: How the thread waits.
  ///   - withBareLoop: Whether the bare loop runs after it.
  package init(rate: UInt64, span: TimeSpan, pace: PacedClock.Pace, withBareLoop: Bool) throws {
    self.rate = rate
    self.span = span
    self.pace = pace
    self.withBareLoop = withBareLoop
    // Room for a tenth more steps than there should be.
    let capacity = Int(span.nanoseconds / 1_000_000 * rate / 1_000) * 11 / 10 + 1_000
    let flow = try StepVolume.reference.flow(ofStepsPerSecond: rate)
    // The motor is faster than the flow by a quarter, or what a hold-up left would never be made up.
    let fastest = max(1_000, rate * 5 / 4)
    let plain = try StackBench.parts(flow, startRate: fastest, maximumRate: max(4_000, fastest))
    guard let ring = RunRing(slots: 1 << 20) else {
      throw ProjectFiles.Problem(description: "error: no memory for the telemetry ring")
    }
    self.ring = ring
    loop = ControlLoop(
      engine: plain.engine(),
      hardware: RecordedHardware(
        base: TimedBench(plain.bench, PacedClock(pace: pace), capacity),
        sink: RingSink(ring.writer, isContiguous: false)))
  }

  package func carryOut(without denials: [RealTimeThread.Denial]) {
    self.denials = denials.map(\.description)
    guard var loop = loop.take() else { return }
    loop.run(until: .epoch)
    guard (try? loop.engine.perform(.begin(isConfirmed: true), at: .epoch)) != nil else { return }
    // What the runtime makes lazily, once, is made in the first half second.
    let begin = Instant.epoch + TimeSpan(milliseconds: 500)
    loop.run(until: begin)
    loop.hardware.base.forget()
    let settled = loop.engine.ledger
    var plan = RatePlan(
      rate: rate, made: settled.planned - settled.owed,
      slices: span.nanoseconds / RunSlice.length.nanoseconds)
    let began = (allocation_count(), threadProcessorTime(), loop.hardware.readClock())
    var at = begin
    while at < begin + span {
      at = at + RunSlice.length
      loop.run(until: at)
      loop.readSensors()
      ring.writer.put(.status(RunStatus(loop.engine, at: at)))
      plan.note(
        edges: loop.hardware.base.rises.count, missed: loop.engine.ledger.missed - settled.missed)
    }
    let allocations = allocation_count() - began.0
    let processor = Double((threadProcessorTime() - began.1).nanoseconds)
    let elapsed = Double((loop.hardware.readClock() - began.2).nanoseconds)
    missed = loop.engine.ledger.missed - settled.missed
    controller = EdgeRow(plan.lateness(of: loop.hardware.base.rises))
    controller.allocations = UInt64(allocations)
    controller.processor_share = processor / elapsed
    guard withBareLoop else { return }
    let cpu = threadProcessorTime()
    let count = Int(span.nanoseconds / 1_000 * rate / 1_000_000)
    var row = EdgeRow(
      PacedClock.bareLoop(
        window: pace.window, period: TimeSpan(nanoseconds: 1_000_000_000 / rate), count: count))
    row.processor_share =
      Double((threadProcessorTime() - cpu).nanoseconds) / Double(span.nanoseconds)
    bare = row
  }
}
