import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@Suite(
  "An alarm of a sensor begins one unit beyond its limit, and its cause goes one margin away from it"
)
struct SensorBoundaryTests {
  /// Readings one after the other, and whether the alarm's cause holds after each.
  private func causes(_ alarm: Alarm, _ readings: [SensorReadings]) throws -> [Bool] {
    var engine = Engine(
      settings: try Fixture.settings(), prescription: Fixture.prescription(.stopped),
      grant: .unlimited)
    return readings.map { reading in
      engine.observe(reading, wallSeconds: nil, at: .epoch)
      return engine.alarm(alarm).isCausePresent
    }
  }

  @Test("Battery low, battery depleted, overheated")
  func hysteresis() throws {
    let limits = SensorLimits()
    let batteries: [(Alarm, UInt32)] = [
      (.batteryLow, limits.batteryLowMillivolts),
      (.batteryDepleted, limits.batteryDepletedMillivolts),
    ]
    for (alarm, limit) in batteries {
      let margin = limits.batteryMarginMillivolts
      let steps: [UInt32] = [
        limit, limit - 1, limit, limit + margin - 1, limit + margin, limit + margin - 1, limit,
        limit - 1,
      ]
      let told = try causes(alarm, steps.map { SensorReadings(batteryMillivolts: $0) })
      #expect(told == [false, true, true, true, false, false, false, true], "\(alarm)")
    }
    let limit = limits.overheatedMilliCelsius
    let margin = limits.marginMilliCelsius
    let steps = [
      limit, limit + 1, limit, limit - margin + 1, limit - margin, limit - margin + 1, limit,
      limit + 1,
    ]
    let told = try causes(.overheated, steps.map { SensorReadings(milliCelsius: $0) })
    #expect(told == [false, true, true, true, false, false, false, true])
    // A sensor that is not read says nothing.
    let silent = try causes(
      .overheated, [SensorReadings(milliCelsius: limit + 1), SensorReadings()])
    #expect(silent == [true, true])
  }

  @Test("A sensor's alarm sounds at the instant of its reading, and not a round of sensors later")
  func soundsAtOnce() throws {
    var engine = Engine(
      settings: try Fixture.settings(), prescription: Fixture.prescription(.stopped),
      grant: .unlimited)
    let now = Instant.epoch + TimeSpan(milliseconds: 1)
    func actions() -> [EngineAction] {
      var taken: [EngineAction] = []
      while engine.deadline <= now, taken.count < 10 {
        if let action = engine.turn(at: now) { taken.append(action) }
      }
      return taken
    }
    _ = actions()
    let low = SensorLimits().batteryLowMillivolts
    engine.observe(SensorReadings(batteryMillivolts: low), wallSeconds: nil, at: now)
    let quiet = actions()
    #expect(quiet.isEmpty)
    engine.observe(SensorReadings(batteryMillivolts: low - 1), wallSeconds: nil, at: now)
    let taken = actions()
    #expect(taken.contains { if case .sound = $0 { true } else { false } })
  }

  @Test("The driver's fault line trips at once, and its cause goes with the next good reading")
  func driverFault() throws {
    let told = try causes(
      .driverFault, [SensorReadings(), SensorReadings(driverFault: true), SensorReadings()])
    #expect(told == [false, true, false])
  }

  @Test("The reservoir's switch, until a refill")
  func reservoirSwitch() throws {
    let told = try causes(
      .reservoirLow,
      [
        SensorReadings(isReservoirLow: false), SensorReadings(isReservoirLow: true),
        SensorReadings(),
        SensorReadings(isReservoirLow: false),
      ])
    #expect(told == [false, true, true, false])
    var engine = Engine(
      settings: try Fixture.settings(), prescription: Fixture.prescription(.stopped),
      grant: .unlimited)
    engine.observe(SensorReadings(isReservoirLow: true), wallSeconds: nil, at: .epoch)
    try engine.perform(.refill(Volume(microlitres: 20_000)), at: .epoch)
    let isPresent = engine.alarm(.reservoirLow).isCausePresent
    #expect(!isPresent, "what the switch said before a refill is old")
  }

  @Test("A wall clock that moved by more than the tolerance is told once, by how much, either way")
  func wallClock() throws {
    let tolerance = SensorLimits().wallClockToleranceSeconds
    var engine = Engine(
      settings: try Fixture.settings(), prescription: Fixture.prescription(.stopped),
      grant: .unlimited)
    var at = Instant.epoch
    func moved(to offset: Int64) -> [PumpEvent] {
      at = at + TimeSpan(seconds: 60)
      let before = engine.eventCount
      engine.observe(
        SensorReadings(),
        wallSeconds: 1_800_000_000 + Int64(at.nanoseconds / 1_000_000_000) + offset, at: at)
      return (before..<engine.eventCount).compactMap { engine.event($0)?.event }
    }
    func told(_ seconds: Int64) -> [PumpEvent] {
      [
        .wallClockMoved(seconds: seconds), .alarmRaised(.wallClockMoved),
        .alarmCauseGone(.wallClockMoved),
      ]
    }
    #expect(moved(to: 0).isEmpty, "the first reading is no move")
    #expect(moved(to: tolerance).isEmpty)
    #expect(moved(to: tolerance + 1) == told(tolerance + 1))
    #expect(moved(to: tolerance + 1).isEmpty, "once")
    #expect(moved(to: 1).isEmpty)
    #expect(moved(to: 0) == told(-(tolerance + 1)))
  }

  @Test("The reminder of a stopped pump comes at its time and not before, and delivery ends it")
  func stoppedLong() throws {
    let settings = try Fixture.settings()
    var engine = Engine(
      settings: settings,
      prescription: Fixture.prescription(.continuous(FlowRate(microlitresPerDay: 2_400))),
      grant: .unlimited)
    func run(until end: Instant) {
      while engine.deadline <= end { _ = engine.turn(at: engine.deadline) }
    }
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    let stopped = Instant.epoch + TimeSpan(minutes: 5)
    run(until: stopped)
    try engine.perform(.suspend, at: stopped)
    let due = stopped + settings.stoppedReminder
    run(until: due.preceding(by: TimeSpan(nanoseconds: 1)))
    let before = engine.alarm(.stoppedLong).isStanding
    #expect(!before)
    run(until: due + TimeSpan(minutes: 2))
    let reminded = engine.alarm(.stoppedLong)
    #expect(reminded.isCausePresent)
    let resumed = due + TimeSpan(minutes: 2)
    try engine.perform(.resume, at: resumed)
    run(until: resumed + TimeSpan(minutes: 10))
    let after = engine.alarm(.stoppedLong)
    #expect(!after.isCausePresent && after.isStanding, "gone, and still to be acknowledged")
  }
}
