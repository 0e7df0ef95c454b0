package import Foundation
package import PumpJournal
package import PumpMessages
import PumpSafety
package import PumpTherapy
package import PumpUnits

/// What a journal tells of a pump's past: doses by the hour, boluses, alarms, and what was asked for.
///
/// A grant holds counts of steps and no moment of each: the steps between two of them are spread evenly over the
/// time in which the earlier one permitted them. The wall clock is the record's own.
package struct DeliveryHistory {
  /// Steps of one hour, by what they were worth then.
  package struct Steps: Equatable {
    /// Steps that were made.
    package var certain: UInt64 = 0
    /// Steps that may have been made besides.
    package var uncertain: UInt64 = 0
    /// Steps that were due and given up.
    package var missed: UInt64 = 0

    static func += (left: inout Self, right: Self) {
      left.certain += right.certain
      left.uncertain += right.uncertain
      left.missed += right.missed
    }
  }

  /// A bolus that began, or one that was due and was not given.
  package struct BolusGiven {
    package var at: Date
    package var kind: BolusKind?
    package var asked: Volume
    /// What was given of it; `nil` where the journal has no end of it.
    package var given: Volume?
    package var isWhole = false
    package var worth: JournalBinding?
  }

  package struct AlarmPast {
    package var alarm: Alarm
    package var raised: Date
    package var causeGone: Date?
    package var acknowledged: Date?
  }

  /// Something that somebody asked for, or that changed what the pump does.
  package struct Change {
    package var at: Date
    package var who: String
    package var what: String
  }

  package struct Filling {
    package var at: Date
    /// What the ledger had left before, and what the reservoir was filled to.
    package var before: Volume?
    package var to: Volume
  }

  /// The begin of an hour of the zone's own clock, and the steps in it, one entry for each worth.
  package private(set) var hours: [Date: [Int: Steps]] = [:]
  /// What steps were worth, in the order of their first use.
  package private(set) var worths: [JournalBinding] = []
  package private(set) var boluses: [BolusGiven] = []
  package private(set) var alarms: [AlarmPast] = []
  package private(set) var changes: [Change] = []
  package private(set) var fillings: [Filling] = []
  /// The ledger's reservoir at the last count of each hour.
  package private(set) var levels: [Date: Volume] = [:]
  /// Steps of sessions that do not say what a step is worth.
  package private(set) var worthless = Steps()
  /// Of the steps that were uncertain: those that a clinician has settled since.
  package private(set) var settled = Steps()
  package private(set) var records: UInt64 = 0
  package private(set) var sessions: UInt32 = 0
  package private(set) var first: Date?
  package private(set) var last: Date?
  package let zone: TimeZone

  /// A count of steps and until when more were permitted.
  private struct Count {
    var at: Instant
    var wall: Int64
    var until: Instant
    var counts: StepCounts
    var worth: Int?
  }

  private var count: Count?
  private var worth: Int?
  private var filled: Volume?
  private var reconciled = (made: UInt64(0), settled: UInt64(0))
  private var asked: [UInt64: Int] = [:]
  private var wall: Int64 = 0

  /// Reads a journal from its first record to its last.
  ///
  /// - Parameter filled: What the reservoir held before the journal tells of a refill.
  package init<Store: JournalStore & ~Copyable>(
    _ journal: inout Journal<Store>, in zone: TimeZone, filled: Volume? = nil
  ) {
    self.zone = zone
    self.filled = filled
    for sequence in journal.first..<journal.next {
      if let record = journal.record(sequence) { take(record) }
    }
    close(journal.state.carried)
  }

  private static func date(_ wall: Int64) -> Date {
    Date(timeIntervalSince1970: Double(wall))
  }

  private mutating func take(_ record: JournalRecord) {
    records += 1
    sessions = max(sessions, record.session)
    wall = record.wallSeconds
    let at = Self.date(wall)
    first = min(first ?? at, at)
    last = max(last ?? at, at)
    let binding = worth.map { worths[$0] }
    switch record.entry {
    case .opened(_, _, _, let binding, _):
      if let binding { note(binding) }
      endSession()
    case .grant(let counts, _, let until):
      book(counts, by: (record.at, wall), until: until)
    case .asked(let ticket, _, _, let by):
      asked[ticket] = changes.count
      changes.append(
        Change(at: at, who: by.words, what: Self.request(record, binding)))
    case .answered(let ticket, _, _, let result):
      guard let place = asked.removeValue(forKey: ticket) else { return }
      changes[place].what += result == .accepted ? ": accepted" : result.words
    case .command:
      changes.append(
        Change(at: at, who: "the program", what: record.entry.words(at: record.at, binding)))
    case .event(let event): take(event, at)
    case .profile, .text, .unknown: break
    }
  }

  /// What was asked for, without who and the ticket, which have their own place.
  private static func request(_ record: JournalRecord, _ worth: JournalBinding?) -> String {
    guard case .asked(_, let kind, let value, _) = record.entry else { return "" }
    return JournalEntry.command(kind, value, isAccepted: true).words(at: record.at, worth)
  }

  private mutating func note(_ binding: JournalBinding) {
    if let place = worths.firstIndex(of: binding) {
      worth = place
    } else {
      worth = worths.count
      worths.append(binding)
    }
  }

  private mutating func take(_ event: PumpEvent, _ at: Date) {
    let binding = worth.map { worths[$0] }
    switch event {
    case .bolusBegan(let kind, let volume):
      boluses.append(BolusGiven(at: at, kind: kind, asked: volume, worth: binding))
    case .bolusEnded(let kind, let volume, let isWhole):
      guard let place = boluses.lastIndex(where: { $0.kind == kind }), boluses[place].given == nil
      else { return }
      (boluses[place].given, boluses[place].isWhole) = (volume, isWhole)
    case .bolusDropped(let volume):
      boluses.append(BolusGiven(at: at, asked: volume, given: .zero, worth: binding))
    case .alarmRaised(let alarm):
      // One that is raised again stands anew.
      alarms.append(AlarmPast(alarm: alarm, raised: at))
    case .alarmCauseGone(let alarm): mark(alarm) { $0.causeGone = $0.causeGone ?? at }
    case .acknowledged(let alarm): mark(alarm) { $0.acknowledged = $0.acknowledged ?? at }
    case .refilled(let volume):
      fillings.append(Filling(at: at, before: level, to: volume))
      filled = volume
      change(event, at)
    case .reconciled(let made, let notMade):
      reconciled = (reconciled.made + made, reconciled.settled + made + notMade)
      settled.certain += made
      settled.missed += notMade
      change(event, at)
    case .adopted, .anchored, .tripped, .restarted, .fellBack, .suspended, .resumed, .ended,
      .wallClockMoved, .wallClockKept, .stallEnded, .tested(_, passed: false):
      change(event, at)
    case .began, .late, .forgone, .silenced, .held, .tested(_, passed: true): break
    }
  }

  private mutating func change(_ event: PumpEvent, _ at: Date) {
    changes.append(
      Change(at: at, who: "the pump", what: event.words(worth.map { worths[$0] })))
  }

  private mutating func mark(_ alarm: Alarm, _ change: (inout AlarmPast) -> Void) {
    guard let place = alarms.lastIndex(where: { $0.alarm == alarm }) else { return }
    change(&alarms[place])
  }

  /// A session takes no cause of an alarm with it.
  private mutating func endSession() {
    let at = Self.date(wall)
    for place in alarms.indices where alarms[place].causeGone == nil {
      alarms[place].causeGone = at
    }
  }

  /// What the ledger has left in the reservoir.
  private var level: Volume? {
    guard let filled, let count, let place = count.worth else { return nil }
    let counts = count.counts
    let left = counts.highest - min(counts.atFill, counts.highest)
    return (try? worths[place].step.volume(ofSteps: left, .up)).map { filled.lessening(by: $0) }
  }
}

