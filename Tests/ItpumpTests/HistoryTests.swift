import Foundation
import PumpJournal
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpReports

@Suite("A journal's past: every step in one hour, one day and one worth, and nothing made up")
struct HistoryTests {
  private static let utc = TimeZone.gmt
  /// 2026-01-01 00:00 UTC: the wall clock counts from there, unless it is said otherwise.
  private static let newYear: Int64 = 1_767_225_600

  /// A microstep of 156.25 pL at 500 µg/mL: 64,000 of them hold 5 µg.
  private static func binding(_ microgramsPerMillilitre: UInt64 = 500) throws -> JournalBinding {
    JournalBinding(
      step: try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1),
      concentration: Concentration(microgramsPerMillilitre: microgramsPerMillilitre))
  }

  /// A journal of entries, each at so many minutes.
  private static func journal(
    _ entries: [(minute: UInt64, entry: JournalEntry)], from wall: Int64 = newYear
  ) -> Journal<MemoryStore> {
    var journal = Journal(blank: MemoryStore(slots: 8_192))
    for (minute, entry) in entries {
      journal.append(
        entry, at: .epoch + TimeSpan(minutes: minute), wallSeconds: wall + Int64(minute) * 60)
    }
    return journal
  }

  private static func opened(_ worth: JournalBinding?) -> JournalEntry {
    .opened(boot: 1, clock: .zero, servedSince: .epoch, worth)
  }

  private static func grant(
    _ certain: UInt64, _ uncertain: UInt64 = 0, missed: UInt64 = 0, upTo: UInt64? = nil,
    untilMinute minute: UInt64 = 10_000
  ) -> JournalEntry {
    .grant(
      StepCounts(certain: certain, uncertain: uncertain, missed: missed),
      upTo: upTo ?? certain + uncertain, until: .epoch + TimeSpan(minutes: minute))
  }

  private static func hour(_ day: Int, _ hour: Int) -> Date {
    Date(timeIntervalSince1970: Double(newYear) + Double(day) * 86_400 + Double(hour) * 3_600)
  }

  @Test(
    "80,000 steps from 22:50 to 00:10 are 10,000, 60,000 and 10,000: ten minutes, an hour, ten minutes"
  )
  func spread() throws {
    let (from, to) = (UInt64(22 * 60 + 50), UInt64(24 * 60 + 10))
    var journal = Self.journal([
      (from, Self.opened(try Self.binding())), (from, Self.grant(0)), (to, Self.grant(80_000)),
      (to, .event(.ended)),
    ])
    let history = DeliveryHistory(&journal, in: Self.utc)
    #expect(history.hours[Self.hour(0, 22)]?[0]?.certain == 10_000)
    #expect(history.hours[Self.hour(0, 23)]?[0]?.certain == 60_000)
    #expect(history.hours[Self.hour(1, 0)]?[0]?.certain == 10_000)
    let days = HistoryDays(history)
    #expect(days.days.map(\.dose.certain_ug) == [5.46875, 0.78125])
    #expect(days.days.map(\.isWhole) == [false, false])
  }

  @Test(
    "After a crash the steps that may have been made lie in the time that the last grant permitted, and no later"
  )
  func crash() throws {
    // Permitted from 10:00 to 10:30; the next session is ten hours later, and the journal ends with 300 open.
    var journal = Self.journal([
      (600, Self.opened(try Self.binding())),
      (600, Self.grant(1_000, upTo: 1_200, untilMinute: 630)),
      (1_200, Self.opened(try Self.binding())), (1_200, Self.grant(1_000, 200)),
      (1_260, Self.grant(1_000, 200, upTo: 1_500, untilMinute: 1_290)),
    ])
    let history = DeliveryHistory(&journal, in: Self.utc)
    #expect(history.hours[Self.hour(0, 10)]?[0]?.uncertain == 200)
    #expect(history.hours[Self.hour(0, 21)]?[0]?.uncertain == 300)
    #expect(history.hours.count == 2)
  }

  @Test(
    "A step counts as the drug that was in the pump: 2000 µg/mL before the refill, 500 after it")
  func worth() throws {
    var journal = Self.journal([
      (0, Self.opened(try Self.binding(2_000))), (0, Self.grant(0)), (60, Self.grant(64_000)),
      (60, .event(.ended)), (60, Self.opened(try Self.binding(500))), (60, Self.grant(64_000)),
      (120, Self.grant(128_000)), (120, .event(.ended)),
    ])
    let history = DeliveryHistory(&journal, in: Self.utc)
    #expect(HistoryDays(history).total.certain_ug == 25)
    #expect(history.worths.count == 2)
    var old = Self.journal([(0, Self.opened(nil)), (0, Self.grant(0)), (60, Self.grant(7))])
    let unknown = DeliveryHistory(&old, in: Self.utc)
    #expect(unknown.hours.isEmpty && unknown.worthless.certain == 7)
    // What an earlier session's steps were worth says nothing of a later one's.
    var later = Self.journal([
      (0, Self.opened(try Self.binding())), (0, Self.grant(0)), (0, .event(.ended)),
      (1, Self.opened(nil)), (1, Self.grant(0)), (60, Self.grant(7)),
    ])
    #expect(DeliveryHistory(&later, in: Self.utc).worthless.certain == 7)
  }

  @Test(
    "What a clinician settles counts where it was uncertain: 70 made and 30 not of the first minutes' 100"
  )
  func reconciled() throws {
    var journal = Self.journal([
      (0, Self.opened(try Self.binding())), (0, Self.grant(0, upTo: 100, untilMinute: 10)),
      (60, Self.opened(try Self.binding())), (60, Self.grant(0, 100)),
      (1_500, .command(.reconcile, 70, isAccepted: true)),
      (1_500, .event(.reconciled(made: 70, notMade: 30))), (1_500, Self.grant(70, 0)),
      (1_560, Self.grant(90, 0)), (1_560, .event(.ended)),
    ])
    let history = DeliveryHistory(&journal, in: Self.utc)
    #expect(history.hours[Self.hour(0, 0)]?[0] == .init(certain: 70, uncertain: 0, missed: 0))
    #expect(history.hours[Self.hour(1, 1)]?[0] == .init(certain: 20, uncertain: 0, missed: 0))
    #expect(history.hours.count == 2)
    #expect(history.settled.made == 70 && history.settled.notMade == 30)
  }

  @Test(
    "It may be settled before another session has counted: what the last grant permitted is in it")
  func reconciledAtOnce() throws {
    var journal = Self.journal([
      (0, Self.opened(try Self.binding())), (0, Self.grant(40, upTo: 100, untilMinute: 10)),
      (60, .event(.reconciled(made: 50, notMade: 10))),
    ])
    let history = DeliveryHistory(&journal, in: Self.utc)
    #expect(history.hours[Self.hour(0, 0)]?[0] == .init(certain: 50, uncertain: 0, missed: 0))
    #expect(journal.state.carried.certain == 90 && journal.state.carried.uncertain == 0)
  }

  @Test("Of two hours that are uncertain, what was made is told of the earlier one")
  func reconciledTwoHours() throws {
    var journal = Self.journal([
      (0, Self.opened(try Self.binding())), (0, Self.grant(0, upTo: 100, untilMinute: 10)),
      (60, Self.opened(try Self.binding())), (60, Self.grant(0, 100, upTo: 200, untilMinute: 70)),
      (120, Self.opened(try Self.binding())), (120, Self.grant(0, 200)),
      (180, .event(.reconciled(made: 120, notMade: 80))),
    ])
    let history = DeliveryHistory(&journal, in: Self.utc)
    #expect(history.hours[Self.hour(0, 0)]?[0] == .init(certain: 100, uncertain: 0, missed: 0))
    #expect(history.hours[Self.hour(0, 1)]?[0] == .init(certain: 20, uncertain: 0, missed: 0))
  }

  @Test(
    "A clock that was never set: its steps are in the sum and in no day, and the other days stay")
  func unsetClock() throws {
    var journal = Journal(blank: MemoryStore(slots: 64))
    let worth = try Self.binding()
    func put(_ minute: UInt64, _ wall: Int64, _ entry: JournalEntry) {
      journal.append(entry, at: .epoch + TimeSpan(minutes: minute), wallSeconds: wall)
    }
    put(0, 100, Self.opened(worth))
    put(0, 100, Self.grant(0))
    put(10, Self.newYear, Self.grant(64_000))
    put(20, Self.newYear + 600, Self.grant(128_000))
    put(20, Self.newYear + 600, .event(.ended))
    let history = DeliveryHistory(&journal, in: Self.utc)
    let days = HistoryDays(history)
    #expect(days.total.certain_ug == 10 && days.undated.certain_ug == 5)
    #expect(days.days.map(\.dose.certain_ug) == [5])
    #expect(history.first == Self.hour(0, 0))
  }

  @Test(
    "A day with two hours of outage, and one with a hold, are no whole days; an hour does not count"
  )
  func outages() throws {
    let worth = try Self.binding()
    let day: UInt64 = 1_440
    var journal = Self.journal([
      (0, Self.opened(worth)), (0, .event(.began)), (0, Self.grant(0)),
      // The second day: it breaks off at noon, and goes on at two.
      (day + 720, Self.grant(0)), (day + 840, Self.opened(worth)), (day + 840, .event(.began)),
      // The third: held for an hour. The fourth: for two.
      (2 * day + 60, .event(.suspended)), (2 * day + 120, .event(.resumed)),
      (3 * day + 60, .event(.suspended)), (3 * day + 180, .event(.resumed)),
      (5 * day + 1, .event(.ended)),
    ])
    let days = HistoryDays(DeliveryHistory(&journal, in: Self.utc)).days
    #expect(days.map(\.isWhole) == [true, false, true, false, true, false])
  }

  /// Numbers by a seed (SplitMix64).
  private struct Draw {
    var state: UInt64

    mutating func callAsFunction(_ below: UInt64) -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      return (z ^ z >> 31) % below
    }
  }

  @Test(
    "Over random journals the hours hold the journal's own counts, to the step, in whatever zone",
    arguments: [
      "UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns",
    ])
  func sums(zone: String) throws {
    let zone = try #require(TimeZone(identifier: zone))
    for seed in UInt64(1)...40 {
      var draw = Draw(state: seed)
      var (minute, counts, until) = (draw(1_000_000), StepCounts(), UInt64(0))
      var entries: [(UInt64, JournalEntry)] = [(minute, Self.opened(try Self.binding()))]
      for _ in 0..<60 {
        until = minute + draw(300)
        let more = draw(2) == 0 ? 0 : draw(5_000)
        entries.append(
          (
            minute,
            Self.grant(
              counts.certain, counts.uncertain, missed: counts.missed, upTo: counts.highest + more,
              untilMinute: until)
          ))
        minute += draw(400)
        counts.missed += draw(3) == 0 ? draw(50) : 0
        if draw(5) == 0 {
          counts.uncertain += more
          entries.append((minute, Self.opened(try Self.binding())))
        } else {
          counts.certain += draw(more + 1)
        }
      }
      entries.append((minute, Self.grant(counts.certain, counts.uncertain, missed: counts.missed)))
      var journal = Self.journal(entries)
      let history = DeliveryHistory(&journal, in: zone)
      let steps = history.hours.values.flatMap(\.values)
      #expect(steps.map(\.certain).reduce(0, +) == counts.certain, "seed \(seed)")
      #expect(steps.map(\.uncertain).reduce(0, +) == counts.uncertain, "seed \(seed)")
      #expect(steps.map(\.missed).reduce(0, +) == counts.missed, "seed \(seed)")
      let days = HistoryDays(history)
      let sum = days.days.map(\.dose.certain_ug).reduce(0, +)
      // A step is 78 pg; each day is rounded to one.
      #expect(abs(sum - days.total.certain_ug) < 5e-5, "seed \(seed): a day is missing")
    }
  }

  @Test(
    "Days are the calendar's: 25 hours where the clock is set back, and hours of a zone at the half hour"
  )
  func calendar() throws {
    // Berlin 2026-10-25: midnight is 22:00 UTC on the 24th, the next one 23:00 UTC on the 25th.
    let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
    let begin: UInt64 = 3_000
    var journal = Self.journal(
      [
        (begin - 60, Self.opened(try Self.binding())), (begin - 60, .event(.began)),
        (begin, Self.grant(0, untilMinute: begin * 2)), (begin + 1_500, Self.grant(25 * 64_000)),
        (begin + 2_000, .event(.ended)),
      ], from: 1_792_879_200 - Int64(begin) * 60)
    let days = HistoryDays(DeliveryHistory(&journal, in: berlin))
    #expect(days.days.map(\.dose.certain_ug) == [0, 125, 0])
    #expect(days.days.map(\.isWhole) == [false, true, false])
    // The hour from two to three came twice, with as much in each.
    #expect(days.meanOfHours == [Double](repeating: 5, count: 24))
    let kolkata = try #require(TimeZone(identifier: "Asia/Kolkata"))
    let history = DeliveryHistory(&journal, in: kolkata)
    #expect(history.hours.keys.allSatisfy { Int($0.timeIntervalSince1970) % 3_600 == 1_800 })
  }

  /// A journal of days with so many steps each, from midnight to midnight.
  private static func daily(_ steps: [UInt64]) throws -> HistoryDays {
    var entries: [(UInt64, JournalEntry)] = [
      (0, opened(try binding())), (0, .event(.began)), (0, grant(0)),
    ]
    var sum: UInt64 = 0
    for (day, each) in steps.enumerated() {
      sum += each
      let minute = UInt64(day + 1) * 1_440
      entries.append((minute, grant(sum, untilMinute: minute + 2_000)))
    }
    var journal = journal(entries.map { ($0.0, $0.1) })
    return HistoryDays(DeliveryHistory(&journal, in: utc))
  }

  @Test(
    "A daily dose that rises by over a fifth from four weeks to the next four is flagged; less, or a shorter past, is not"
  )
  func trend() throws {
    let flat = [UInt64](repeating: 64_000, count: 28)
    func trend(_ later: UInt64, _ days: Int = 28) throws -> DoseTrend? {
      DoseTrend(try Self.daily(flat + [UInt64](repeating: later, count: days)))
    }
    let risen = try #require(try trend(76_928))
    #expect(risen.is_flagged && risen.before_ug_per_day == 5)
    #expect(abs(risen.latest_ug_per_day - 6.01) < 1e-9)
    let same = try #require(try trend(76_800))
    #expect(!same.is_flagged && abs(same.rise_percent - 20) < 1e-9)
    #expect(try trend(76_928, 27) == nil)
  }

  @Test(
    "A bolus that broke off, one that was not given, an alarm and its end: each stands in its table"
  )
  func tables() throws {
    let volume = Volume(microlitres: 2)
    let asker = Operator(user: 7, role: .clinician)
    var journal = Self.journal([
      (0, Self.opened(try Self.binding())), (0, Self.grant(0)),
      (1, .asked(ticket: 9, .bolus, volume.femtolitres, asker)),
      (1, .answered(ticket: 9, .bolus, volume.femtolitres, .accepted)),
      (1, .event(.bolusBegan(.single, volume))),
      (2, .event(.alarmRaised(.driverFault))),
      (2, .event(.bolusEnded(.single, Volume(microlitres: 1), isWhole: false))),
      (3, .event(.bolusDropped(volume))),
      (4, .asked(ticket: 10, .resume, 0, asker)),
      (4, .answered(ticket: 10, .resume, 0, .refused(.bolusInProgress))),
      (5, .event(.alarmCauseGone(.driverFault))), (6, .event(.acknowledged(.driverFault))),
      (7, .event(.refilled(Volume(microlitres: 20_000)))), (7, .asked(ticket: 11, .stop, 0, asker)),
    ])
    let history = DeliveryHistory(&journal, in: Self.utc, filled: Volume(microlitres: 40_000))
    #expect(history.boluses.map { $0.end?.given } == [Volume(microlitres: 1), .zero])
    #expect(history.boluses.map(\.isWhole) == [false, false])
    #expect(history.boluses.map(\.kind) == [.single, nil])
    let past = try #require(history.alarms.first)
    #expect(history.alarms.count == 1 && past.alarm == .driverFault)
    #expect(past.causeGone == Self.hour(0, 0) + 300)
    #expect(past.acknowledged == Self.hour(0, 0) + 360)
    #expect(history.fillings.first?.before == Volume(microlitres: 40_000))
    let words = history.changes.map(\.what)
    #expect(words[0] == "bolus 2 µL (1 µg): accepted")
    #expect(words[1].contains("resume") && words[1].contains("REFUSED"))
    #expect(history.changes[0].who == "clinician (user 7)")
    // Nobody answered it before the journal's end: that it was accepted is not said.
    #expect(words.last == "stop" && history.changes.last?.outcome == .unanswered)
    #expect(history.changes.prefix(2).map(\.outcome) == [.done, .refused])
  }
}
