import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits

extension Session {
  /// The pump's clock.
  var now: Instant { drive.pointee.loop.hardware.real }

  var wallSeconds: Int64 { drive.pointee.loop.hardware.wallSeconds }

  /// Lets the supervisor look at the drive, and does what it wants.
  mutating func supervise(_ journal: inout Journal<FlashStore>) {
    endSound(at: now)
    readFaultLine(at: now)
    var report = withDrive { side in
      var report = side.loop.engine.report(beat: side.beats, at: side.loop.hardware.present)
      report.lineCount = side.loop.hardware.steps
      return report
    }
    // Only now: the drive made steps while it was waited for, and what they are held against is what is
    // allowed by the time that they were counted.
    let now = self.now
    if let lie { report = lie.told(report) }
    // Nothing changes what the drive runs but what this loop asks it to.
    if supervisor.isTesting {
      report.prescriptionSum = drive.pointee.loop.engine.prescription.checksum
    }
    let pulses = withDrive {
      $0.loop.hardware.head.pulses(isEnergised: B.readBack(.enable), at: now)
    }
    while let action = supervisor.turn(at: now, report, pulses: pulses) {
      perform(action, &journal, at: now)
    }
    journalEvents(&journal)
    RetainedClock<B>.keep(now, wallOffset: drive.pointee.loop.hardware.wallOffset)
    lookAt = min(now + supervisor.settings.poll, supervisor.deadline)
  }

  private mutating func perform(
    _ action: SupervisorAction, _ journal: inout Journal<FlashStore>, at now: Instant
  ) {
    switch action {
    case .grant(let counts, let upTo, let until):
      grant(counts, upTo, until, &journal, at: now)
    case .cut(let alarm, let count):
      hold(true)
      withDrive { $0.loop.engine.stop(because: alarm, at: $0.loop.hardware.present, beyond: count) }
    case .hold(let isHeld):
      hold(isHeld)
      let count = isHeld ? drive.pointee.loop.hardware.steps : nil
      withDrive { $0.loop.engine.hold(isHeld, at: $0.loop.hardware.present, beyond: count) }
    case .doubt(let steps):
      withDrive { $0.loop.engine.doubt(steps, at: $0.loop.hardware.present) }
    case .fallBack(let flow):
      withDrive { $0.loop.engine.fallBack(to: flow, at: $0.loop.hardware.present) }
      supervisor.fellBack(to: flow, at: now)
    case .test(let part): supervisor.tested(part, proof(of: part, &journal), at: now)
    case .sound(let tone):
      B.set(.buzzer, true)
      buzzesUntil = now + tone.length
    case .kick: B.set(.watchdogKick, !B.readBack(.watchdogKick))
    case .readSensors:
      let readings = withDrive { try? $0.loop.hardware.readSensors() }
      if let readings { supervisor.observe(readings, at: now) }
    }
  }

  /// Takes ENABLE, or lets the drive have it again.
  private func hold(_ isHeld: Bool) {
    B.mask()
    drive.pointee.loop.hardware.isEnableHeld = isHeld
    if isHeld { B.set(.enable, false) }
    B.unmask()
  }

  private mutating func grant(
    _ counts: StepCounts, _ upTo: UInt64, _ until: Instant, _ journal: inout Journal<FlashStore>,
    at now: Instant
  ) {
    guard lie != .deaf || grantsGiven == 0 else { return supervisor.grantFailed(at: now) }
    guard
      let grant = try? journal.grant(
        counts, upTo: upTo, until: until, at: now, wallSeconds: wallSeconds)
    else {
      note(isJournaling: false, at: now)
      return supervisor.grantFailed(at: now)
    }
    note(isJournaling: true, at: now)
    supervisor.grantTaken()
    grantsGiven += 1
    let heard = lie?.heard(grant) ?? grant
    withDrive { $0.loop.engine.accept(heard, at: $0.loop.hardware.present) }
  }

  /// A fault line can't wait for the drive's own round.
  private mutating func readFaultLine(at now: Instant) {
    let isAsserted = drive.pointee.loop.hardware.head.isFaultAsserted(at: now)
    guard isAsserted != wasFaultAsserted else { return }
    wasFaultAsserted = isAsserted
    withDrive { side in
      side.loop.hardware.reckoned = side.loop.hardware.present
      side.loop.readSensors()
    }
  }

  private mutating func endSound(at now: Instant) {
    guard let end = buzzesUntil, now >= end else { return }
    B.set(.buzzer, false)
    buzzesUntil = nil
  }

  private mutating func proof(of part: SelfTestPart, _ journal: inout Journal<FlashStore>)
    -> SelfTestProof
  {
    switch part {
    case .journal: return journal.readsBack() ? .passed : .failed
    case .profile: return FlashLayout<B>.hasTwoImages ? .passed : .failed
    case .enable:
      // De-energised or not, the register says what the drive set last.
      let isEnergised = withDrive { side in
        (try? side.loop.hardware.readBack(.enable)) == .asserted
      }
      return isEnergised && drive.pointee.loop.hardware.isEnableHeld ? .failed : .passed
    case .watchdog:
      guard let before = watchdogProof else {
        watchdogProof = B.watchdogLeft()
        return .pending
      }
      watchdogProof = nil
      return B.watchdogLeft() != before ? .passed : .failed
    case .index: return .passed
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

  /// Writes a record; one that the flash does not take is an alarm.
  ///
  /// - Returns: Whether it is written.
  @discardableResult
  mutating func append(
    _ entry: JournalEntry, _ journal: inout Journal<FlashStore>, at now: Instant
  ) -> Bool {
    let isTaken = (try? journal.append(entry, at: now, wallSeconds: wallSeconds)) != nil
    note(isJournaling: isTaken, at: now)
    return isTaken
  }

  private mutating func note(isJournaling: Bool, at now: Instant) {
    if isJournaling {
      supervisor.causeGone(.journalFailed, at: now)
    } else {
      supervisor.raise(.journalFailed, at: now)
    }
  }

  /// Journals what happened in either channel since last time; what is not taken is kept for the next time.
  mutating func journalEvents(_ journal: inout Journal<FlashStore>) {
    while true {
      let number = journaled.drive
      let (event, isLast) = withDrive {
        ($0.loop.engine.event(number), number >= $0.loop.engine.eventCount)
      }
      if isLast { break }
      if let event, !append(.event(event.event), &journal, at: event.at) { return }
      journaled.drive += 1
    }
    while journaled.supervisor < supervisor.eventCount {
      let event = supervisor.event(journaled.supervisor)
      if let event, !append(.event(event.event), &journal, at: event.at) { return }
      journaled.supervisor += 1
    }
  }
}

extension DriveHardware {
  /// The present, and never before what the drive has reckoned with.
  var present: Instant { max(real, reckoned) }
}