extension DeliveryHistory {
  /// Books what came between two counts.
  private mutating func book(
    _ counts: StepCounts, by now: (at: Instant, wall: Int64), until: Instant
  ) {
    if let count { spread(from: count, to: counts, at: now.at) }
    count = Count(at: now.at, wall: now.wall, until: until, counts: counts, worth: worth)
    if let level { levels[hour(of: now.wall)] = level }
  }

  /// What the last grant permitted and nobody has acknowledged may have been made.
  private mutating func close(_ carried: StepCounts) {
    if let count { spread(from: count, to: carried, at: count.until) }
  }

  private mutating func spread(from old: Count, to counts: StepCounts, at now: Instant) {
    func more(_ new: UInt64, _ old: UInt64) -> UInt64 { new - min(new, old) }
    // What was settled by hand was booked before, as uncertain.
    let certain = more(counts.certain, old.counts.certain + reconciled.made)
    let uncertain = more(counts.uncertain + reconciled.settled, old.counts.uncertain)
    let missed = more(counts.missed, old.counts.missed)
    reconciled = (0, 0)
    guard certain + uncertain + missed > 0 else { return }
    let end = max(old.at, min(now, old.until))
    let seconds = end.elapsed(since: old.at).nanoseconds / 1_000_000_000
    var done = Steps()
    for (hour, upTo) in pieces(from: old.wall, lasting: seconds) {
      func share(_ steps: UInt64) -> UInt64 {
        guard upTo < seconds else { return steps }
        let (high, low) = steps.multipliedFullWidth(by: upTo)
        return seconds.dividingFullWidth((high, low)).quotient
      }
      let so = Steps(certain: share(certain), uncertain: share(uncertain), missed: share(missed))
      add(
        Steps(
          certain: so.certain - done.certain, uncertain: so.uncertain - done.uncertain,
          missed: so.missed - done.missed), to: hour, old.worth)
      done = so
    }
  }

  private mutating func add(_ steps: Steps, to hour: Date, _ worth: Int?) {
    guard let worth else {
      worthless += steps
      return
    }
    hours[hour, default: [:]][worth, default: Steps()] += steps
  }

  /// The hours that a time lies in, each with the seconds from its begin to the hour's end.
  private func pieces(from wall: Int64, lasting seconds: UInt64) -> [(hour: Date, upTo: UInt64)] {
    var pieces: [(Date, UInt64)] = []
    var at = wall
    let end = wall + Int64(clamping: seconds)
    repeat {
      let hour = hour(of: at)
      let next = Int64(hour.timeIntervalSince1970) + 3_600
      pieces.append((hour, UInt64(clamping: min(next, end) - wall)))
      at = next
    } while at < end
    return pieces
  }

  /// The begin of the hour by the zone's clock, which may lie at the half hour of universal time.
  private func hour(of wall: Int64) -> Date {
    let offset = Int64(zone.secondsFromGMT(for: Self.date(wall)))
    let local = wall + offset
    return Self.date(wall - (local % 3_600 + 3_600) % 3_600)
  }
}
