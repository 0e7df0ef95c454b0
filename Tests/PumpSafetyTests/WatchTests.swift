import PumpHAL
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSafety

@Suite("What the sensors, the index, the patient and the recorder are judged by, at each limit")
struct WatchTests {
  @Test(
    "A motor is stalled a quarter of a pulse's distance and an eighth of play after the pulse that did not come",
    arguments: [(UInt64(100), UInt64(137)), (7, 9), (8, 11), (800, 1_100)])
  func stalledFrom(period: UInt64, patience: UInt64) throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(20), stepsPerIndex: period)
    for count in 0...patience {
      _ = rig.turn(50 * count, count: count, pulses: 0)
      let isStalled = rig.supervisor.alarm(.motorStalled).isStanding
      #expect(!isStalled, "\(count)")
    }
    _ = rig.turn(50 * (patience + 1), count: patience + 1, pulses: 0)
    let isStalled = rig.supervisor.alarm(.motorStalled).isStanding
    #expect(isStalled)
  }

  @Test(
    "A stall that ends is journaled with the steps that moved nothing, and the watch counts from there"
  )
  func stallEnds() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(20), stepsPerIndex: 100)
    for count in UInt64(0)...150 { _ = rig.turn(50 * count, count: count, pulses: 0) }
    let isStalled = rig.supervisor.alarm(.motorStalled).isCausePresent
    #expect(isStalled)
    // The pulse comes at 151: from then on there is one every hundred steps.
    var told: [UInt64] = []
    for count in UInt64(151)...700 {
      for case .doubt(let steps) in rig.turn(50 * count, count: count, pulses: (count - 51) / 100) {
        told.append(steps)
      }
    }
    var ended: [UInt64] = []
    for number in 0..<rig.supervisor.eventCount {
      if case .stallEnded(let steps)? = rig.supervisor.event(number)?.event { ended.append(steps) }
    }
    let (stall, short) = (rig.supervisor.alarm(.motorStalled), rig.supervisor.alarm(.shortDelivery))
    #expect(ended == [151] && told == [151])
    #expect(!stall.isCausePresent && !short.isStanding)
  }

  @Test("What the index says after the motor has lost its power raises no other alarm")
  func afterCut() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(20), stepsPerIndex: 100)
    for count in UInt64(0)...50 { _ = rig.turn(50 * count, count: count, pulses: 0) }
    rig.supervisor.cut(.driverFault, at: SupervisorRig.at(2_500))
    for count in UInt64(51)...600 { _ = rig.turn(50 * count, count: count, pulses: 0) }
    let (stall, short) = (rig.supervisor.alarm(.motorStalled), rig.supervisor.alarm(.shortDelivery))
    #expect(!stall.isStanding && !short.isStanding)
  }

  @Test(
    "So many implausible readings in a row are told, one less is not, and a plausible one begins anew"
  )
  func implausible() throws {
    let limits = EvidenceLimits()
    let capacity = Volume(microlitres: 20_000)
    let plausible: [SensorReadings] = [
      SensorReadings(), SensorReadings(batteryMillivolts: limits.mostMillivolts),
      SensorReadings(milliCelsius: limits.coldest), SensorReadings(milliCelsius: limits.hottest),
      SensorReadings(reservoir: capacity + limits.reservoirDifference),
    ]
    let impossible: [SensorReadings] = [
      SensorReadings(batteryMillivolts: limits.mostMillivolts + 1),
      SensorReadings(milliCelsius: limits.coldest - 1),
      SensorReadings(milliCelsius: limits.hottest + 1),
      SensorReadings(reservoir: capacity + limits.reservoirDifference + Volume(femtolitres: 1)),
    ]
    for good in plausible {
      var watch = EvidenceWatch(limits)
      for _ in 0..<20 {
        let told = watch.isImplausible(good, capacity: capacity)
        #expect(!told, "\(good)")
      }
    }
    for bad in impossible {
      var watch = EvidenceWatch(limits)
      for round in 0..<2 {
        for number in 1...limits.implausibleReadings {
          let told = watch.isImplausible(bad, capacity: capacity)
          #expect(
            told == (number >= limits.implausibleReadings),
            "\(bad), reading \(number), round \(round)")
        }
        let after = watch.isImplausible(SensorReadings(), capacity: capacity)
        #expect(!after)
      }
    }
  }

  @Test(
    "Sensor and ledger are apart from one femtolitre beyond the difference on, whichever is more")
  func mismatch() {
    let limits = EvidenceLimits()
    let watch = EvidenceWatch(limits)
    let (filled, one) = (Volume(microlitres: 20_000), Volume(femtolitres: 1))
    let difference = limits.reservoirDifference
    // Nothing is used yet, so no share of it counts.
    let cases: [(measured: Volume, left: Volume, uncertain: Volume, isOff: Bool)] = [
      (filled, filled, .zero, false), (filled - difference, filled, .zero, false),
      (filled - difference - one, filled, .zero, true),
    ]
    for row in cases {
      let told = watch.isMismatch(
        measured: row.measured, left: row.left, uncertain: row.uncertain, filled: filled)
      #expect(told == row.isOff)
    }
    // More is left than by the ledger: what is uncertain may explain it.
    let left = Volume(microlitres: 19_000)
    let uncertain = Volume(microlitres: 300)
    for (extra, isOff) in [(Volume.zero, false), (one, true)] {
      let told = watch.isMismatch(
        measured: left + uncertain + difference + extra, left: left, uncertain: uncertain,
        filled: filled)
      #expect(told == isOff, "above")
    }
    // From a tenth used on a share of what was used counts.
    let used = Volume(microlitres: 12_000)
    let share = Volume(femtolitres: used.femtolitres / 1_000 * limits.reservoirPermille)
    let edge = share + limits.reservoirNoise
    if edge < difference {
      for (extra, isOff) in [(Volume.zero, false), (one, true)] {
        let told = watch.isMismatch(
          measured: filled - used - edge - extra, left: filled - used, uncertain: .zero,
          filled: filled)
        #expect(told == isOff, "share")
      }
      let tenth = Volume(microlitres: 2_000)
      let told = watch.isMismatch(
        measured: filled - tenth - edge - one, left: filled - tenth, uncertain: .zero,
        filled: filled)
      #expect(!told, "a tenth is not more than a tenth")
    }
  }

  @Test("A button is stuck from its time on, counted from when it was pressed last")
  func button() {
    let limits = EvidenceLimits()
    var watch = EvidenceWatch(limits)
    let pressed = Instant.epoch + TimeSpan(seconds: 7)
    let stuck = pressed + limits.buttonStuck
    let steps: [(isPressed: Bool, at: Instant, isStuck: Bool)] = [
      (false, .epoch, false), (true, pressed, false),
      (true, stuck.preceding(by: TimeSpan(nanoseconds: 1)), false),
      (true, stuck, true), (false, stuck, false), (true, stuck, false),
    ]
    for step in steps {
      let told = watch.isButtonStuck(step.isPressed, at: step.at)
      #expect(told == step.isStuck, "\(step.at.nanoseconds) ns")
    }
  }

  @Test(
    "Two pulses at once, before there is a reference, are ahead below a period's steps and play")
  func firstPulses() {
    // Period 100 and play 12: 87 steps can't have brought a second pulse.
    for (steps, isAhead) in [(UInt64(87), true), (88, false), (100, false)] {
      var watch = IndexWatch(period: 100, play: 12, count: 0)
      _ = watch.take(pulses: 5, count: 1_000, isIdle: false)
      let verdict = watch.take(pulses: 7, count: 1_000 + steps, isIdle: false)
      #expect((verdict == .ahead) == isAhead, "\(steps) steps")
    }
    var one = IndexWatch(period: 100, play: 12, count: 0)
    _ = one.take(pulses: 5, count: 1_000, isIdle: false)
    let verdict = one.take(pulses: 6, count: 1_001, isIdle: false)
    #expect(verdict == .plausible, "the first pulse may come at any step")
  }

  @Test(
    "Patient boluses over days: the lock-out and the most in any 24 h, against a list of all of them",
    arguments: [1, 2, 5, 24])
  func lockout(most: Int) throws {
    let bolus = try Bolus(volume: Volume(microlitres: 1), duration: TimeSpan(minutes: 1))
    let rule = try PatientBolusRule(
      bolus: bolus, lockout: TimeSpan(minutes: 20), maximumPerDay: most)
    var lockout = PatientLockout()
    var given: [UInt64] = []
    let day = TimeSpan.day.nanoseconds
    var now: UInt64 = 1
    var (locked, full) = (0, 0)
    for step in 0..<4_000 as Range<UInt64> {
      now += TimeSpan(minutes: 1 + step * 7 % 13).nanoseconds + step % 3
      // By definition: the latest is a lock-out ago, and fewer than the most lie within 24 h.
      let recent = given.filter { now < $0 + day }
      var expected: PatientLockout.Denial?
      if let last = given.last, now < last + rule.lockout.nanoseconds {
        expected = .lockedOut(until: Instant(nanoseconds: last) + rule.lockout)
        locked += 1
      } else if recent.count >= most {
        expected = .dailyMaximum(until: Instant(nanoseconds: recent[recent.count - most]) + .day)
        full += 1
      }
      let told = lockout.denial(of: rule, at: Instant(nanoseconds: now))
      #expect(told == expected, "\(given.count) given")
      if told == nil {
        lockout.began(at: Instant(nanoseconds: now))
        given.append(now)
      }
    }
    #expect(given.count > 2 && locked > 2 && full > 2)
  }

  @Test("The recorder keeps the latest events, by their numbers, and tells the others as lost")
  func recorder() {
    var recorder = FlightRecorder(capacity: 4)
    for number in 0..<11 as Range<UInt64> {
      recorder.record(.forgone(steps: number), at: Instant(nanoseconds: number))
      let (total, lost) = (recorder.total, recorder.lost)
      #expect(total == Int(number) + 1 && lost == max(0, total - 4))
      for asked in 0...12 {
        let event = recorder.event(asked)
        let isKept = asked >= lost && asked < total
        #expect(
          event
            == (isKept
              ? TimedEvent(
                at: Instant(nanoseconds: UInt64(asked)), event: .forgone(steps: UInt64(asked)))
              : nil))
      }
    }
  }
}
