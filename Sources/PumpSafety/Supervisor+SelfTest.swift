public import PumpHAL
import PumpMessages
import PumpTherapy
public import PumpUnits

/// Where the self-test stands.
struct SelfTest: BitwiseCopyable {
  /// The part that is tried now; `nil` between two rounds.
  var part: SelfTestPart?
  var began: Instant
  /// When the next round is due.
  var nextAt: Instant
  /// Whether a part of this round failed.
  var hasFailed = false
  /// Whether any round has been completed.
  var isProven = false
}

extension Supervisor {
  /// Whether a round of the self-test runs: no bolus may begin.
  public var isTesting: Bool { selfTest.part != nil || !selfTest.isProven }

  /// Begins a round where one is due, and says which part is to be tried.
  ///
  /// A round waits for a bolus that runs, ran lately or begins soon.
  mutating func nextPart(at now: Instant) -> SelfTestPart? {
    if let part = selfTest.part { return now >= selfTest.nextAt ? part : nil }
    let limit = settings.selfTestLimit
    guard now >= selfTest.nextAt else { return nil }
    guard !allowance.isBolusNear(now), !allowance.isBolusNear(now + limit) else {
      selfTest.nextAt = now + limit
      return nil
    }
    selfTest.part = SelfTestPart.allCases.first
    selfTest.began = now
    selfTest.hasFailed = false
    return selfTest.part
  }

  /// Takes what trying a part gave, in answer to `SupervisorAction.test`.
  public mutating func tested(_ part: SelfTestPart, _ proof: SelfTestProof, at now: Instant) {
    guard selfTest.part == part else { return }
    var proof = proof
    var isMemoryDamaged = false
    if part == .profile, proof != .pending {
      if report.prescriptionSum == 0, !isResting {
        proof = .pending
      } else {
        isMemoryDamaged = isPrescriptionDamaged
      }
    }
    let isOver = now.elapsed(since: selfTest.began) >= settings.selfTestLimit
    guard proof != .pending || isOver else {
      selfTest.nextAt = now + settings.poll
      return
    }
    let hasPassed = proof == .passed && !isMemoryDamaged
    // A later round that is good costs one record.
    if !hasPassed || !selfTest.isProven || part == SelfTestPart.allCases.last {
      log(.tested(part, passed: hasPassed), at: now)
    }
    if !hasPassed { failed(part, isMemoryDamaged, hasCopy: proof == .passed, at: now) }
    if part == .watchdog, hasPassed { causeGone(.watchdogUnproven, at: now) }
    selfTest.hasFailed = selfTest.hasFailed || !hasPassed
    endPart(part, at: now)
  }

  private mutating func endPart(_ part: SelfTestPart, at now: Instant) {
    if let next = SelfTestPart(rawValue: part.rawValue + 1) {
      selfTest.part = next
      selfTest.nextAt = now
      return
    }
    selfTest.part = nil
    selfTest.isProven = true
    selfTest.nextAt = now + settings.selfTestInterval
    if !selfTest.hasFailed { causeGone(.selfTestFailed, at: now) }
  }

  /// Both channels' prescriptions against the checksums that they had when they were loaded.
  private var isPrescriptionDamaged: Bool {
    let isOwnDamaged = prescription.checksum != prescriptionSum
    let isDrivesDamaged = report.prescriptionSum != 0 && report.prescriptionSum != prescriptionSum
    return isOwnDamaged || isDrivesDamaged
  }

  /// What a failed part means for delivery.
  private mutating func failed(
    _ part: SelfTestPart, _ isMemoryDamaged: Bool, hasCopy: Bool, at now: Instant
  ) {
    switch part {
    // Nothing can take the motor's power any more, or no rate is what it seems: stop while ENABLE may
    // still work.
    case .enable, .clock:
      // A pump that is cut already says it all the same.
      raise(.selfTestFailed, at: now)
      cut(.selfTestFailed, at: now)
      return
    case .profile:
      guard isMemoryDamaged else { break }
      guard hasCopy else { return cut(.profileDamaged, at: now) }
      raise(.profileDamaged, at: now)
      pendingFallBack = true
    case .watchdog: return raise(.watchdogUnproven, at: now)
    case .journal, .index, .alarm: break
    }
    raise(.selfTestFailed, at: now)
  }
}
