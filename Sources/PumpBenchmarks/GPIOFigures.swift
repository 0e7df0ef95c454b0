import Foundation
import PumpHAL
package import PumpLinux
import PumpUnits

/// What a write of the STEP line costs, beside a bare loop in C.
package struct GPIOFigures: Encodable {
  private let library = GPIOChip.library
  private let writes: UInt64
  private var swift_ns_per_write: [Double] = []
  private var c_ns_per_write: [Double] = []
  private var ratios: [Double] = []
  private var median_ratio = 0.0

  /// Measures on a board's STEP line.
  ///
  /// - Parameters:
  ///   - writes: Writes a loop.
  ///   - pairs: Pairs of loops; the median counts.
  /// - Throws: `GPIOFailure`, `LineFault`.
  package init(
    writes: UInt64, pairs: Int, step: LineRequest, enable: LineRequest, on chip: GPIOChip
  ) throws {
    self.writes = writes
    // Held, so that nothing else can energise the motor meanwhile.
    let held = try OutputLine(enable, on: chip)
    let line = try OutputLine(step, on: chip)
    _ = try Self.measure { try line.toggleInC(times: 100) }
    for _ in 0..<pairs {
      let (swift, c) = try Self.alternate(line, writes)
      swift_ns_per_write.append(swift)
      c_ns_per_write.append(c)
      ratios.append(swift / c)
    }
    try line.set(.released)
    try held.set(.released)
    median_ratio = ratios.sorted()[pairs / 2]
  }

  /// A pair of loops in slices that alternate, so that a machine's drift meets both alike.
  ///
  /// - Returns: Nanoseconds a write.
  private static func alternate(
    _ line: borrowing OutputLine, _ writes: UInt64
  ) throws -> (swift: Double, c: Double) {
    let slices: UInt64 = 20
    var (swift, c) = (TimeSpan.zero, TimeSpan.zero)
    for slice in 0..<slices {
      if slice % 2 == 0 { swift += try measure { try toggle(line, writes / slices) } }
      c += try measure { try line.toggleInC(times: writes / slices) }
      if slice % 2 == 1 { swift += try measure { try toggle(line, writes / slices) } }
    }
    let made = Double(writes / slices * slices)
    return (Double(swift.nanoseconds) / made, Double(c.nanoseconds) / made)
  }

  private static func toggle(_ line: borrowing OutputLine, _ count: UInt64) throws(LineFault) {
    for number in 0..<count { try line.set(number & 1 == 1 ? .asserted : .released) }
  }

  private static func measure(_ work: () throws -> Void) throws -> TimeSpan {
    let clock = PacedClock(pace: .asleep)
    let began = clock.read()
    try work()
    return clock.read() - began
  }

  /// For people.
  package var table: String {
    func median(_ values: [Double]) -> String {
      String(format: "%.0f ns", values.sorted()[values.count / 2])
    }
    return "\(library), \(writes) writes, \(ratios.count) pairs\n"
      + "  from Swift   \(median(swift_ns_per_write))\n"
      + "  bare C loop  \(median(c_ns_per_write))\n"
      + String(format: "  ratio        %.3f\n", median_ratio)
  }
}
