import PumpJournal
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSession

@Suite(
  "How a session begins follows from the journal, the wish and the clocks, and from nothing else")
struct SessionPlanTests {
  /// What a journal has been told, and what it says by it.
  private struct Story {
    var state = JournalState()
    var at = Instant.epoch
    private var sequence: UInt64 = 0

    mutating func tell(_ entries: JournalEntry...) {
      for entry in entries {
        var session = state.session
        if case .opened = entry { session += 1 }
        state.take(
          JournalRecord(
            sequence: sequence, session: session, at: at, wallSeconds: wall, entry: entry))
        sequence += 1
      }
    }

    mutating func wait(_ span: TimeSpan) { at = at + span }

    var wall: Int64 { 1_800_000_000 + Int64(at.nanoseconds / 1_000_000_000) }

    /// Clocks of the same start of the system, so long after the last record.
    func clocks(after span: TimeSpan) -> SystemClocks {
      SystemClocks(
        boot: 7, elapsed: at.elapsed(since: .epoch) + span,
        wallSeconds: wall + Int64(span.nanoseconds / 1_000_000_000), isSynchronised: true)
    }

    /// Clocks of a system that was started anew without a time service.
    var unknown: SystemClocks {
      SystemClocks(boot: 8, elapsed: .zero, wallSeconds: wall, isSynchronised: false)
    }
  }

  private let bolus: Bolus
  private let other: Bolus
  private let binding: JournalBinding
  private var wish: SessionWish

