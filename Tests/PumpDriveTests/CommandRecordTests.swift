import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@Suite("What the journal is told of each command, and what each command leaves among the events")
struct CommandRecordTests {
  private static func bolus() throws -> Bolus {
    try Bolus(volume: Volume(microlitres: 3), duration: TimeSpan(minutes: 2))
  }

  private struct Row {
    let command: Command
    let kind: CommandKind
    let value: UInt64
    let deliversMore: Bool

    init(_ command: Command, _ kind: CommandKind, _ value: UInt64, _ deliversMore: Bool) {
      (self.command, self.kind, self.value, self.deliversMore) = (
        command, kind, value, deliversMore
      )
    }
  }

  @Test("Each command has its own kind, its number, and asks for delivery or does not")
  func kinds() throws {
    let bolus = try Self.bolus()
    let other = Fixture.prescription(.stopped)
    let rows: [Row] = [
      Row(.begin(isConfirmed: true), .begin, 0, true),
      Row(.suspend, .suspend, 0, false),
      Row(.resume, .resume, 0, true),
      Row(.adopt(other, place: .hour, isConfirmed: true), .adopt, UInt64(other.checksum), true),
      Row(.bolus(bolus, isConfirmed: true), .bolus, 3_000_000_000, true),
      Row(.prime(bolus, isConfirmed: true), .prime, 3_000_000_000, true),
      Row(.cancelBolus, .cancelBolus, 0, false),
      Row(.patientBolus, .patientBolus, 0, true),
      Row(.anchor(place: TimeSpan(seconds: 7)), .anchor, 7_000_000_000, false),
      Row(.refill(Volume(microlitres: 9)), .refill, 9_000_000_000, false),
      Row(.acknowledge(.overDelivery), .acknowledge, 14, false),
      Row(.silence(.reservoirLow, .hour), .silence, 10, false),
      Row(.stop, .stop, 0, false),
    ]
    for row in rows {
      #expect(row.command.kind == row.kind, "\(row.command)")
      #expect(row.command.value == row.value, "\(row.command)")
      #expect(row.command.deliversMore == row.deliversMore, "\(row.command)")
    }
    #expect(Set(rows.map(\.kind.rawValue)).count == rows.count, "no two share a kind")
  }

  private func engine(
    _ therapy: Therapy, limits: DoseLimits = Fixture.limits(), patient: PatientBolusRule? = nil
  ) throws -> Engine {
    Engine(
      settings: try Fixture.settings(limits: limits),
      prescription: Fixture.prescription(therapy, patient: patient),
      grant: .unlimited)
  }

  /// The events that a command leaves.
  private func events(_ engine: inout Engine, _ command: Command, at now: Instant) throws
    -> [PumpEvent]
  {
    let before = engine.eventCount
    try engine.perform(command, at: now)
    return (before..<engine.eventCount).compactMap { engine.event($0)?.event }
  }

  private func run(_ engine: inout Engine, until end: Instant) {
    while engine.deadline <= end { _ = engine.turn(at: engine.deadline) }
  }

