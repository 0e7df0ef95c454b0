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
  /// Steps of some time.
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

  /// A bolus that began, or one of the pattern that was due and was not given.
  package struct BolusGiven {
    package var at: Date
    /// `nil` for one that was not given.
    package var kind: BolusKind?
    package var asked: Volume
    /// When it ended and what was given of it by then; `nil` where the journal has no end of it.
    package var end: (at: Date, given: Volume)?
    package var isWhole = false
    package var worth: JournalBinding?
  }

  package struct AlarmPast {
    package var alarm: Alarm
    package var raised: Date
    /// `nil` where the journal does not say it: a session that ends takes no cause with it.
    package var causeGone: Date?
    package var acknowledged: Date?
  }

  /// Something that somebody asked for, or that changed what the pump does.
  package struct Change {
    /// What became of it.
    package enum Outcome: String {
      case done, refused, unknown, failed
      /// The journal has no answer to it.
      case unanswered
    }

    package var at: Date
    package var who: String
    package var what: String
    package var outcome = Outcome.done
  }

  package struct Filling {
    package var at: Date
    /// What the ledger had left before, and what the reservoir was filled to.
    package var before: Volume?
    package var to: Volume
  }

  /// The begin of an hour of the zone's own clock, and the steps in it by what they were worth.
  package internal(set) var hours: [Date: [Int: Steps]] = [:]
  /// Steps of times when the clock had not been set.
  package internal(set) var undated: [Int: Steps] = [:]
  /// Steps of sessions that do not say what a step is worth.
  package internal(set) var worthless = Steps()
  /// What steps were worth, in the order of their first use.
  package private(set) var worths: [JournalBinding] = []
  package private(set) var boluses: [BolusGiven] = []
  package private(set) var alarms: [AlarmPast] = []
  package private(set) var changes: [Change] = []
  package private(set) var fillings: [Filling] = []
  /// The ledger's reservoir at the last count of each hour.
  package internal(set) var levels: [Date: Volume] = [:]
  /// Of the steps that were uncertain: those that a clinician has said to be made, and not to be.
  package internal(set) var settled = (made: UInt64(0), notMade: UInt64(0))
  package private(set) var records: UInt64 = 0
  package private(set) var sessions: UInt32 = 0
  /// The first and the last record of a clock that had been set.
  package private(set) var first: Date?
  package private(set) var last: Date?
  /// When a therapy ran; open at its end where it runs still.
  package private(set) var running: [(from: Date, until: Date?)] = []
  package let zone: TimeZone

  /// A clock that says an earlier moment has not been set: the year 2020.
  static let clockIsSet: Int64 = 1_577_836_800

  /// A count of steps, up to which one more are permitted, and until when.
  struct Count {
    var at: Instant
    var wall: Int64
    var until: Instant
    var counts: StepCounts
    var upTo: UInt64
    var worth: Int?
  }

  var count: Count?
  var filled: Volume?
  private var worth: Int?
  private var asked: [UInt64: Int] = [:]
  private var reason: [UInt8] = []
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

  static func date(_ wall: Int64) -> Date { Date(timeIntervalSince1970: Double(wall)) }

  /// Whether a therapy runs at the journal's end.
  package var isRunning: Bool { running.last.map { $0.until == nil } ?? false }

  private var binding: JournalBinding? { worth.map { worths[$0] } }

  private mutating func take(_ record: JournalRecord) {
    records += 1
    sessions = max(sessions, record.session)
    let before = Self.date(wall)
    wall = record.wallSeconds
    let at = Self.date(wall)
    if wall >= Self.clockIsSet {
      first = min(first ?? at, at)
      last = max(last ?? at, at)
    }
    switch record.entry {
    case .opened(_, _, _, let binding, _):
      worth = binding.map { place(of: $0) }
      // One that broke off ran until it was last heard of, or a moment longer.
      stopRunning(before)
    case .grant(let counts, let upTo, let until):
      book(counts, upTo, by: (record.at, wall), until: until, worth: worth)
    case .asked(let ticket, _, _, let by):
      asked[ticket] = changes.count
      changes.append(
        Change(
          at: at, who: by.words, what: Self.request(record, binding), outcome: .unanswered))
    case .answered(let ticket, _, _, let result):
      guard let place = asked.removeValue(forKey: ticket) else { return }
      changes[place].outcome = result.outcome
      changes[place].what += result == .accepted ? ": accepted" : result.words
    case .command(let kind, _, let isAccepted):
      changes.append(
        Change(
          at: at, who: kind == .reconcile ? "a clinician, by hand" : "the program",
          what: record.entry.words(at: record.at, binding),
          outcome: isAccepted ? .done : .refused))
    case .text(let part, let length, let text): take(text, part, length)
    case .event(let event): take(event, at)
    case .profile, .unknown: break
    }
  }

  /// What was asked for, without who and the ticket, which have their own place.
  private static func request(_ record: JournalRecord, _ worth: JournalBinding?) -> String {
    guard case .asked(_, let kind, let value, _) = record.entry else { return "" }
    return JournalEntry.command(kind, value, isAccepted: true).words(at: record.at, worth)
  }

  /// A text belongs to what was written before it: a reason.
  private mutating func take(_ text: JournalText, _ part: UInt16, _ length: UInt32) {
    if part == 0 { reason = [] }
    let left = max(0, Int(length) - reason.count)
    reason += (0..<min(JournalText.size, left)).map { text[$0] }
    guard reason.count == Int(length), !changes.isEmpty else { return }
    changes[changes.count - 1].what += "; reason: \(String(decoding: reason, as: UTF8.self))"
  }

  private mutating func place(of binding: JournalBinding) -> Int {
    if let place = worths.firstIndex(of: binding) { return place }
    worths.append(binding)
    return worths.count - 1
  }

  private mutating func take(_ event: PumpEvent, _ at: Date) {
    switch event {
    case .bolusBegan(let kind, let volume):
      boluses.append(BolusGiven(at: at, kind: kind, asked: volume, worth: binding))
    case .bolusEnded(let kind, let volume, let isWhole):
      guard let place = boluses.lastIndex(where: { $0.kind == kind }), boluses[place].end == nil
      else { return }
      (boluses[place].end, boluses[place].isWhole) = ((at, volume), isWhole)
    case .bolusDropped(let volume):
      boluses.append(BolusGiven(at: at, asked: volume, end: (at, .zero), worth: binding))
    case .alarmRaised(let alarm): alarms.append(AlarmPast(alarm: alarm, raised: at))
    case .alarmCauseGone(let alarm): mark(alarm) { $0.causeGone = $0.causeGone ?? at }
    case .acknowledged(let alarm): mark(alarm) { $0.acknowledged = $0.acknowledged ?? at }
    case .refilled(let volume):
      fillings.append(Filling(at: at, before: level, to: volume))
      filled = volume
      change(event, at)
    case .reconciled(let made, let notMade):
      settle(made, notMade)
      change(event, at)
    case .began, .resumed:
      if !isRunning { running.append((at, nil)) }
      if event == .resumed { change(event, at) }
    case .suspended, .tripped, .ended:
      stopRunning(at)
      change(event, at)
    case .tested(_, passed: false): change(event, at, .failed)
    case .adopted, .anchored, .restarted, .fellBack, .wallClockMoved, .wallClockKept, .stallEnded:
      change(event, at)
    case .late, .forgone, .silenced, .held, .tested(_, passed: true): break
    }
  }

  private mutating func stopRunning(_ at: Date) {
    guard isRunning else { return }
    running[running.count - 1].until = max(at, running[running.count - 1].from)
  }

  private mutating func change(_ event: PumpEvent, _ at: Date, _ outcome: Change.Outcome = .done) {
    changes.append(
      Change(at: at, who: "the pump", what: event.words(binding), outcome: outcome))
  }

  private mutating func mark(_ alarm: Alarm, _ change: (inout AlarmPast) -> Void) {
    guard let place = alarms.lastIndex(where: { $0.alarm == alarm }) else { return }
    change(&alarms[place])
  }

  /// What the ledger has left in the reservoir.
  var level: Volume? {
    guard let filled, let count, let place = count.worth else { return nil }
    let counts = count.counts
    let left = counts.highest - min(counts.atFill, counts.highest)
    return (try? worths[place].step.volume(ofSteps: left, .up)).map { filled.lessening(by: $0) }
  }
}

extension Answered.Result {
  fileprivate var outcome: DeliveryHistory.Change.Outcome {
    switch self {
    case .accepted: .done
    case .refused: .refused
    case .unknown: .unknown
    }
  }
}
