import PumpMessages
import PumpUnits

/// The steps made in the last hour or day, in buckets.
///
/// The oldest bucket counts whole until all of it has left the window, so the sum is never less than
/// the truth, and more by at most one bucket.
struct SlidingWindow: ~Copyable {
  /// Its length.
  let length: TimeSpan
  /// The length of a bucket.
  let bucket: TimeSpan
  private var buckets: FixedBuffer<UInt32>
  /// The number, counted from the epoch, of the bucket that is being filled.
  private var current: UInt64 = 0
  private var total: UInt64 = 0
  /// The last bucket that was given more steps than it can count: more than any motor makes in it.
  private var overfull: UInt64?

  init(_ window: DoseWindow) {
    length = window.length
    bucket = window.bucket
    // One more than the window holds: the one being filled beside the one that is leaving.
    buckets = FixedBuffer(repeating: 0, count: Int(length.nanoseconds / bucket.nanoseconds) + 1)
  }

  /// The steps in the window; more than any mass can stand for where they could not be counted.
  var sum: UInt64 { overfull == nil ? total : .max }

  /// Adds steps that were made up to now.
  mutating func add(_ steps: UInt64, at now: Instant) {
    turn(to: now)
    let room = UInt64(UInt32.max - buckets[slot(current)])
    if steps > room { overfull = current }
    let counted = min(steps, room)
    buckets[slot(current)] += UInt32(counted)
    total += counted
  }

  /// Drops the buckets that have left the window.
  mutating func turn(to now: Instant) {
    let target = now.nanoseconds / bucket.nanoseconds
    guard target > current else { return }
    var turns = min(target - current, UInt64(buckets.count))
    while turns > 0 {
      current += 1
      turns -= 1
      let index = slot(current)
      total -= UInt64(buckets[index])
      buckets[index] = 0
    }
    current = target
    if let bucket = overfull, target - bucket >= UInt64(buckets.count) { overfull = nil }
  }

  /// The bucket that would be only partly in the window after so many buckets.
  func oldest(after ahead: Int) -> UInt64 {
    let age = buckets.count - 1 - ahead
    guard age >= 0, UInt64(age) <= current else { return 0 }
    return UInt64(buckets[slot(current - UInt64(age))])
  }

  /// How many buckets the window spans.
  var span: Int { buckets.count - 1 }

  private func slot(_ number: UInt64) -> Int { Int(number % UInt64(buckets.count)) }
}