  @Test("An accepted command is among the events, once, and nothing else is that did not happen")
  func accepted() throws {
    let flow = Therapy.continuous(FlowRate(microlitresPerDay: 240))
    let bolus = try Self.bolus()
    var engine = try engine(flow)
    var now = Instant.epoch
    #expect(try events(&engine, .begin(isConfirmed: true), at: now) == [.began])
    now = now + TimeSpan(minutes: 1)
    run(&engine, until: now)
    #expect(try events(&engine, .anchor(place: .hour), at: now) == [.anchored(.hour)])
    #expect(
      try events(
        &engine, .adopt(Fixture.prescription(flow), place: .zero, isConfirmed: true), at: now)
        == [.adopted])
    #expect(
      try events(&engine, .refill(Volume(microlitres: 12_000)), at: now)
        == [.refilled(Volume(microlitres: 12_000))])
    #expect(
      try events(&engine, .suspend, at: now) == [.suspended],
      "nothing was owed, so nothing is given up")
    #expect(try events(&engine, .resume, at: now) == [.resumed])
    #expect(
      try events(&engine, .bolus(bolus, isConfirmed: true), at: now) == [
        .bolusBegan(.single, bolus.volume)
      ])
    now = now + TimeSpan(minutes: 1)
    run(&engine, until: now)
    let half = try bolus.flow.volume(in: TimeSpan(minutes: 1), .down)
    #expect(
      try events(&engine, .cancelBolus, at: now) == [.bolusEnded(.single, half, isWhole: false)])
    // What was cut says nothing of the next one.
    _ = try events(&engine, .bolus(bolus, isConfirmed: true), at: now)
    let before = engine.eventCount
    run(&engine, until: now + TimeSpan(minutes: 3))
    let ended = (before..<engine.eventCount).compactMap { engine.event($0)?.event }
    #expect(
      ended.contains {
        if case .bolusEnded(.single, _, isWhole: true) = $0 { true } else { false }
      }, "\(ended)")
  }

  @Test(
    "Who silences an alarm, and who acknowledges it, is among the events, with how long it is silent"
  )
  func attended() throws {
    var engine = try engine(.continuous(FlowRate(microlitresPerDay: 240)))
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    engine.observe(SensorReadings(milliCelsius: 90_000), wallSeconds: nil, at: .epoch)
    let span = TimeSpan(minutes: 1)
    let silenced = try events(&engine, .silence(.overheated, span), at: .epoch)
    #expect(silenced == [.silenced(.overheated, until: .epoch + span)])
    let acknowledged = try events(&engine, .acknowledge(.overheated), at: .epoch)
    #expect(acknowledged == [.acknowledged(.overheated)])
  }

  @Test("A trip with nothing owed gives nothing up")
  func tripOwesNothing() throws {
    var engine = try engine(.continuous(FlowRate(microlitresPerDay: 240)))
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    run(&engine, until: .epoch + TimeSpan(minutes: 1))
    let before = engine.eventCount
    engine.stop(because: .overDelivery, at: .epoch + TimeSpan(minutes: 1))
    let events = (before..<engine.eventCount).compactMap { engine.event($0)?.event }
    #expect(!events.contains { if case .forgone = $0 { true } else { false } }, "\(events)")
  }

  @Test(
    "A therapy above the soft limit that was confirmed at its begin is resumed and anchored without asking again"
  )
  func confirmedOnce() throws {
    // 2,400 µL at 500 µg/mL are 1,200 µg a day.
    let limits = Fixture.limits(softDay: 1_000)
    var engine = try engine(.continuous(FlowRate(microlitresPerDay: 2_400)), limits: limits)
    #expect(throws: Refusal.needsConfirmation(.day)) {
      try engine.perform(.begin(isConfirmed: false), at: .epoch)
    }
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    try engine.perform(.anchor(place: .hour), at: .epoch)
    try engine.perform(.suspend, at: .epoch)
    try engine.perform(.resume, at: .epoch)
    let state = engine.state
    #expect(state == .delivering)
  }

  @Test("A bolus of the pattern that can't be given is told, alarmed, and can be acknowledged")
  func dropped() throws {
    // Each bolus lasts a ramp longer than its five seconds, so each begins later after its turn than the one before.
    let step = try Fixture.step()
    let bolus = try Bolus(volume: step.volume(ofSteps: 15_000), duration: TimeSpan(seconds: 5))
    let pattern = try FlexPattern(
      period: TimeSpan(milliseconds: 5_050), segments: [.init(start: .zero, flow: .zero)],
      boluses: [.init(start: .zero, bolus: bolus)])
    var engine = try engine(.flex(pattern))
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    run(&engine, until: .epoch + TimeSpan(minutes: 3))
    let events = (0..<engine.eventCount).compactMap { engine.event($0)?.event }
    let count = events.filter { $0 == .bolusDropped(bolus.volume) }.count
    #expect(count > 0)
    let alarm = engine.alarm(.underDelivery)
    #expect(alarm.isStanding && !alarm.isCausePresent)
    // The ones that were given and dropped are all that the pattern had.
    let begun = events.filter { if case .bolusBegan(.scheduled, _) = $0 { true } else { false } }
      .count
    #expect((begun + count...begun + count + 1).contains(36), "\(begun) given, \(count) dropped")
    try engine.perform(.acknowledge(.underDelivery), at: .epoch + TimeSpan(minutes: 3))
    let isStanding = engine.alarm(.underDelivery).isStanding
    #expect(!isStanding)
  }
}