  init() throws {
    bolus = try Bolus(volume: Volume(microlitres: 2), duration: TimeSpan(minutes: 5))
    other = try Bolus(volume: Volume(microlitres: 3), duration: TimeSpan(minutes: 5))
    let step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1)
    let concentration = Concentration(microgramsPerMillilitre: 500)
    binding = JournalBinding(step: step, concentration: concentration)
    wish = SessionWish(
      step: step, concentration: concentration, filled: Volume(microlitres: 18_000))
    wish.singleBolus = bolus
  }

  private func plan(_ story: Story, _ clocks: SystemClocks, _ wish: SessionWish? = nil)
    throws(SessionProblem) -> SessionPlan
  {
    try SessionPlan(story.state, binding: story.state.binding, wish ?? self.wish, clocks)
  }

  private var opened: JournalEntry {
    .opened(boot: 7, clock: .zero, servedSince: .epoch, binding)
  }

  private let begin = JournalEntry.command(.begin, 0, isAccepted: true)

  private var given: JournalEntry {
    .command(.bolus, bolus.volume.femtolitres, isAccepted: true)
  }

  /// A therapy that ran for an hour; ended in good order, or not.
  private func ran(_ more: JournalEntry..., ended: Bool = true) -> Story {
    var story = Story()
    story.tell(opened, .event(.refilled(Volume(microlitres: 18_000))), begin)
    for entry in more { story.tell(entry) }
    story.wait(.hour)
    story.tell(.grant(StepCounts(certain: 100), upTo: ended ? 100 : 150, until: story.at))
    if ended { story.tell(.event(.ended)) }
    return story
  }

  @Test("A new journal: filled, nothing carried, the bolus due, nothing to wait for")
  func new() throws {
    let story = Story()
    let plan = try plan(story, story.clocks(after: .zero))
    #expect(plan.rest == nil && !plan.fallsBack && !plan.isResumed && plan.trip == nil)
    #expect(plan.bolus == bolus && !plan.isBolusWithheld && plan.place == nil)
    #expect(plan.carried == StepCounts() && plan.uncertain == 0 && plan.standing == 0)
    #expect(
      plan.entries == [
        opened, .event(.refilled(wish.filled)),
        .grant(StepCounts(), upTo: 0, until: .epoch),
      ])
  }

  @Test("Each end and each rest: what runs, and whether a clinician has to look first")
  func rests() throws {
    struct Row {
      var ended: Bool
      var rest: TimeSpan?
      var asked: Bool
      var fallsBack: Bool
      var isResumed: Bool
      var uncertain: UInt64
    }
    let short = TimeSpan(minutes: 60)
    let long = short + TimeSpan(nanoseconds: 1)
    let rows: [Row] = [
      Row(ended: true, rest: short, asked: false, fallsBack: false, isResumed: false, uncertain: 0),
      Row(ended: true, rest: long, asked: false, fallsBack: true, isResumed: false, uncertain: 0),
      Row(ended: true, rest: long, asked: true, fallsBack: false, isResumed: true, uncertain: 0),
      Row(ended: true, rest: nil, asked: false, fallsBack: true, isResumed: false, uncertain: 0),
      Row(ended: true, rest: .day, asked: false, fallsBack: true, isResumed: false, uncertain: 0),
      Row(
        ended: false, rest: short, asked: false, fallsBack: false, isResumed: false, uncertain: 50),
      Row(ended: false, rest: long, asked: false, fallsBack: true, isResumed: false, uncertain: 50),
      Row(ended: false, rest: nil, asked: false, fallsBack: true, isResumed: false, uncertain: 50),
      Row(ended: false, rest: nil, asked: true, fallsBack: false, isResumed: true, uncertain: 50),
      Row(
        ended: false, rest: short, asked: true, fallsBack: false, isResumed: false, uncertain: 50),
    ]
    for row in rows {
      let story = ran(ended: row.ended)
      var wish = wish
      wish.isAfterOutage = row.asked
      let plan = try plan(
        story, row.rest.map { story.clocks(after: $0) } ?? story.unknown, wish)
      #expect(plan.fallsBack == row.fallsBack, "\(row)")
      #expect(plan.isResumed == row.isResumed, "\(row)")
      #expect(plan.uncertain == row.uncertain, "\(row)")
      #expect(plan.rest?.span == row.rest && plan.rest?.isBrokenOff == !row.ended, "\(row)")
      #expect(plan.bolus == (row.fallsBack ? nil : bolus), "\(row)")
      #expect(plan.carried.highest == 100 + row.uncertain)
      // The one grant of the opening permits nothing, and takes what is uncertain for made.
      #expect(
        plan.entries.last
          == .grant(plan.carried, upTo: plan.carried.highest, until: plan.opened))
    }
  }

  @Test("A therapy that waits for a clinician goes on waiting, however short the rest")
  func waits() throws {
    let story = ran(.event(.fellBack))
    #expect(try plan(story, story.clocks(after: TimeSpan(seconds: 1))).fallsBack)
  }

  @Test("A single bolus is given once; one of another volume is another; again by name only")
  func bolusOnce() throws {
    for ended in [true, false] {
      let story = ran(given, ended: ended)
      let clocks = story.clocks(after: TimeSpan(minutes: 1))
      let first = try plan(story, clocks)
      #expect(first.bolus == nil && first.isBolusWithheld)
      var wish = wish
      wish.isBolusAgain = true
      #expect(try plan(story, clocks, wish).bolus == bolus)
      wish = self.wish
      wish.singleBolus = other
      let second = try plan(story, clocks, wish)
      #expect(second.bolus == other && !second.isBolusWithheld)
    }
    // Not even by name where a clinician has to look first.
    let story = ran(given)
    var wish = wish
    wish.isBolusAgain = true
    #expect(try plan(story, story.clocks(after: .day), wish).bolus == nil)
  }

  @Test(
    "A pattern without times of day goes on where it was, after either end, and no other pattern does"
  )
  func place() throws {
    for ended in [true, false] {
      let story = ran(ended: ended)
      var wish = wish
      wish.isPeriodic = true
      let after = TimeSpan(minutes: 20)
      #expect(try plan(story, story.clocks(after: after), wish).place == .hour + after)
      #expect(try plan(story, story.clocks(after: after)).place == nil)
    }
  }

  @Test("A trip stands over every restart until it is acknowledged, and so does every alarm")
  func trips() throws {
    var story = ran(
      .event(.alarmRaised(.driverFault)), .event(.tripped(.driverFault)),
      .event(.alarmCauseGone(.driverFault)), .event(.alarmRaised(.batteryLow)), ended: false)
    let standing = Alarm.driverFault.bit | Alarm.batteryLow.bit
    for _ in 0..<3 {
      let plan = try plan(story, story.clocks(after: TimeSpan(seconds: 5)))
      #expect(plan.trip == .driverFault && plan.standing == standing)
      for entry in plan.entries { story.tell(entry) }
      story.tell(.event(.alarmRaised(.driverFault)), .event(.alarmCauseGone(.driverFault)))
    }
    story.tell(.event(.acknowledged(.driverFault)))
    let plan = try plan(story, story.clocks(after: TimeSpan(seconds: 5)))
    #expect(plan.trip == nil && plan.standing == Alarm.batteryLow.bit)
  }

  @Test("A therapy that was held back is held back after a crash, and begins after an end")
  func held() throws {
    let suspend = JournalEntry.answered(ticket: 1, .suspend, 0, .accepted)
    let resume = JournalEntry.answered(ticket: 2, .resume, 0, .accepted)
    let refused = JournalEntry.answered(ticket: 3, .resume, 0, .refused(.bolusInProgress))
    let short = TimeSpan(minutes: 1)
    for (entries, isHeld) in [
      ([suspend], true), ([suspend, refused], true), ([suspend, resume], false),
    ] {
      var story = ran(ended: false)
      for entry in entries { story.tell(entry) }
      let plan = try plan(story, story.clocks(after: short))
      #expect(plan.isHeld == isHeld && plan.bolus == (isHeld ? nil : bolus))
      // And in every life after that, until somebody lets it go on.
      story.tell(opened, begin)
      if isHeld { story.tell(.command(.suspend, 0, isAccepted: true)) }
      #expect(try self.plan(story, story.clocks(after: short)).isHeld == isHeld)
      // Somebody begins it again by hand, and that life is killed too: it was not held.
      var again = story
      again.tell(begin)
      #expect(try !self.plan(again, again.clocks(after: short)).isHeld)
      story.tell(.event(.ended))
      #expect(try !self.plan(story, story.clocks(after: short)).isHeld)
    }
  }

  @Test("To go on after a hold is no look at an outage; to adopt is")
  func looks() throws {
    var story = ran(.event(.fellBack), .answered(ticket: 2, .resume, 0, .accepted))
    #expect(try plan(story, story.clocks(after: TimeSpan(seconds: 1))).fallsBack)
    story.tell(.answered(ticket: 3, .adopt, 0, .accepted))
    #expect(try !plan(story, story.clocks(after: TimeSpan(seconds: 1))).fallsBack)
  }

  @Test("An alarm that was acknowledged while its cause held does not outlive the session")
  func acknowledgedCause() throws {
    let story = ran(.event(.alarmRaised(.batteryLow)), .event(.acknowledged(.batteryLow)))
    var next = story
    next.tell(opened)
    #expect(story.state.alarms.standing == Alarm.batteryLow.bit)
    #expect(next.state.alarms.standing == 0)
  }

  @Test("A bolus that was broken off is told, and one that ended is not")
  func brokenBolus() throws {
    let began = JournalEntry.event(.bolusBegan(.scheduled, bolus.volume))
    let broken = ran(began, ended: false)
    let clocks = broken.clocks(after: TimeSpan(minutes: 1))
    #expect(try plan(broken, clocks).rest?.brokenBolus == bolus.volume)
    let whole = ran(
      began, .event(.bolusEnded(.scheduled, bolus.volume, isWhole: true)), ended: false)
    #expect(try plan(whole, clocks).rest?.brokenBolus == nil)
    // Between the command's record and the drive's own word nobody knows what was given of it.
    let untold = ran(given, ended: false)
    #expect(try plan(untold, clocks).rest?.brokenBolus == bolus.volume)
    #expect(try plan(untold, clocks).isBolusWithheld)
  }

  @Test("Another drug, another head and another filling are refused; a refill ends the last two")
  func problems() throws {
    let story = ran()
    let clocks = story.clocks(after: TimeSpan(minutes: 1))
    var wish = wish
    wish.concentration = Concentration(microgramsPerMillilitre: 2_000)
    for isRefilled in [false, true] {
      wish.isRefilled = isRefilled
      #expect(throws: SessionProblem.concentrationDiffers(kept: binding.concentration)) {
        try plan(story, clocks, wish)
      }
    }
    wish = self.wish
    wish.step = try StepVolume(delivering: Volume(femtolitres: 156_251), inSteps: 1)
    #expect(throws: SessionProblem.stepDiffers) { try plan(story, clocks, wish) }
    wish.isRefilled = true
    #expect(try plan(story, clocks, wish).carried.atFill == 100)
    wish = self.wish
    wish.filled = Volume(microlitres: 17_000)
    #expect(throws: SessionProblem.fillingDiffers(kept: self.wish.filled)) {
      try plan(story, clocks, wish)
    }
    // A profile that nobody has edited since knows nothing of a refill that was told to the running pump.
    wish.filledBefore = wish.filled
    let kept = try plan(story, clocks, wish)
    #expect(kept.filled == self.wish.filled && kept.carried.atFill == 0)
  }

  @Test(
    "Where doses may be missing nothing is known of the rest; steps of a lost record are uncertain")
  func suspect() throws {
    let story = ran()
    var wish = wish
    wish.hidesDoses = true
    let hidden = try plan(story, story.clocks(after: TimeSpan(minutes: 1)), wish)
    #expect(hidden.fallsBack && hidden.rest == SessionPlan.Rest(span: nil, isBrokenOff: true))
    wish = self.wish
    wish.doubtful = 30
    let doubtful = try plan(story, story.clocks(after: TimeSpan(minutes: 1)), wish)
    #expect(doubtful.uncertain == 30 && doubtful.carried.uncertain == 30)
  }

  @Test("What is remembered: doses of a day, patient boluses of a day, and the latest answers")
  func memory() throws {
    var journal = Journal(blank: MemoryStore(slots: 64))
    var at = Instant.epoch
    func tell(_ entries: JournalEntry...) {
      for entry in entries { journal.append(entry, at: at, wallSeconds: 0) }
    }
    let patient = JournalEntry.event(.bolusBegan(.patient, bolus.volume))
    let by = Operator(user: 1, role: .patient)
    tell(opened, begin, patient)
    at = at + .day
    tell(patient, .asked(ticket: 5, .patientBolus, 0, by))
    tell(.answered(ticket: 5, .patientBolus, 0, .refused(.bolusInProgress)))
    at = at + .hour
    tell(.asked(ticket: 6, .bolus, 9, by))
    let now = at
    let memory = SessionMemory(&journal, by: now, as: binding)
    #expect(memory.patientBoluses == [.epoch + .day])
    #expect(
      memory.answers == [
        Answered(ticket: 5, kind: .patientBolus, value: 0, result: .refused(.bolusInProgress)),
        // The process ended between the two: nobody knows.
        Answered(ticket: 6, kind: .bolus, value: 9, result: .unknown),
      ])
  }

  @Test(
    "What is recent is remembered however much was written since, and the latest requests however old"
  )
  func memoryOfMany() throws {
    let by = Operator(user: 1, role: .patient)
    for (count, hours) in [(5_000, UInt64(2)), (100, 50)] {
      var journal = Journal(blank: MemoryStore(slots: 8_192))
      journal.append(opened, at: .epoch, wallSeconds: 0)
      journal.append(.event(.bolusBegan(.patient, bolus.volume)), at: .epoch, wallSeconds: 0)
      journal.append(.asked(ticket: 5, .suspend, 0, by), at: .epoch, wallSeconds: 0)
      let now = Instant.epoch + TimeSpan(hours: hours)
      for _ in 0..<count { journal.append(.event(.ended), at: now, wallSeconds: 0) }
      let memory = SessionMemory(&journal, by: now, as: binding)
      #expect(memory.patientBoluses == (hours == 2 ? [.epoch] : []), "\(count) records since")
      #expect(memory.answers.map(\.ticket) == [5], "\(count) records since")
    }
  }

  @Test("A journal that was opened, and in which no therapy began, has nothing to rest from")
  func neverBegun() throws {
    var story = Story()
    story.tell(opened, .event(.refilled(Volume(microlitres: 18_000))))
    for rest in [TimeSpan(seconds: 1), TimeSpan(days: 9)] {
      let plan = try plan(story, story.clocks(after: rest))
      #expect(plan.rest == nil && !plan.fallsBack)
    }
  }

  @Test("A rest of unknown length is judged again only where nothing but its length is unknown")
  func unjudged() throws {
    var known = ran(ended: false)
    let wall = known.wall
    known.wait(.day)
    #expect(try plan(known, known.unknown).unjudgedSince == wall)
    #expect(try plan(known, known.clocks(after: .hour)).unjudgedSince == nil, "it is known")
    var wish = wish
    wish.isAfterOutage = true
    #expect(try plan(known, known.unknown, wish).unjudgedSince == nil, "somebody has looked")
    wish.isAfterOutage = false
    wish.hidesDoses = true
    #expect(try plan(known, known.unknown, wish).unjudgedSince == nil, "doses may be missing")
    let waiting = ran(.event(.fellBack), ended: false)
    #expect(try plan(waiting, waiting.unknown).unjudgedSince == nil, "a clinician is waited for")
  }

  @Test("A wall clock that no service kept tells nothing later, until one has kept it")
  func keptLater() throws {
    var story = Story()
    story.tell(
      .opened(boot: 7, clock: .zero, servedSince: .epoch, binding, isClockSynchronised: false))
    story.wait(TimeSpan(minutes: 1))
    story.tell(begin)
    story.wait(.hour)
    story.tell(.event(.suspended))
    #expect(try plan(story, story.unknown).unjudgedSince == nil)
    story.tell(.event(.wallClockKept))
    story.wait(TimeSpan(minutes: 1))
    story.tell(.event(.resumed))
    #expect(try plan(story, story.unknown).unjudgedSince == story.wall)
  }

  @Test(
    "A pattern without times of day goes on as if it had not rested where no clock tells how long")
  func phase() throws {
    var wish = wish
    wish.isPeriodic = true
    var story = ran(ended: false)
    let place = try #require(story.state.began).at
    let ended = story.at
    story.wait(.day)
    #expect(try plan(story, story.unknown, wish).place == ended.elapsed(since: place))
    let later = try plan(story, story.clocks(after: .hour), wish).place
    #expect(later == story.at.elapsed(since: place) + .hour)
    wish.hidesDoses = true
    #expect(try plan(story, story.unknown, wish).place == nil)
  }

  @Test(
    "A bolus that was asked for, not refused and not seen to begin counts as begun; a known one counts once"
  )
  func askedBoluses() throws {
    let by = Operator(user: 1, role: .patient)
    func asked(_ ticket: UInt64, _ kind: CommandKind) -> JournalEntry {
      .asked(ticket: ticket, kind, 0, by)
    }
    let began = JournalEntry.event(.bolusBegan(.patient, bolus.volume))
    let single = JournalEntry.event(.bolusBegan(.single, bolus.volume))
    func answered(_ ticket: UInt64, _ result: Answered.Result) -> JournalEntry {
      .answered(ticket: ticket, .patientBolus, 0, result)
    }
    let rows: [(entries: [(UInt64, JournalEntry)], patient: [UInt64], last: UInt64?)] = [
      // The process ended before the drive's own record.
      ([(10, asked(1, .patientBolus))], [10], 10),
      ([(10, asked(1, .patientBolus)), (10, began), (11, answered(1, .accepted))], [10], 10),
      ([(10, asked(1, .patientBolus)), (11, answered(1, .refused(.noSuchAlarm)))], [], nil),
      ([(10, asked(1, .patientBolus)), (11, answered(1, .unknown))], [10], 10),
      // One of each, the one that was lost first.
      (
        [(10, asked(1, .patientBolus)), (50, asked(2, .patientBolus)), (50, began)], [10, 50], 50
      ),
      ([(10, asked(1, .bolus)), (20, .event(.bolusBegan(.scheduled, bolus.volume)))], [], 20),
      ([(10, asked(1, .bolus))], [], 10),
      ([(10, .event(.bolusBegan(.prime, bolus.volume)))], [], nil),
      // One of each, the one that was seen to begin last, and last of all.
      ([(10, asked(1, .patientBolus)), (50, asked(2, .patientBolus)), (51, began)], [10, 51], 51),
      ([(10, began), (50, asked(2, .patientBolus))], [10, 50], 50),
      ([(10, asked(1, .bolus)), (40, asked(2, .bolus)), (40, single)], [], 40),
      // The start's own bolus has no request: it is not the patient's, which nobody saw begin.
      ([(10, asked(1, .patientBolus)), (20, single)], [10], 20),
      // Another command begins no bolus.
      ([(10, asked(1, .suspend)), (11, asked(2, .resume))], [], nil),
    ]
    for (number, row) in rows.enumerated() {
      var journal = Journal(blank: MemoryStore(slots: 32))
      journal.append(opened, at: .epoch, wallSeconds: 0)
      for (minute, entry) in row.entries {
        journal.append(entry, at: .epoch + TimeSpan(minutes: minute), wallSeconds: 0)
      }
      let memory = SessionMemory(
        &journal, by: .epoch + TimeSpan(minutes: 60), as: binding)
      let instants = row.patient.map { Instant.epoch + TimeSpan(minutes: $0) }
      #expect(memory.patientBoluses == instants, "row \(number)")
      #expect(memory.lastBolus == row.last.map { .epoch + TimeSpan(minutes: $0) }, "row \(number)")
    }
  }
}

extension SessionPlan {
  /// The records that the session begins with, in order.
  fileprivate var entries: [JournalEntry] {
    [opening] + (filling.map { [$0] } ?? []) + [settling]
  }
}
