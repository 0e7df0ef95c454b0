import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSafety

@Suite("The supervisor does its own work for every command, whatever the drive does for it")
struct SupervisorCommandTests {
  @Test("A bolus beyond an hour or a day is refused by its own sum, and one at the limit is not")
  func refusesBolus() throws {
    // 20 steps/s are 72,000 in an hour and 1,728,000 in a day.
    for (window, steps) in [(DoseWindow.hour, UInt64(72_000)), (.day, 1_728_000)] {
      let limit = SupervisorRig.limit(steps + 10_000)
      var rig = try SupervisorRig(
        SupervisorRig.continuous(20), hour: window == .hour ? limit : SupervisorRig.unlimited,
        day: window == .day ? limit : SupervisorRig.unlimited)
      let within = rig.supervisor.refusal(of: try SupervisorRig.bolus(10_000, over: 60), at: .epoch)
      #expect(within == nil, "\(window)")
      let beyond = rig.supervisor.refusal(of: try SupervisorRig.bolus(10_001, over: 60), at: .epoch)
      #expect(beyond == window)
    }
  }

  @Test("What earlier sessions delivered counts for a bolus and for a grant")
  func recalls() throws {
    let limit = SupervisorRig.limit(10_000)
    for recalled: UInt64 in [0, 9_500] {
      var rig = try SupervisorRig(.stopped, hour: limit, begins: false)
      rig.supervisor.recall(steps: recalled, by: .epoch)
      let bolus = try SupervisorRig.bolus(1_000, over: 10)
      let refusal = rig.supervisor.refusal(of: bolus, at: .epoch)
      #expect(refusal == (recalled == 0 ? nil : .hour))
      rig.supervisor.laid(bolus, at: .epoch)
      let grant = try rig.grant(0, count: 0)
      #expect(
        grant.upTo == (recalled == 0 ? 1_000 : 501), "the limit and one step, less what was made")
    }
  }

  @Test("A grant reaches no further than the dose limit and one step, nor into the reserve")
  func grantsWithinLimits() throws {
    var limited = try SupervisorRig(SupervisorRig.continuous(20), hour: SupervisorRig.limit(1_000))
    let byDose = try limited.grant(0, count: 0)
    #expect(byDose.upTo == 1_001)
    var empty = try SupervisorRig(SupervisorRig.continuous(20), aboveReserve: 1_000)
    let byReservoir = try empty.grant(0, count: 0)
    #expect(byReservoir.upTo == 1_000)
    var free = try SupervisorRig(SupervisorRig.continuous(20))
    let byTherapy = try free.grant(0, count: 0)
    #expect(byTherapy.upTo == 1_400)
  }

  @Test("What was carried over counts from the fill on: for the grant's count and for the reserve")
  func carried() throws {
    let before = StepCounts(certain: 5_000, uncertain: 300, missed: 7, atFill: 4_500)
    var rig = try SupervisorRig(
      SupervisorRig.continuous(20), aboveReserve: 1_000, carried: before)
    // 800 of the thousand are gone: 5,300 were made or may have been, 4,500 of them before the fill.
    let grant = try rig.grant(0, count: 0)
    #expect(grant.upTo == 5_500)
    _ = rig.turn(5_000, count: 100)
    let counts = rig.supervisor.counts
    #expect(counts == StepCounts(certain: 5_100, uncertain: 300, missed: 7, atFill: 4_500))
  }

  @Test("A refill is counted from now on, and gives back what the reserve held up")
  func refills() throws {
    let before = StepCounts(certain: 900)
    var rig = try SupervisorRig(SupervisorRig.continuous(20), aboveReserve: 1_000, carried: before)
    let short = try rig.grant(0, count: 0)
    #expect(short.upTo == 1_000)
    _ = rig.turn(2_500, count: 50)
    rig.supervisor.refilled(Volume(microlitres: 20_000), at: SupervisorRig.at(2_500))
    let whole = try rig.grant(2_550, count: 51)
    #expect(whole.upTo == 900 + 1_451)
    let atFill = rig.supervisor.counts.atFill
    #expect(atFill == 950)
  }

  @Test("A refill beyond the capacity changes nothing")
  func impossibleRefill() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(20), aboveReserve: 1_000)
    _ = rig.turn(0, count: 0)
    rig.supervisor.refilled(Volume(microlitres: 20_001), at: .epoch)
    #expect(throws: SupervisorRig.NoGrant.self) { _ = try rig.grant(50, count: 1) }
    let atFill = rig.supervisor.counts.atFill
    #expect(atFill == 0)
  }

  @Test("A grant does not reach into a bolus of the pattern that is still to come")
  func bolusToCome() throws {
    let pattern = try FlexPattern(
      period: .day,
      segments: [.init(start: .zero, flow: SupervisorRig.step().flow(ofStepsPerSecond: 20))],
      boluses: [.init(start: TimeSpan(minutes: 1), bolus: SupervisorRig.bolus(10_000, over: 60))])
    var rig = try SupervisorRig(.flex(pattern))
    let grant = try rig.grant(0, count: 0)
    #expect(grant.until == SupervisorRig.at(13_000))
    #expect(grant.upTo == 260)
  }

  @Test("A commanded bolus is allowed at once, in grants of 13 s, and its end ends them")
  func laysBolus() throws {
    var rig = try SupervisorRig(.stopped)
    let nothing = try rig.grant(0, count: 0)
    #expect(nothing.upTo == 0)
    rig.supervisor.laid(try SupervisorRig.bolus(1_000, over: 20), at: .epoch)
    let first = try rig.grant(50, count: 0)
    // 50 steps/s for 13.05 s.
    #expect(first.until == SupervisorRig.at(13_050))
    #expect(first.upTo == 652)
    let second = try rig.grant(10_100, count: 505)
    #expect(second.upTo == 1_000)
  }

  @Test("A bolus that was cancelled is allowed for the time the motor brakes, and no longer")
  func cancelsBolus() throws {
    var rig = try SupervisorRig(.stopped)
    rig.supervisor.laid(try SupervisorRig.bolus(1_000, over: 20), at: .epoch)
    _ = rig.turn(0, count: 0)
    _ = rig.turn(4_000, count: 200)
    rig.supervisor.cancelled(at: SupervisorRig.at(4_000))
    let grant = try rig.grant(4_050, count: 202)
    // 50 steps/s for 4 s, and 2 s more.
    #expect(grant.upTo == 300)
  }

  @Test("A bolus is not allowed twice, whether the therapy is begun, adopted or anchored after it")
  func bolusOnce() throws {
    for change in 0..<3 {
      var rig = try SupervisorRig(SupervisorRig.continuous(20))
      rig.supervisor.laid(try SupervisorRig.bolus(1_000, over: 20), at: .epoch)
      var count: UInt64 = 0
      for second in UInt64(0)...20 {
        count = 70 * second
        _ = rig.turn(1_000 * second, count: count)
      }
      let end = SupervisorRig.at(20_000)
      switch change {
      case 0: rig.supervisor.began(at: end)
      case 1: rig.supervisor.adopted(rig.supervisor.prescription, place: .zero, at: end)
      default: rig.supervisor.adopted(rig.supervisor.prescription, place: .hour, at: end)
      }
      let grant = try rig.grant(20_050, count: 1_401)
      // 1,400 were due at the bolus's end; 20 steps/s are from there on, for the 13 s that follow a bolus.
      #expect(grant.upTo == 1_661, "change \(change)")
    }
  }

  @Test(
    "A therapy that rests is granted what braking needs, and then nothing; it goes on when it resumes"
  )
  func rests() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(20))
    _ = rig.turn(0, count: 0)
    _ = rig.turn(10_000, count: 200)
    rig.supervisor.rested(at: SupervisorRig.at(10_000))
    let isDelivering = rig.supervisor.isDelivering
    #expect(!isDelivering)
    let rest = try rig.grant(10_050, count: 200)
    #expect(rest.upTo == 200)
    _ = rig.turn(60_000, count: 200)
    rig.supervisor.began(at: SupervisorRig.at(60_000))
    let goesOn = rig.supervisor.isDelivering
    #expect(goesOn)
    let grant = try rig.grant(60_050, count: 200)
    // From 60 s on for 70.05 s: the time at rest is no debt.
    #expect(grant.upTo == 200 + 1_401)
  }

  @Test("A step of a therapy that rests is cut")
  func stepAtRest() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(20))
    _ = rig.turn(0, count: 0)
    _ = rig.turn(10_000, count: 200)
    rig.supervisor.rested(at: SupervisorRig.at(10_000))
    _ = rig.turn(10_050, count: 200)
    _ = rig.turn(20_000, count: 201)
    let cut = rig.supervisor.cutBy
    #expect(cut == .driveDisagrees)
  }

  @Test("Another prescription is allowed from its command on; one adopted at rest does not begin")
  func adopts() throws {
    let slower = Prescription(
      therapy: try SupervisorRig.continuous(5),
      concentration: Concentration(microgramsPerMillilitre: 500))
    var running = try SupervisorRig(SupervisorRig.continuous(20))
    _ = running.turn(0, count: 0)
    _ = running.turn(10_000, count: 200)
    running.supervisor.adopted(slower, place: .zero, at: SupervisorRig.at(10_000))
    let grant = try running.grant(10_050, count: 200)
    #expect(grant.upTo == 200 + 350)
    var resting = try SupervisorRig(SupervisorRig.continuous(20))
    resting.supervisor.rested(at: .epoch)
    resting.supervisor.adopted(slower, place: .zero, at: .epoch)
    let isDelivering = resting.supervisor.isDelivering
    #expect(!isDelivering)
    let none = try resting.grant(0, count: 0)
    #expect(none.upTo == 0)
    resting.supervisor.began(at: SupervisorRig.at(1_000))
    let later = try resting.grant(1_000, count: 0)
    #expect(later.upTo == 350)
  }

  @Test("A pattern that is anchored elsewhere is allowed by its new place")
  func anchors() throws {
    let pattern = try FlexPattern(
      period: .day,
      segments: [
        .init(start: .zero, flow: SupervisorRig.step().flow(ofStepsPerSecond: 20)),
        .init(start: TimeSpan(hours: 12), flow: SupervisorRig.step().flow(ofStepsPerSecond: 2)),
      ], boluses: [])
    var rig = try SupervisorRig(.flex(pattern))
    _ = rig.turn(0, count: 0)
    rig.supervisor.adopted(rig.supervisor.prescription, place: TimeSpan(hours: 12), at: .epoch)
    let grant = try rig.grant(50, count: 0)
    #expect(grant.upTo == 140)
  }

  @Test("The minimum rate is allowed when both channels fall back, and a bolus in progress ends")
  func fallsBack() throws {
    var rig = try SupervisorRig(SupervisorRig.continuous(20))
    rig.supervisor.laid(try SupervisorRig.bolus(60_000, over: 600), at: .epoch)
    _ = rig.turn(0, count: 0)
    _ = rig.turn(1_000, count: 120)
    rig.supervisor.fellBack(to: rig.supervisor.fallBackFlow, at: SupervisorRig.at(1_000))
    let grant = try rig.grant(1_050, count: 120)
    // 120 due, 2 s of braking at 100 steps/s, and 6 µL/day: 0.44 steps/s for the 13 s after a bolus.
    #expect((320...327).contains(grant.upTo), "\(grant.upTo)")
    var stopped = try SupervisorRig(.stopped)
    stopped.supervisor.fellBack(to: stopped.supervisor.fallBackFlow, at: .epoch)
    let isDelivering = stopped.supervisor.isDelivering
    #expect(!isDelivering)
  }

  @Test("What the drive refused leaves the old pattern's sum, at its next corner too")
  func takenBack() throws {
    func pattern(_ first: UInt64, _ second: UInt64) throws -> Therapy {
      .flex(
        try FlexPattern(
          period: .day,
          segments: [
            .init(start: .zero, flow: SupervisorRig.step().flow(ofStepsPerSecond: first)),
            .init(start: .hour, flow: SupervisorRig.step().flow(ofStepsPerSecond: second)),
          ], boluses: []))
    }
    var rig = try SupervisorRig(pattern(1, 2))
    let other = Prescription(
      therapy: try pattern(30, 50), concentration: Concentration(microgramsPerMillilitre: 500))
    let half = SupervisorRig.at(1_800_000)
    let before = rig.supervisor.permit(.adopt(other, place: .zero, isConfirmed: true), at: half)
    rig.supervisor.takeBack(before, at: half)
    // An hour of 1 step/s and one of 2.
    let allowed = rig.supervisor.allowance.volume(by: SupervisorRig.at(7_200_000))
    #expect(allowed == SupervisorRig.volume(3_600 + 7_200))
    let sum = rig.supervisor.prescription.checksum
    #expect(sum != other.checksum)
  }

  @Test(
    "What was lessened while a command was under way stays lessened when the drive refuses it",
    arguments: 0..<3)
  func lessenedMeanwhile(how: Int) throws {
    var rig = try SupervisorRig(.stopped)
    rig.supervisor.laid(try SupervisorRig.bolus(60_000, over: 600), at: .epoch)
    _ = rig.turn(0, count: 0)
    let at = SupervisorRig.at(10_000)
    _ = rig.turn(9_950, count: 995)
    // Priming is asked for beside it, and while the drive has not answered the bolus is ended.
    let before = rig.supervisor.permit(
      .prime(try SupervisorRig.bolus(1_000, over: 60), isConfirmed: true), at: at)
    switch how {
    case 0: rig.supervisor.took(.cancelBolus, at: at)
    case 1: rig.supervisor.took(.suspend, at: at)
    default: rig.supervisor.fellBack(to: .zero, at: at)
    }
    rig.supervisor.takeBack(before, at: at)
    // 100 steps/s for 10 s and 2 s of braking; what was asked for beside it is cut at once.
    let allowed = rig.supervisor.allowance.volume(by: SupervisorRig.at(700_000))
    #expect(allowed <= SupervisorRig.volume(1_200), "\(allowed)")
    #expect(allowed >= SupervisorRig.volume(1_000), "\(allowed)")
  }

  @Test("The steps that a drive tells are counted against the hour, each once")
  func countedOnce() throws {
    var rig = try SupervisorRig(
      try SupervisorRig.continuous(20), hour: SupervisorRig.limit(2_400))
    // 20 a second for a minute are 1,200 of the 2,400 that an hour may have.
    for time in stride(from: UInt64(0), through: 60_000, by: 50) {
      _ = rig.turn(time, count: time / 50)
    }
    let now = SupervisorRig.at(60_000)
    let first = rig.supervisor.delivered(in: .hour, at: now)
    let second = rig.supervisor.delivered(in: .hour, at: now)
    #expect(first == SupervisorRig.mass(1_200) && second == first)
    rig.supervisor.rested(at: now)
    let fits = rig.supervisor.refusal(of: try SupervisorRig.bolus(1_200, over: 60), at: now)
    let passes = rig.supervisor.refusal(of: try SupervisorRig.bolus(1_201, over: 60), at: now)
    #expect(fits == nil && passes == .hour)
  }

  @Test("The first reason for taking the power is the one that stands; a second takes nothing more")
  func firstCut() throws {
    var rig = try SupervisorRig(try SupervisorRig.continuous(20))
    let now = SupervisorRig.at(50)
    rig.supervisor.cut(.motorStalled, at: now)
    rig.supervisor.cut(.deviceLost, at: now)
    let cutBy = rig.supervisor.cutBy
    let stands = rig.supervisor.alarm(.deviceLost).isStanding
    var trips: [Alarm] = []
    for number in 0..<rig.supervisor.eventCount {
      if case .tripped(let alarm)? = rig.supervisor.event(number)?.event { trips.append(alarm) }
    }
    #expect(cutBy == .motorStalled && !stands && trips == [.motorStalled])
  }

  @Test("A refill settles what the reservoir's level spoke against")
  func refillSettles() throws {
    var rig = try SupervisorRig(try SupervisorRig.continuous(20))
    let now = SupervisorRig.at(50)
    rig.supervisor.raise(.reservoirMismatch, at: now)
    rig.supervisor.refilled(Volume(microlitres: 18_000), at: now)
    let alarm = rig.supervisor.alarm(.reservoirMismatch)
    #expect(alarm.isStanding && !alarm.isCausePresent)
  }
}
