import CPumpGPIO
import Glibc
public import PumpHAL
import PumpUnits

/// A call on a claimed line that failed.
public struct LineFault: HardwareFault, Equatable, BitwiseCopyable {
  /// The system's error number.
  public let number: Int32

  public init(number: Int32) { self.number = number }

  /// A chip that is gone stays gone; an error of the bus behind it leaves the level unknown.
  public var kind: FaultKind {
    switch number {
    case ENODEV, ENXIO, EBADF: .deviceLost
    case EINVAL, EPERM, EACCES, EBUSY, ENOMEM, EFAULT, EINTR, ENOTSUP: .notDelivered
    default: .deliveryUncertain
    }
  }
}

extension LineFault: CustomStringConvertible {
  /// Why, and what to do.
  public var description: String { GPIOFailure.describe(number) }
}

/// An output line that this process holds; released while nothing has set it.
public struct OutputLine: ~Copyable {
  private let line: OpaquePointer

  /// Claims a line; it is released from the first moment.
  ///
  /// - Throws: `GPIOFailure`.
  public init(_ request: LineRequest, on chip: GPIOChip) throws(GPIOFailure) {
    var opened: OpaquePointer?
    var raw = request.raw(watches: false)
    let status = pump_gpio_output_open(chip.path, &raw, "itpump", &opened)
    guard status == 0, let opened else { throw request.failure(status, on: chip) }
    line = opened
  }

  /// Sets the line's level in one system call.
  public func set(_ level: LineLevel) throws(LineFault) {
    let status = pump_gpio_output_set(line, Int32(level.rawValue))
    guard status == 0 else { throw LineFault(number: -status) }
  }

  /// Toggles the line in a bare C loop, for measuring what a write from here costs.
  public func toggleInC(times count: UInt64) throws(LineFault) {
    let status = pump_gpio_output_toggle(line, count)
    guard status == 0 else { throw LineFault(number: -status) }
  }

  /// Reads back the level that the chip has.
  public func read() throws(LineFault) -> LineLevel {
    let status = pump_gpio_output_get(line)
    guard status >= 0 else { throw LineFault(number: -status) }
    return status == 0 ? .released : .asserted
  }

  deinit { pump_gpio_output_close(line) }
}

/// An input line that this process holds, with the edges that the kernel collects on it.
public struct InputLine: ~Copyable {
  private let line: OpaquePointer

  /// Claims a line and watches its edges.
  ///
  /// - Throws: `GPIOFailure`.
  public init(_ request: LineRequest, on chip: GPIOChip) throws(GPIOFailure) {
    var opened: OpaquePointer?
    var raw = request.raw(watches: true)
    let status = pump_gpio_input_open(chip.path, &raw, "itpump", &opened)
    guard status == 0, let opened else { throw request.failure(status, on: chip) }
    line = opened
  }

  /// Reads the level.
  public func read() throws(LineFault) -> LineLevel {
    let status = pump_gpio_input_get(line)
    guard status >= 0 else { throw LineFault(number: -status) }
    return status == 0 ? .released : .asserted
  }

  /// Counts the pulses since it was last asked, as a filter knows them.
  ///
  /// Where the kernel lost edges its buffer was too short for them: whatever they were, they were no pulses of
  /// a head that turns slowly, and count as glitches.
  ///
  /// - Parameters:
  ///   - filter: Told every edge, and the level.
  ///   - lost: Counts lost edges.
  public func takePulses(_ filter: inout PulseFilter, lost: inout UInt64) throws(LineFault)
    -> UInt64
  {
    var count: UInt64 = 0
    var edge = pump_gpio_edge()
    // A line that never rests must not hold up the loop: what is left is taken the next time.
    for _ in 0..<64 {
      let status = pump_gpio_input_edge(line, &edge)
      guard status >= 0 else { throw LineFault(number: -status) }
      guard status > 0 else {
        // All that happened by now is known: only now does the level say how long it has lasted.
        let isAsserted = try read() == .asserted
        let now = Instant(nanoseconds: monotonicNanoseconds())
        return count + (filter.look(isAsserted: isAsserted, at: now) ? 1 : 0)
      }
      lost += UInt64(edge.lost)
      let isPulse = filter.take(
        isAsserted: edge.is_rise != 0, at: Instant(nanoseconds: edge.monotonic_ns))
      count += isPulse ? 1 : 0
    }
    return count
  }

  deinit { pump_gpio_input_close(line) }
}
