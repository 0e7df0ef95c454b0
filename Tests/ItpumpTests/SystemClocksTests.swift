import Foundation
import PumpJournal
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpSession
import PumpUnits
import Testing

@testable import PumpFiles
@testable import PumpService

@Suite("How long a pump rested is told by the clocks that can tell it, and by no other")
struct SystemClocksTests {
  private static let top = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// What a moment's clocks say, from when the run broke off.
  struct Moment: CustomTestStringConvertible, Sendable {
    var name: String
    var isSameStart: Bool
    var wallMinutes: Int64
    var elapsedMinutes: UInt64
    var wasSynchronised = true
    var isSynchronised = true
    /// The minutes that are known to have passed; `nil` where none are.
    var known: UInt64?
    var isWaiting: Bool
    var testDescription: String { name }
  }

  static let moments = [
    Moment(
      name: "same start, half an hour", isSameStart: true, wallMinutes: 30, elapsedMinutes: 30,
      known: 30,
      isWaiting: false),
    Moment(
      name: "same start, an hour", isSameStart: true, wallMinutes: 60, elapsedMinutes: 60,
      known: 60,
      isWaiting: false),
    Moment(
      name: "same start, a minute more", isSameStart: true, wallMinutes: 61, elapsedMinutes: 61,
      known: 61,
      isWaiting: true),
    Moment(
      name: "same start, the wall clock moved", isSameStart: true, wallMinutes: 5_000,
      elapsedMinutes: 30,
      known: 30, isWaiting: false),
    Moment(
      name: "same start, no time service", isSameStart: true, wallMinutes: 30, elapsedMinutes: 30,
      isSynchronised: false, known: 30, isWaiting: false),
    Moment(
      name: "another start, half an hour by the wall clock", isSameStart: false, wallMinutes: 30,
      elapsedMinutes: 1, known: 30, isWaiting: false),
    Moment(
      name: "another start, two hours", isSameStart: false, wallMinutes: 120, elapsedMinutes: 1,
      known: 120,
      isWaiting: true),
    Moment(
      name: "another start, no time service now", isSameStart: false, wallMinutes: 30,
      elapsedMinutes: 1,
      isSynchronised: false, known: nil, isWaiting: true),
    Moment(
      name: "another start, no time service then", isSameStart: false, wallMinutes: 30,
      elapsedMinutes: 1,
      wasSynchronised: false, known: nil, isWaiting: true),
    Moment(
      name: "another start, a wall clock that went back", isSameStart: false, wallMinutes: -30,
      elapsedMinutes: 1, known: nil, isWaiting: true),
  ]

  private static let before = SystemClocks(
    boot: 7, elapsed: .hour, wallSeconds: 1_795_305_600, isSynchronised: true)
  private static let place = TimeSpan(hours: 3)

  /// A run that broke off with fifty steps granted, and the session after it.
  private func takeUp(
    _ before: SystemClocks, _ later: SystemClocks, _ suspicions: [JournalSuspicion] = []
  ) throws -> (opened: Instant, session: Taken) {
    let bench = try BenchFiles(board: Self.top + "/Hardware/boards/simulator.yaml").bench()
    let drugs = try InputFile.drugs([InputFile(Self.top + "/Profiles/drugs/baclofen.yaml")])
    let text = try InputFile(Self.top + "/Profiles/adult-spinal-night.yaml").text
    let day = Date(timeIntervalSince1970: 1_795_305_600)
    let profile = try #require(
      ProfileLoader(drugs: drugs, bench: bench, now: day).load(text).profile)
    var first = try RunOpening.open(
      Journal(blank: MemoryStore(slots: 1 << 10)), profile, on: bench,
      profile.sessionWish(on: bench), text: [], clocks: before)
    let isFresh = first.plan.rest == nil && !first.plan.fallsBack
    #expect(isFresh, "a new journal has no outage")
    let opened = first.plan.opened
    first.journal.append(
      .command(.begin, Self.place.nanoseconds, isAccepted: true), at: opened,
      wallSeconds: before.wallSeconds)
    first.journal.append(
      .grant(
        first.plan.carried, upTo: first.plan.carried.highest + 50,
        until: opened + TimeSpan(seconds: 70)),
      at: opened, wallSeconds: before.wallSeconds)
    var wish = profile.sessionWish(on: bench)
    wish.isPeriodic = true
    let second = try RunOpening.open(
      try Journal(opening: first.journal.store), profile, on: bench, wish, text: [],
      suspicions: suspicions, clocks: later)
    let (state, rest) = (second.journal.state, second.plan.rest)
    return (
      opened,
      Taken(
        opened: second.plan.opened, rest: try #require(rest),
        uncertain: second.plan.uncertain, isWaiting: second.plan.fallsBack,
        place: second.plan.place, state: state)
    )
  }

  private struct Taken {
    var opened: Instant
    var rest: SessionPlan.Rest
    var uncertain: UInt64
    var isWaiting: Bool
    var place: TimeSpan?
    var state: JournalState
  }

  @Test("A run that broke off, by each kind of start and clock", arguments: moments)
  func brokenOff(moment: Moment) throws {
    var before = Self.before
    before.isSynchronised = moment.wasSynchronised
    let later = SystemClocks(
      boot: moment.isSameStart ? 7 : 8,
      elapsed: moment.isSameStart
        ? .hour + TimeSpan(minutes: moment.elapsedMinutes) : TimeSpan(minutes: 1),
      wallSeconds: before.wallSeconds + moment.wallMinutes * 60,
      isSynchronised: moment.isSynchronised)
    let (opened, taken) = try takeUp(before, later)
    #expect(taken.rest.span == moment.known.map { TimeSpan(minutes: $0) })
    #expect(taken.isWaiting == moment.isWaiting)
    #expect(taken.uncertain == 50)
    #expect(taken.state.servedSince == opened, "it serves since its first session")
    // Where nothing is known the pattern goes on as if it had not rested: no bolus comes sooner for that.
    #expect(taken.place == Self.place + TimeSpan(minutes: moment.known ?? 0))
    // Where nothing is known the clock stands still: what was delivered counts for longer, never for less.
    #expect(taken.opened == opened + TimeSpan(minutes: moment.known ?? 0))
    #expect(taken.state.isClockSynchronised == moment.isSynchronised && taken.state.session == 2)
  }

  @Test("Where doses may be missing from the journal, the best of clocks tells nothing")
  func hiddenDoses() throws {
    var later = Self.before
    later.elapsed = later.elapsed + TimeSpan(minutes: 1)
    for suspicion in [JournalSuspicion.rolledBack(3), .exchanged(3)] {
      let (_, taken) = try takeUp(Self.before, later, [suspicion])
      #expect(taken.rest.span == nil && taken.isWaiting && taken.place == nil, "\(suspicion)")
    }
    let (_, taken) = try takeUp(Self.before, later, [.damagedEnd(3)])
    #expect(
      taken.rest.span == TimeSpan(minutes: 1) && !taken.isWaiting,
      "a lost grant is counted instead")
  }
}
