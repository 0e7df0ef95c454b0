import ArgumentParser
import CAllocationCounter
import Foundation
import Histogram
import PumpDrive
import PumpFiles
import PumpHAL
import PumpLinux
import PumpMessages
import PumpPlant
import PumpProfiles
import PumpReplay
import PumpReports
import PumpScenarios
import PumpService
import PumpSession
import PumpTherapy
import PumpUnits

/// `itpump bench edges`: how late edges are at 1 kHz, beside loops that do nothing else.
struct EdgeBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edges",
    abstract: "Measure the lateness of edges at 1 kHz on this machine.",
    discussion: """
      The whole controller drives a simulated plant in real time, and the clock is read again right \
      before each step. It alternates with a bare C loop that wakes early and spins as it does, and \
      with cyclictest where that is installed; a machine's noise shows in all of them.
      """)

  @Option(
    help: .init("Each run's length, 1s to 600s; 10s if not given.", valueName: "time"),
    transform: SpanArgument.parse)
  var span = SpanArgument(TimeSpan(seconds: 10))

  @Option(help: .init("Rounds, 1 to 99; medians count.", valueName: "number"))
  var pairs = 5

  @Option(help: .init("Write the figures as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @OptionGroup(title: "Real time") var realTime: RealTimeOptions

  func validate() throws {
    guard (1...99).contains(pairs) else { throw ValidationError("--pairs: 1 to 99") }
    guard (TimeSpan(seconds: 1)...TimeSpan(seconds: 600)).contains(span.span) else {
      throw ValidationError("--span: 1s to 600s")
    }
  }

  /// One run's figures.
  struct Row: Encodable {
    var p50_ns: UInt64
    var p99_ns: UInt64
    var p999_ns: UInt64
    var worst_ns: UInt64
    var edges: UInt64
    var processor_share: Double?
    var allocations: UInt64?
  }

  struct Figures: Encodable {
    var controller: [Row] = []
    var bare_c_loop: [Row] = []
    var cyclictest: [Row] = []
    var denials: [String] = []
  }

  func run() throws {
    var figures = Figures()
    var bar = Console.Progress("measuring")
    for pair in 0..<pairs {
      let task = try EdgeTask(span.span, realTime)
      guard let thread = RealTimeThread.start(realTime.wish, task) else {
        throw ProjectFiles.Problem(description: "error: the system has no thread left")
      }
      thread.join()
      figures.controller.append(task.controller)
      figures.bare_c_loop.append(task.bare)
      figures.denials = task.denials
      if let row = Cyclictest.run(span.span, priority: realTime.priority) {
        figures.cyclictest.append(row)
      }
      bar.show(Double(pair + 1) / Double(pairs))
    }
    bar.finish()
    for denial in figures.denials { Console.note("warning: \(denial)") }
    if let json {
      let text = try JSONOutput.text(figures)
      if json == "-" { return try ProjectFiles.print(text) }
      try ProjectFiles.write(text, to: json)
    }
    try ProjectFiles.print(Self.table(figures))
  }

  private static func table(_ figures: Figures) -> String {
    var lines = [
      "  medians of the runs       p50        p99      p99.9      worst   processor   allocations"
    ]
    for (name, rows) in [
      ("controller", figures.controller), ("bare C loop", figures.bare_c_loop),
      ("cyclictest", figures.cyclictest),
    ] where !rows.isEmpty {
      func median(_ value: (Row) -> UInt64) -> String {
        let sorted = rows.map(value).sorted()
        return String(format: "%.2f µs", Double(sorted[sorted.count / 2]) / 1e3)
      }
      let shares = rows.compactMap(\.processor_share).sorted()
      let share = shares.isEmpty ? "-" : String(format: "%.1f %%", shares[shares.count / 2] * 100)
      let allocations = rows.compactMap(\.allocations).max().map { "\($0)" } ?? "-"
      lines.append(
        "  " + name.padding(toLength: 18, withPad: " ", startingAt: 0)
          + TextColumns.right(median(\.p50_ns), 10) + TextColumns.right(median(\.p99_ns), 10)
          + TextColumns.right(median(\.p999_ns), 10) + TextColumns.right(median(\.worst_ns), 10)
          + TextColumns.right(share, 11) + TextColumns.right(allocations, 13))
    }
    let ratios = zip(figures.controller, figures.bare_c_loop).map {
      Double($0.p99_ns) / Double(max(1, $1.p99_ns))
    }.sorted()
    lines.append(
      String(
        format: "  p99 beside the bare C loop's: %.2f (median of pairs)", ratios[ratios.count / 2]))
    return lines.joined(separator: "\n") + "\n"
  }
}

/// One round on a real-time thread: the controller, and the bare loop.
private final class EdgeTask: RealTimeTask, @unchecked Sendable {
  private(set) var controller = EdgeBench.Row(
    p50_ns: 0, p99_ns: 0, p999_ns: 0, worst_ns: 0, edges: 0)
  private(set) var bare = EdgeBench.Row(p50_ns: 0, p99_ns: 0, p999_ns: 0, worst_ns: 0, edges: 0)
  private(set) var denials: [String] = []
  private let span: TimeSpan
  private let realTime: RealTimeOptions
  private var loop: ControlLoop<RecordedHardware<TimedBench, RingSink>>?
  private let ring: RunRing

  init(_ span: TimeSpan, _ realTime: RealTimeOptions) throws {
    self.span = span
    self.realTime = realTime
    // Room for a tenth more steps than there should be.
    let capacity = Int(span.nanoseconds / 1_000_000) * 11 / 10 + 1_000
    let flow = try StepVolume.reference.flow(ofStepsPerSecond: 1_000)
    let plain = try StackBench.parts(flow)
    guard let ring = RunRing(slots: 1 << 20) else {
      throw ProjectFiles.Problem(description: "error: no memory for the telemetry ring")
    }
    self.ring = ring
    loop = ControlLoop(
      engine: plain.engine(),
      hardware: RecordedHardware(
        base: TimedBench(plain.bench, realTime.clock, capacity),
        sink: RingSink(ring.writer, isContiguous: false)))
  }

  func carryOut(without denials: [RealTimeThread.Denial]) {
    self.denials = denials.map(\.description)
    guard var loop = loop.take() else { return }
    loop.run(until: .epoch)
    guard (try? loop.engine.perform(.begin(isConfirmed: true), at: .epoch)) != nil else { return }
    // What the runtime makes lazily, once, is made in the first half second.
    loop.run(until: .epoch + TimeSpan(milliseconds: 500))
    loop.hardware.base.forget()
    let began = (allocation_count(), threadProcessorTime(), loop.hardware.readClock())
    let begin = Instant.epoch + TimeSpan(milliseconds: 500)
    var at = begin
    while at < begin + span {
      at = at + RunSlice.length
      loop.run(until: at)
      loop.readSensors()
      ring.writer.put(.status(RunStatus(loop.engine, at: at)))
    }
    let allocations = allocation_count() - began.0
    let processor = Double((threadProcessorTime() - began.1).nanoseconds)
    let elapsed = Double((loop.hardware.readClock() - began.2).nanoseconds)
    controller = Self.row(loop.hardware.base.lateness)
    controller.allocations = UInt64(allocations)
    controller.processor_share = processor / elapsed
    let cpu = threadProcessorTime()
    let count = Int(span.nanoseconds / 1_000_000)
    bare = Self.row(
      PacedClock.bareLoop(
        window: realTime.pace.window, period: TimeSpan(milliseconds: 1), count: count))
    bare.processor_share =
      Double((threadProcessorTime() - cpu).nanoseconds) / Double(span.nanoseconds)
  }

  static func row(_ lateness: some Collection<UInt64>) -> EdgeBench.Row {
    var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    for value in lateness { _ = histogram.record(value) }
    return EdgeBench.Row(
      p50_ns: histogram.valueAtPercentile(50), p99_ns: histogram.valueAtPercentile(99),
      p999_ns: histogram.valueAtPercentile(99.9), worst_ns: histogram.maxRecorded,
      edges: histogram.totalCount)
  }
}

/// A simulated bench in real time that notes how late each edge is.
private struct TimedBench: PumpHardware, ~Copyable {
  private var paced: PacedBench<SimulatedBench<DigestTrace>>
  private let clock: PacedClock
  private var deadline = Instant.epoch
  private var noted: [UInt64]
  private var count = 0

  init(
    _ bench: consuming SimulatedBench<DigestTrace>, _ clock: consuming PacedClock, _ capacity: Int
  ) {
    clock.restart(ahead: TimeSpan(milliseconds: 100))
    self.clock = clock.copy
    paced = PacedBench(base: bench, clock: clock)
    noted = [UInt64](repeating: 0, count: capacity)
  }

  var lateness: ArraySlice<UInt64> { noted[..<count] }

  mutating func forget() { count = 0 }

  mutating func readClock() -> Instant { paced.readClock() }

  mutating func wait(until deadline: Instant) -> Instant {
    self.deadline = deadline
    return paced.wait(until: deadline)
  }

  mutating func readWallClock() -> Int64 { paced.readWallClock() }

  mutating func set(_ line: DriverLine, _ level: LineLevel) throws(PlantFailure) {
    // Rises only: a fall comes right after its rise and would flatter the figures.
    if line == .step, level == .asserted, count < noted.count {
      noted[count] = clock.read().elapsed(since: deadline).nanoseconds
      count += 1
    }
    try paced.set(line, level)
  }

  mutating func readBack(_ line: DriverLine) throws(PlantFailure) -> LineLevel {
    try paced.readBack(line)
  }

  mutating func readSensors() throws(PlantFailure) -> SensorReadings { try paced.readSensors() }

  mutating func sound(_ tone: AlarmTone) throws(NoFault) { try paced.sound(tone) }

  mutating func kickWatchdog() throws(NoFault) { try paced.kickWatchdog() }
}

/// cyclictest of rt-tests, where it is installed.
private enum Cyclictest {
  /// Runs it at the same rate and priority.
  static func run(_ span: TimeSpan, priority: Int32) -> EdgeBench.Row? {
    let paths = ["/usr/bin/cyclictest", "/usr/sbin/cyclictest"]
    guard let path = paths.first(where: FileManager.default.isExecutableFile) else { return nil }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments =
      ["-q", "-t1", "-i1000", "-l\(span.nanoseconds / 1_000_000)", "-h10000", "-m"]
      + (priority > 0 ? ["-p\(priority)"] : [])
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    // Lines of "microseconds count"; everything else is a comment.
    var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(whereSeparator: \.isWhitespace)
      guard parts.count == 2, let late = UInt64(parts[0]), let count = UInt64(parts[1]) else {
        continue
      }
      if count > 0 { _ = histogram.record(late * 1_000, count: count) }
    }
    guard histogram.totalCount > 0 else { return nil }
    return EdgeBench.Row(
      p50_ns: histogram.valueAtPercentile(50), p99_ns: histogram.valueAtPercentile(99),
      p999_ns: histogram.valueAtPercentile(99.9), worst_ns: histogram.maxRecorded,
      edges: histogram.totalCount)
  }
}
