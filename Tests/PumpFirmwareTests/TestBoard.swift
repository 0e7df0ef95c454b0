import PumpHAL
import PumpUnits

@testable import PumpFirmware

/// A board in virtual time.
///
/// Its clock goes on by a microsecond each time that it is read, and to the next interrupt when it sleeps. The drive's
/// interrupt comes wherever the main loop lets it.
enum TestBoard: Board {
  struct World {
    var nanoseconds: UInt64 = 0
    var lines = [Bool](repeating: false, count: 16)
    var attached: UnsafeMutableRawPointer?
    var armedAt = UInt64.max
    var wakeAt = UInt64.max
    var isMasked = false
    var isServing = false
    var said: [UInt8] = []
    var heard: [UInt8] = []
    var kickedAt: UInt64 = 0
    /// STEP rises that moved the motor.
    var steps = 0
    /// Whether the driver is without power whatever ENABLE says: the head does not turn.
    var isUnpowered = false
  }

  nonisolated(unsafe) static var world = World()
  nonisolated(unsafe) static let flash = memory(3 * 2_048 + 2 * 16 * Int(journalSlots))
  nonisolated(unsafe) static let retained = memory(8)

  private static func memory(_ words: Int) -> UnsafeMutablePointer<UInt64> {
    let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
    memory.initialize(repeating: 0, count: words)
    return memory
  }

  /// A new board, or one that begins again with what outlives that.
  static func begin(keepsFlash: Bool, keepsRetained: Bool) {
    world = World()
    if !keepsFlash {
      flash.update(repeating: 0, count: 3 * 2_048 + 2 * 16 * Int(journalSlots))
    }
    if !keepsRetained { retained.update(repeating: 0, count: 8) }
  }

  private static func interrupt() {
    guard !world.isMasked, !world.isServing, let attached = world.attached,
      world.nanoseconds >= world.armedAt
    else { return }
    world.isServing = true
    world.armedAt = .max
    attached.assumingMemoryBound(to: DriveSide<TestBoard>.self).pointee.serve()
    world.isServing = false
  }

  static var name: StaticString { "test" }

  static func now() -> TimeSpan {
    world.nanoseconds += 1_000
    return TimeSpan(nanoseconds: world.nanoseconds)
  }

  static func secondClock() -> TimeSpan { now() }

  static func set(_ line: BenchLine, _ isAsserted: Bool) {
    let isRise = line == .step && isAsserted && !world.lines[Int(line.rawValue)]
    world.lines[Int(line.rawValue)] = isAsserted
    if isRise, readBack(.enable) { world.steps += 1 }
  }

  static func readBack(_ line: BenchLine) -> Bool {
    world.lines[Int(line.rawValue)] && !(line == .enable && world.isUnpowered)
  }

  static func attach(_ drive: UnsafeMutableRawPointer?) { world.attached = drive }
  static func arm(at time: TimeSpan) { world.armedAt = time.nanoseconds }
  static func armWake(at time: TimeSpan) { world.wakeAt = time.nanoseconds }
  static func mask() { world.isMasked = true }

  static func unmask() {
    world.isMasked = false
    interrupt()
  }

  static var longestTouch: TimeSpan { TimeSpan(microseconds: 100) }
  static var longestSleep: TimeSpan { TimeSpan(milliseconds: 500) }

  static func sleep() {
    let next = min(world.attached == nil ? .max : world.armedAt, world.wakeAt)
    world.nanoseconds = max(world.nanoseconds, next)
  }

  static func kickWatchdog() { world.kickedAt = world.nanoseconds }

  static func watchdogLeft() -> UInt32 {
    UInt32(clamping: 10_000_000_000 - min(10_000_000_000, world.nanoseconds - world.kickedAt))
  }

  static func transmit(_ byte: UInt8) { world.said.append(byte) }
  static var hasReceived: Bool { !world.heard.isEmpty }

  static func receive() -> UInt8? {
    world.heard.isEmpty ? nil : world.heard.removeFirst()
  }

  static var journalSlots: UInt64 { 2_048 }
  static var mostEntries: Int { 64 }
  static func stackUsed() -> UInt32 { 0 }
}
