public import PumpHAL
import PumpUnits

/// What every backend of `PumpHardware` promises, tried on one; the motor is never stepped while it
/// is energised.
///
/// The same checks run on the simulator, on the simulator in real time, and on the lines of a chip.
public struct HardwareConformance: Sendable {
  /// A promise that was not kept.
  public struct Violation: Equatable, Sendable, CustomStringConvertible {
    /// The protocol that makes the promise.
    public var promise: String
    public var description: String
  }

  /// Promises that were kept.
  public private(set) var kept: [String] = []
  /// Promises that were not.
  public private(set) var violations: [Violation] = []

  public init() {}

  /// Tries everything on a bench whose motor is de-energised.
  ///
  /// - Parameter hardware: Left with all its driver lines released.
  public mutating func check<Hardware: PumpHardware & ~Copyable>(_ hardware: inout Hardware) {
    clock(&hardware)
    wallClock(&hardware)
    driverLines(&hardware)
    sensors(&hardware)
    annunciator(&hardware)
    watchdog(&hardware)
    for line in DriverLine.allCases { try? hardware.set(line, .released) }
  }

  private mutating func expect(_ isKept: Bool, _ promise: String, _ what: String) {
    if isKept {
      kept.append("\(promise): \(what)")
    } else {
      violations.append(Violation(promise: promise, description: what))
    }
  }

  private mutating func clock<Hardware: PumpHardware & ~Copyable>(_ hardware: inout Hardware) {
    let promise = "PumpClock"
    var last = hardware.readClock()
    var isMonotonic = true
    for _ in 0..<100 {
      let now = hardware.readClock()
      isMonotonic = isMonotonic && now >= last
      last = now
    }
    expect(isMonotonic, promise, "reading never goes back")
    var isEarly = false
    var isConsistent = true
    for microseconds: UInt64 in [0, 1, 20, 300, 5_000] {
      let deadline = hardware.readClock() + TimeSpan(microseconds: microseconds)
      let woke = hardware.wait(until: deadline)
      isEarly = isEarly || woke < deadline
      isConsistent = isConsistent && hardware.readClock() >= woke
    }
    expect(!isEarly, promise, "waiting never returns early")
    expect(isConsistent, promise, "reading after waiting is not earlier than the wake-up")
    let before = hardware.readClock()
    let woke = hardware.wait(until: .epoch)
    expect(woke >= before, promise, "waiting for the past returns the present")
  }

  private mutating func wallClock<Hardware: PumpHardware & ~Copyable>(_ hardware: inout Hardware) {
    let first = hardware.readWallClock()
    _ = hardware.wait(until: hardware.readClock() + TimeSpan(milliseconds: 20))
    let passed = hardware.readWallClock() - first
    expect((0...1).contains(passed), "WallClock", "it moves with the elapsed time")
  }

  private mutating func driverLines<Hardware: PumpHardware & ~Copyable>(_ hardware: inout Hardware)
  {
    let promise = "DriverLines"
    // ENABLE last: STEP and DIR move while the motor is de-energised.
    for line in [DriverLine.direction, .step, .enable] {
      for level in [LineLevel.asserted, .asserted, .released, .released] {
        do throws(Hardware.Failure) {
          try hardware.set(line, level)
          let read = try hardware.readBack(line)
          expect(read == level, promise, "\(line) reads back as it was set, \(level)")
        } catch {
          expect(false, promise, "\(line) can be set to \(level) and read back")
        }
      }
    }
  }

  private mutating func sensors<Hardware: PumpHardware & ~Copyable>(_ hardware: inout Hardware) {
    let promise = "PumpSensors"
    do throws(Hardware.SensorFailure) {
      let first = try hardware.readSensors()
      _ = hardware.wait(until: hardware.readClock() + TimeSpan(milliseconds: 20))
      let second = try hardware.readSensors()
      expect(
        second.indexPulses == first.indexPulses, promise,
        "a motor at rest makes no index pulse")
      expect(!second.driverFault, promise, "an idle driver reports no fault")
    } catch {
      expect(false, promise, "the sensors can be read")
    }
  }

  private mutating func annunciator<Hardware: PumpHardware & ~Copyable>(_ hardware: inout Hardware)
  {
    let promise = "Annunciator"
    for tone in [AlarmTone.single, .double, .single] {
      do throws(Hardware.AnnunciatorFailure) {
        let before = hardware.readClock()
        try hardware.sound(tone)
        let spent = hardware.readClock().elapsed(since: before)
        expect(
          spent < tone.length, promise, "a \(tone) tone starts, and sounding returns before it ends"
        )
      } catch {
        expect(false, promise, "a \(tone) tone can be sounded")
      }
    }
    let end = hardware.readClock() + AlarmTone.double.length
    expect(hardware.wait(until: end) >= end, promise, "waiting goes on while it sounds")
  }

  private mutating func watchdog<Hardware: PumpHardware & ~Copyable>(_ hardware: inout Hardware) {
    for _ in 0..<3 {
      do throws(Hardware.WatchdogFailure) {
        try hardware.kickWatchdog()
        expect(true, "WatchdogTimer", "it can be kicked")
      } catch {
        expect(false, "WatchdogTimer", "it can be kicked")
      }
    }
  }
}
