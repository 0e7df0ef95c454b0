import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpJournal

@Suite("Every message reads back as it was coded, and what is none is none")
struct MessageCodingTests {
  private static let states: [PumpState] =
    [.idle, .delivering, .suspended] + Alarm.allCases.map { .tripped($0) }

  static let refusals: [Refusal] =
    states.map { .notPossible(in: $0) } + Alarm.allCases.map { .alarm($0) }
    + DoseWindow.allCases.flatMap { [.doseLimit($0), .needsConfirmation($0)] } + [
      .bolusInProgress, .concentrationDiffers, .noBolusInProgress, .beyondMotor,
      .overlapsScheduledBolus(at: Instant(nanoseconds: 77)), .patientBolusNotPrescribed,
      .reservoirTooLow(Volume(femtolitres: 123)), .lockedOut(until: Instant(nanoseconds: 9)),
      .dailyMaximum(until: .never), .selfTestRuns, .noSuchAlarm, .overfilled, .commandInProgress,
      .journalFailed, .hasChanged, .ticketUsed, .bolusTooLarge(Mass(femtograms: 4)),
      .bolusNeedsConfirmation(Mass(femtograms: 5)), .bolusTooFast(TimeSpan(minutes: 1)),
      .bolusTooSoon(until: Instant(nanoseconds: 8)),
    ]

  @Test("Refusals, states and results by their numbers")
  func numbers() {
    for state in Self.states { #expect(PumpState(code: state.code) == state) }
    for refusal in Self.refusals {
      let code = refusal.code
      #expect(Refusal(number: code.number, detail: code.detail) == refusal)
      // One that says nothing more has nothing beside its number.
      if Refusal(number: code.number, detail: 0) == refusal { #expect(code.detail == 0) }
      let result = Answered.Result.refused(refusal)
      #expect(Answered.Result(number: result.code.number, detail: result.code.detail) == result)
    }
    for result in [Answered.Result.accepted, .unknown] {
      #expect(Answered.Result(number: result.code.number, detail: result.code.detail) == result)
    }
    #expect(Set(Self.refusals.map(\.code.number)) == Set(1...24))
    for number in UInt8(25)...254 { #expect(Refusal(number: number, detail: 0) == nil) }
    #expect(Refusal(number: 0, detail: 0) == nil && Refusal(number: 13, detail: 255) == nil)
    #expect(PumpState(code: 4) == nil && PumpState(code: 3 | 255 << 8) == nil)
  }

  @Test("Commands as words, but for the one whose prescription goes beside them")
  func commands() throws {
    let bolus = try Bolus(volume: Volume(microlitres: 2), duration: TimeSpan(minutes: 5))
    let prescription = Prescription(
      therapy: .stopped, concentration: Concentration(microgramsPerMillilitre: 500))
    let all: [Command] =
      [
        .begin(isConfirmed: true), .begin(isConfirmed: false), .suspend, .resume,
        .adopt(prescription, place: .hour, isConfirmed: true), .bolus(bolus, isConfirmed: true),
        .bolus(bolus, isConfirmed: false), .prime(bolus, isConfirmed: true), .cancelBolus,
        .patientBolus, .anchor(place: .hour), .refill(Volume(microlitres: 9)), .stop,
      ] + Alarm.allCases.flatMap { [.acknowledge($0), .silence($0, .hour)] }
    for command in all {
      let words = CommandWords(command)
      let again = words.command(adopting: prescription)
      #expect(again.map { CommandWords($0) } == words, "\(command)")
      #expect(again?.kind == command.kind && again?.value == command.value)
    }
    for isConfirmed in [true, false] {
      let coded = [
        Command.begin(isConfirmed: isConfirmed), .bolus(bolus, isConfirmed: isConfirmed),
        .prime(bolus, isConfirmed: isConfirmed),
        .adopt(prescription, place: .hour, isConfirmed: isConfirmed),
      ].map { CommandWords($0).isConfirmed }
      #expect(coded == [isConfirmed, isConfirmed, isConfirmed, isConfirmed])
    }
    #expect(CommandWords(kind: .adopt).command() == nil)
    #expect(CommandWords(kind: .bolus).command() == nil, "a bolus of nothing is none")
    #expect(CommandWords(kind: .acknowledge, first: 250).command() == nil)
    for kind in [CommandKind.reconcile, .outOfService] {
      #expect(CommandWords(kind: kind).command() == nil)
    }
  }

  @Test(
    "A status as words, in every state and with every alarm; counts that can't be are no status")
  func statuses() throws {
    let bolus = DriveDetail.RunningBolus(
      kind: .patient, volume: Volume(femtolitres: 11), given: Volume(femtolitres: 12),
      end: Instant(nanoseconds: 13))
    var status = SessionStatus(
      at: Instant(nanoseconds: 1), position: 2,
      drive: DriveDetail(
        flow: FlowRate(femtolitresPerDay: 3), planned: Volume(femtolitres: 4),
        reservoir: Volume(femtolitres: 5), place: TimeSpan(nanoseconds: 6)),
      waitsFor: nil, counts: StepCounts(certain: 20, uncertain: 21, missed: 22, atFill: 23),
      carried: StepCounts(certain: 14, uncertain: 15, missed: 16, atFill: 17), cutBy: nil,
      isHeld: false, isTesting: false, standing: 24, present: 25, critical: 26,
      lastHour: Mass(femtograms: 27), lastDay: Mass(femtograms: 28))
    func words(_ status: SessionStatus) -> [UInt64] {
      (0..<SessionStatus.wordCount).map { status.word($0) }
    }
    func read(_ words: [UInt64]) -> SessionStatus? { SessionStatus(word: { words[$0] }) }
    func holds() { #expect(read(words(status)) == status, "\(status)") }
    holds()
    for state in Self.states {
      status.drive.state = state
      holds()
    }
    for alarm in Alarm.allCases {
      (status.waitsFor, status.cutBy) = (alarm, nil)
      holds()
      (status.waitsFor, status.cutBy) = (nil, alarm)
      holds()
    }
    (status.isHeld, status.isTesting) = (true, false)
    holds()
    (status.isHeld, status.isTesting) = (false, true)
    holds()
    status.drive.fallBack = .zero
    holds()
    status.drive.fallBack = FlowRate(femtolitresPerDay: 7)
    status.drive.bolus = bolus
    holds()
    for (place, value) in [
      (2, 255), (2, 255 << 8), (3, UInt64.max), (6, 42), (10, 30), (16, 4), (21, 9),
    ] as [(Int, UInt64)] {
      var changed = words(status)
      changed[place] = value
      #expect(read(changed) == nil, "word \(place)")
    }
  }

  @Test("Requests and answers as records, who asked included")
  func records() throws {
    var journal = Journal(blank: MemoryStore(slots: 512))
    var told: [JournalEntry] = []
    for kind in CommandKind.allCases {
      for role in Role.allCases {
        told.append(
          .asked(ticket: .max, kind, .max, Operator(user: .max, role: role)))
      }
      told.append(.answered(ticket: 1, kind, 7, .accepted))
      told.append(.answered(ticket: 1, kind, 7, .unknown))
    }
    for refusal in Self.refusals {
      told.append(.answered(ticket: 3, .bolus, 0, .refused(refusal)))
    }
    for entry in told { journal.append(entry, at: .epoch, wallSeconds: 0) }
    var again = try Journal(opening: journal.store)
    for (sequence, entry) in told.enumerated() {
      let read = again.record(UInt64(sequence))?.entry
      #expect(read == entry)
    }
  }
}
