import PumpDrive
import PumpHAL
import PumpUnits

extension InterruptDrive: GuardHardware {
  typealias GuardFailure = NoFault
  typealias SensorFailure = NoFault
  typealias AnnunciatorFailure = NoFault
  typealias WatchdogFailure = NoFault

  /// Takes ENABLE, or lets the drive have it again.
  mutating func holdEnable(_ isHeld: Bool) throws(NoFault) {
    B.mask()
    side.pointee.loop.hardware.isEnableHeld = isHeld
    if isHeld { B.set(.enable, false) }
    heldCount = side.pointee.loop.hardware.steps
    B.unmask()
  }

  /// Leaves the lines as a pump at rest has them.
  mutating func rest() {
    try? holdEnable(true)
    B.set(.buzzer, false)
  }

  var mayMoveFrom: Instant { now }

  mutating func readIndex() throws(NoFault) -> UInt64? {
    withDrive {
      $0.loop.hardware.head.pulses(
        isEnergised: B.readBack(.enable), at: $0.loop.hardware.present)
    }
  }

  mutating func readSensors() throws(NoFault) -> SensorReadings {
    let readings = withDrive { try? $0.loop.hardware.readSensors() }
    return readings ?? SensorReadings()
  }

  mutating func readWallClock() -> Int64 { side.pointee.loop.hardware.wallSeconds }

  mutating func sound(_ tone: AlarmTone) throws(NoFault) {
    B.set(.buzzer, true)
    buzzesUntil = now + tone.length
  }

  mutating func endSound(at now: Instant) {
    guard let end = buzzesUntil, now >= end else { return }
    B.set(.buzzer, false)
    buzzesUntil = nil
  }

  mutating func kickWatchdog() throws(NoFault) {
    B.set(.watchdogKick, !B.readBack(.watchdogKick))
  }

  mutating func prove(_ part: SelfTestPart) -> SelfTestProof {
    switch part {
    case .journal, .profile, .index: return .passed
    case .enable:
      // De-energised or not, the register says what the drive set last.
      let isEnergised = withDrive { side in
        (try? side.loop.hardware.readBack(.enable)) == .asserted
      }
      return isEnergised && side.pointee.loop.hardware.isEnableHeld ? .failed : .passed
    case .watchdog:
      guard let before = watchdogProof else {
        watchdogProof = B.watchdogLeft()
        return .pending
      }
      watchdogProof = nil
      return B.watchdogLeft() != before ? .passed : .failed
    case .alarm:
      // Not a sound is made in the time that it takes.
      let was = B.readBack(.buzzer)
      B.set(.buzzer, !was)
      let follows = B.readBack(.buzzer) != was
      B.set(.buzzer, was)
      return follows ? .passed : .failed
    case .clock: return clocksAgree()
    }
  }

  /// The clock against the second one, over 40 ms and more: they may differ by 1 in 200.
  private mutating func clocksAgree() -> SelfTestProof {
    let present = (first: B.now(), second: B.secondClock())
    guard let before = clockProof else {
      clockProof = present
      return .pending
    }
    let first = present.first.lessening(by: before.first)
    let second = present.second.lessening(by: before.second)
    guard first >= TimeSpan(milliseconds: 40) else { return .pending }
    clockProof = nil
    let difference = max(first, second) - min(first, second)
    return difference.nanoseconds <= first.nanoseconds / 200 ? .passed : .failed
  }
}
