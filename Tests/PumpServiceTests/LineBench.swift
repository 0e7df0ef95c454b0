import PumpHAL
import PumpLinux
import PumpMessages
import PumpUnits

@testable import PumpService

/// What a bench's lines read, and what was done to them.
final class BenchLines {
  var readings: SensorReadings? = SensorReadings(indexPulses: 0)
  var glitches: UInt64 = 0
  var trouble: LinuxBench.Trouble?
  var isHeld = false
  var fault: LineFault?
  var sounds = 0
  /// Kicks of what watches the supervisor itself, and whether they fail.
  var systemKicks = 0
  var failsToKickSystem = false
  var failsToHold = false
}

struct LineBench: GuardBench {
  let lines: BenchLines

  var isHeld: Bool { lines.isHeld }
  var trouble: LinuxBench.Trouble? { lines.trouble }
  var isChattering: Bool { false }
  var glitches: UInt64 { lines.glitches }
  var mayMoveFrom: Instant { .epoch }

  mutating func follow(_ level: LineLevel) throws(LineFault) -> LineLevel { level }
  mutating func tend(at now: Instant) {}
  mutating func kickSystem() throws(LineFault) {
    lines.systemKicks += 1
    if lines.failsToKickSystem { throw LineFault(number: 5) }
  }
  mutating func holdEnable(_ isHeld: Bool) throws(LineFault) {
    if lines.failsToHold { throw LineFault(number: 5) }
    lines.isHeld = isHeld
  }
  mutating func prove(_ part: SelfTestPart) -> SelfTestProof { .passed }
  mutating func readIndex() throws(LineFault) -> UInt64? { nil }
  mutating func readWallClock() -> Int64 { 0 }
  mutating func sound(_ tone: AlarmTone) throws(LineFault) {
    lines.sounds += 1
    if let fault = lines.fault { throw fault }
  }
  mutating func kickWatchdog() throws(LineFault) {
    if let fault = lines.fault { throw fault }
  }

  mutating func readSensors() throws(LineFault) -> SensorReadings {
    guard let readings = lines.readings else { throw LineFault(number: 5) }
    return readings
  }
}
