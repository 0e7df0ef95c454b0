import PumpHAL
package import PumpPlant
package import PumpReplay
import PumpUnits

/// A digest of everything that a run did to its hardware, with when: two runs with the same one did
/// the same.
package struct ActionDigest {
  private var trace = DigestTrace()
  private var now = Instant.epoch

  package init() {}

  package var value: TraceDigest { trace.digest }

  package mutating func take(_ call: HardwareCall) {
    switch call {
    case .waited(_, let woke), .readClock(let woke): now = woke
    case .set(let line, let level, _):
      trace.record(line.benchLine, isAsserted: level == .asserted, at: now)
    case .sounded(let tone, _): trace.record(.buzzer, isAsserted: tone == .double, at: now)
    case .kickedWatchdog: trace.record(.watchdogKick, isAsserted: true, at: now)
    case .readBack, .readSensors, .sensorsFailed, .readWallClock, .hadNews: break
    }
  }
}
