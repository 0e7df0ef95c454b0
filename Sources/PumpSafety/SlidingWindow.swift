import PumpUnits

/// The mass delivered in the last hour or day, in buckets.
///
/// The oldest bucket counts whole until all of it has left the window, so the sum is never less than
/// the truth, and more by at most one bucket.
struct SlidingWindow: ~Copyable {
  /// Its length.
  let length: TimeSpan
  /// The length of a bucket.
  let bucket: TimeSpan
  private var masses: FixedBuffer<Mass>
  /// The number, counted from the epoch, of the bucket that is being filled.
  private var current: UInt64 = 0
  private(set) var sum = Mass.zero

  init(_ window: DoseWindow) {
    length = window.length
    bucket = window.bucket
    // One more than the window holds: the one being filled beside the one that is leaving.
    masses = FixedBuffer(
      repeating: .zero, count: Int(length.nanoseconds / bucket.nanoseconds) + 1)
  }

  /// Adds what was delivered up to now.
  mutating func add(_ mass: Mass, at now: Instant) {
    turn(to: now)
    masses[slot(current)] += mass
    sum += mass
  }

  /// Drops the buckets that have left the window.
  mutating func turn(to now: Instant) {
    let target = now.nanoseconds / bucket.nanoseconds
    guard target > current else { return }
    var turns = min(target - current, UInt64(masses.count))
    while turns > 0 {
      current += 1
      turns -= 1
      let index = slot(current)
      sum -= masses[index]
      masses[index] = .zero
    }
    current = target
  }

  /// What of the present window will still be in it after a time that is a whole number of buckets.
  func mass(stillThereAfter buckets: Int) -> Mass {
    var left = Mass.zero
    for age in 0..<max(0, masses.count - buckets) where UInt64(age) <= current {
      left += masses[slot(current - UInt64(age))]
    }
    return left
  }

  /// The bucket that would be only partly in the window after so many buckets.
  func oldest(after buckets: Int) -> Mass {
    let age = masses.count - 1 - buckets
    guard age >= 0, UInt64(age) <= current else { return .zero }
    return masses[slot(current - UInt64(age))]
  }

  /// How many buckets the window spans.
  var span: Int { masses.count - 1 }

  private func slot(_ number: UInt64) -> Int { Int(number % UInt64(masses.count)) }
}
