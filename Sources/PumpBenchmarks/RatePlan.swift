import PumpUnits

/// When each step of a constant rate is due, by its number alone: a step that is made up after a hold-up is as late as
/// it is, whatever the engine waited for.
struct RatePlan {
  private let rate: UInt64
  /// Steps that were made or given up before.
  private let before: UInt64
  /// After each slice, how many steps were made in all, and how many given up.
  private var slices: [(edges: Int, missed: UInt64)] = []

  /// - Parameters:
  ///   - rate: Steps a second, from the epoch on.
  ///   - made: Steps that were made or given up before the first that is judged.
  ///   - slices: How many slices there are to be.
  init(rate: UInt64, made: UInt64, slices: UInt64) {
    self.rate = rate
    before = made
    self.slices.reserveCapacity(Int(slices) + 2)
  }

  /// Notes the end of a slice; asks for no memory.
  mutating func note(edges: Int, missed: UInt64) { slices.append((edges, missed)) }

  /// How late each step was, in nanoseconds.
  ///
  /// Within a slice in which steps were given up, those before them count as in time.
  func lateness(of rises: some Collection<Instant>) -> [UInt64] {
    var late: [UInt64] = []
    late.reserveCapacity(rises.count)
    var slice = 0
    for (place, at) in rises.enumerated() {
      while slice < slices.count - 1, place >= slices[slice].edges { slice += 1 }
      let missed = slices.isEmpty ? 0 : slices[slice].missed
      let number = before + UInt64(place) + 1 + missed
      let due = Instant(
        nanoseconds: number / rate * 1_000_000_000 + number % rate * 1_000_000_000 / rate)
      late.append(at.elapsed(since: due).nanoseconds)
    }
    return late
  }
}
