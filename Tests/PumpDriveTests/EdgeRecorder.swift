import PumpHAL
import PumpPlant
import PumpUnits

/// Keeps every edge of a run, for tests that read them.
struct EdgeRecorder: EdgeTrace {
  struct Edge: Equatable {
    var line: BenchLine
    var isAsserted: Bool
    var at: UInt64
  }

  private(set) var edges: [Edge] = []
  private var digestTrace = DigestTrace()

  var digest: TraceDigest { digestTrace.digest }

  mutating func record(_ line: BenchLine, isAsserted: Bool, at instant: Instant) {
    digestTrace.record(line, isAsserted: isAsserted, at: instant)
    edges.append(Edge(line: line, isAsserted: isAsserted, at: instant.nanoseconds))
  }

  /// The instants at which a line changed to a level.
  func times(_ line: BenchLine, _ isAsserted: Bool) -> [UInt64] {
    edges.filter { $0.line == line && $0.isAsserted == isAsserted }.map(\.at)
  }
}

/// Holds a trace against a driver's timing table, edge by edge; it knows nothing of the sequencer.
enum TimingTable {
  /// The first edge that comes too soon; `nil` where all keep the table.
  static func violation(
    _ edges: [EdgeRecorder.Edge], stepHigh: UInt64, stepLow: UInt64, setUp: UInt64, hold: UInt64,
    wakeUp: UInt64, rated: UInt64
  ) -> String? {
    var last: [BenchLine: EdgeRecorder.Edge] = [:]
    var lastRise: UInt64?
    var energisedAt: UInt64?
    for edge in edges {
      defer { last[edge.line] = edge }
      switch (edge.line, edge.isAsserted) {
      case (.step, true):
        guard let energisedAt else { return "STEP at \(edge.at) while de-energised" }
        if edge.at < energisedAt + wakeUp { return "STEP at \(edge.at) before the driver woke" }
        if let fall = last[.step], edge.at < fall.at + stepLow {
          return "low too short: \(edge.at)"
        }
        if let turn = last[.direction], edge.at < turn.at + setUp {
          return "DIR set-up: \(edge.at)"
        }
        if let lastRise, edge.at < lastRise + rated { return "rated interval: \(edge.at)" }
        lastRise = edge.at
      case (.step, false):
        if let lastRise, edge.at < lastRise + stepHigh { return "high too short: \(edge.at)" }
      case (.direction, _):
        if let lastRise, edge.at < lastRise + hold { return "DIR hold: \(edge.at)" }
      case (.enable, let isOn):
        if !isOn, let lastRise, edge.at < lastRise + hold { return "ENABLE hold: \(edge.at)" }
        energisedAt = isOn ? edge.at : nil
      default: break
      }
    }
    return nil
  }
}
