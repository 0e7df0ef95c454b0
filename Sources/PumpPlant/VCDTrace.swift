public import PumpHAL
public import PumpUnits

/// A trace as a Value Change Dump (IEEE 1364-2005, clause 18), one wire a line.
///
/// The time scale is 1 ns and the wires have the names of the board file. A wire shows the voltage:
/// an active-low line is 0 while it is asserted.
public struct VCDTrace: EdgeTrace {
  private var digestTrace = DigestTrace()
  private var buffer: [UInt8] = []
  private var lastInstant: Instant?
  private let activeLow: Set<BenchLine>
  private let write: ([UInt8]) -> Void

  /// Begins a dump, all lines released.
  ///
  /// - Parameters:
  ///   - names: Each line's wire name; lines without one are left out.
  ///   - activeLow: The lines that are low while asserted.
  ///   - write: Takes the bytes, a block at a time; the last block when `finish` is called.
  public init(
    names: [BenchLine: String], activeLow: Set<BenchLine>, write: @escaping ([UInt8]) -> Void
  ) {
    self.activeLow = activeLow
    self.write = write
    put("$comment itpump simulator: bench equipment, not for human use $end\n")
    put("$timescale 1 ns $end\n$scope module bench $end\n")
    for line in BenchLine.allCases {
      guard let name = names[line] else { continue }
      put("$var wire 1 \(Self.code(line)) \(name) $end\n")
      named.insert(line)
    }
    put("$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n")
    for line in BenchLine.allCases where named.contains(line) { put(line, isAsserted: false) }
    put("$end\n")
    lastInstant = .epoch
  }

  private var named: Set<BenchLine> = []

  public var digest: TraceDigest { digestTrace.digest }

  public mutating func record(_ line: BenchLine, isAsserted: Bool, at instant: Instant) {
    digestTrace.record(line, isAsserted: isAsserted, at: instant)
    guard named.contains(line) else { return }
    if lastInstant != instant {
      put("#\(instant.nanoseconds)\n")
      lastInstant = instant
    }
    put(line, isAsserted: isAsserted)
    if buffer.count >= 1 << 16 { flush() }
  }

  /// Writes the dump's end.
  ///
  /// - Parameter end: The last instant it covers.
  public mutating func finish(at end: Instant) {
    if lastInstant != end { put("#\(end.nanoseconds)\n") }
    flush()
  }

  private mutating func put(_ line: BenchLine, isAsserted: Bool) {
    let isHigh = isAsserted != activeLow.contains(line)
    put("\(isHigh ? 1 : 0)\(Self.code(line))\n")
  }

  private mutating func put(_ text: String) { buffer.append(contentsOf: text.utf8) }

  private mutating func flush() {
    write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  /// The dump's one-character identifier of a line.
  private static func code(_ line: BenchLine) -> Character {
    Character(Unicode.Scalar(0x21 + line.rawValue))
  }
}
