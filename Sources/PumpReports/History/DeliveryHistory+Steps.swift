import Foundation
import PumpMessages
import PumpUnits

/// Which steps belong to which hour.
extension DeliveryHistory {
  /// Books what came between two counts.
  mutating func book(
    _ counts: StepCounts, _ upTo: UInt64, by now: (at: Instant, wall: Int64), until: Instant,
    worth: Int?
  ) {
    if let count { spread(from: count, to: counts, at: now.at) }
    count = Count(
      at: now.at, wall: now.wall, until: until, counts: counts, upTo: upTo, worth: worth)
    if let level { levels[hour(of: now.wall)] = level }
  }

  /// What the last grant permitted and nobody has acknowledged may have been made.
  mutating func close(_ carried: StepCounts) {
    if let count { spread(from: count, to: carried, at: count.until) }
  }

  /// Somebody has said how many of the uncertain steps were made: the earliest ones, as far as it can be known.
  mutating func settle(_ made: UInt64, _ notMade: UInt64) {
    settled = (settled.made + made, settled.notMade + notMade)
    if var now = count {
      var counts = now.counts
      counts.uncertain += now.upTo - min(now.upTo, counts.highest)
      spread(from: now, to: counts, at: now.until)
      counts.certain += min(made, counts.uncertain)
      counts.uncertain -= min(made + notMade, counts.uncertain)
      (now.counts, now.upTo) = (counts, counts.highest)
      count = now
    }
    var left = (made: made, notMade: notMade)
    func settle(_ steps: inout Steps) {
      let certain = min(left.made, steps.uncertain)
      steps.certain += certain
      steps.uncertain -= certain
      let never = min(left.notMade, steps.uncertain)
      steps.uncertain -= never
      left = (left.made - certain, left.notMade - never)
    }
    settle(&worthless)
    for worth in undated.keys.sorted() { settle(&undated[worth, default: Steps()]) }
    for hour in hours.keys.sorted() {
      for worth in (hours[hour] ?? [:]).keys.sorted() {
        settle(&hours[hour, default: [:]][worth, default: Steps()])
      }
    }
  }

  private mutating func spread(from old: Count, to counts: StepCounts, at now: Instant) {
    func more(_ new: UInt64, _ old: UInt64) -> UInt64 { new - min(new, old) }
    let steps = Steps(
      certain: more(counts.certain, old.counts.certain),
      uncertain: more(counts.uncertain, old.counts.uncertain),
      missed: more(counts.missed, old.counts.missed))
    guard steps != Steps() else { return }
    guard let worth = old.worth else {
      worthless += steps
      return
    }
    guard old.wall >= Self.clockIsSet else {
      undated[worth, default: Steps()] += steps
      return
    }
    let end = max(old.at, min(now, old.until))
    let seconds = end.elapsed(since: old.at).nanoseconds / 1_000_000_000
    var done = Steps()
    for (hour, upTo) in pieces(from: old.wall, lasting: seconds) {
      func share(_ steps: UInt64) -> UInt64 {
        guard upTo < seconds else { return steps }
        let (high, low) = steps.multipliedFullWidth(by: upTo)
        return seconds.dividingFullWidth((high, low)).quotient
      }
      let so = Steps(
        certain: share(steps.certain), uncertain: share(steps.uncertain),
        missed: share(steps.missed))
      hours[hour, default: [:]][worth, default: Steps()] += Steps(
        certain: so.certain - done.certain, uncertain: so.uncertain - done.uncertain,
        missed: so.missed - done.missed)
      done = so
    }
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
    let local = wall + Int64(zone.secondsFromGMT(for: Self.date(wall)))
    return Self.date(wall - (local % 3_600 + 3_600) % 3_600)
  }
}
