public import Foundation
import PumpMessages
public import PumpProfiles
import PumpSafety
import PumpTherapy
public import PumpUnits

/// What is known of a run from its start on.
public struct PumpFacts: Sendable {
  public var profile: Profile
  /// What a profile that is to be adopted is judged by.
  public var drugs: [Drug]
  public var bench: Bench
  public var step: StepVolume
  public var board: String
  /// The journal's file; `nil` where it is in memory.
  public var journal: String?
  /// The user who started it.
  public var startedBy: String
  /// When the session was opened, by the pump's clock.
  public let opened: Instant
  /// An instant of the pump's clock, and the wall clock then.
  private var anchor: (at: Instant, on: Date)
  /// Where a pattern without times of day is, and when it was there; `nil` where it begins anew, and for a pattern
  /// that has them.
  public var place: (place: TimeSpan, at: Instant)?
  /// What was prescribed before this, and until when by the pump's clock: a dose is titrated from what ran within
  /// 24 h, and a wall clock that is set changes nothing of that.
  public var earlier: [(profile: Profile, until: Instant)] = []
  /// When the therapy ran last before this session, where no clock could tell for how long it rested; what runs
  /// because of that alone is the minimum rate.
  public var unjudgedSince: Date?
  /// How far the time of day that the pattern follows is ahead of the wall clock, in seconds: a run may be
  /// started as if it were another moment, and what is adopted goes on from there.
  public var ahead: TimeInterval = 0

  /// - Parameter openedOn: The wall clock when the pump's clock read `opened`.
  public init(
    profile: Profile, drugs: [Drug], bench: Bench, step: StepVolume, board: String,
    journal: String?, startedBy: String,
    openedOn: Date, opened: Instant
  ) {
    self.profile = profile
    self.drugs = drugs
    self.bench = bench
    self.step = step
    self.board = board
    self.journal = journal
    self.startedBy = startedBy
    self.opened = opened
    anchor = (opened, openedOn)
  }

  /// The wall clock at an instant of the pump's clock.
  func date(_ instant: Instant) -> Date {
    let (at, on) = anchor
    if instant >= at {
      return on.addingTimeInterval(Double(instant.elapsed(since: at).nanoseconds) / 1e9)
    }
    return on.addingTimeInterval(-Double(at.elapsed(since: instant).nanoseconds) / 1e9)
  }

  /// Where a profile's pattern is at a date of the wall clock.
  func place(of profile: Profile, at date: Date) -> TimeSpan {
    profile.place(at: date.addingTimeInterval(ahead))
  }

  /// Follows a wall clock that was set: what it was before says nothing of any date.
  mutating func follow(_ date: Date, at instant: Instant) {
    guard abs(self.date(instant).timeIntervalSince(date)) > 2 else { return }
    anchor = (instant, date)
  }

  /// Takes over what runs from an instant on, at a place of its pattern.
  public mutating func adopt(_ profile: Profile, place: TimeSpan, at instant: Instant) {
    earlier.append((self.profile, until: instant))
    earlier.removeAll { $0.until + .day <= instant }
    self.profile = profile
    unjudgedSince = nil
    moved(to: place, at: instant)
  }

  /// Takes note of where the pattern was moved.
  public mutating func moved(to place: TimeSpan, at instant: Instant) {
    self.place = profile.mode == .periodic ? (place, instant) : nil
  }

  /// What was prescribed within 24 h before an instant, the present profile first.
  func prescribed(within24hBefore instant: Instant) -> [Profile] {
    [profile] + earlier.filter { $0.until + .day > instant }.map(\.profile)
  }
}
