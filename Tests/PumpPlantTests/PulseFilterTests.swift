import PumpHAL
import PumpPlant
import PumpUnits
import Testing

@Suite("A glitch is no pulse, and a pulse is counted once, however often the line is looked at")
struct PulseFilterTests {
  /// A line that is asserted now and then, by the instants at which it changes; it rests at first.
  private struct Wave {
    var changes: [UInt64]

    func level(at now: UInt64) -> Bool { changes.count { $0 <= now } % 2 == 1 }

    /// What a debounced line makes of it by an instant, from the lengths of its levels: one that lasts
    /// counts, one that does not is a glitch where it differs from the last that did.
    func counts(least: UInt64, by now: UInt64) -> (pulses: UInt64, glitches: UInt64) {
      var (pulses, glitches): (UInt64, UInt64) = (0, 0)
      var isAsserted = false
      for (place, change) in changes.enumerated() where change <= now {
        let level = place % 2 == 0
        let isOver = place + 1 < changes.count && changes[place + 1] <= now
        let length = (isOver ? changes[place + 1] : now) - change
        guard level != isAsserted else { continue }
        if length >= least {
          isAsserted = level
          pulses += level ? 1 : 0
        } else if isOver {
          glitches += 1
        }
      }
      return (pulses, glitches)
    }
  }

  /// A filter of 2 ms after a wave that is looked at every so often, and the pulses that it told.
  private func filtered(_ wave: Wave, looksEvery microseconds: UInt64) -> (PulseFilter, UInt64) {
    var filter = PulseFilter(least: TimeSpan(milliseconds: 2))
    var (pulses, told): (UInt64, Int) = (0, 0)
    for now in stride(from: UInt64(0), through: 300_000_000, by: Int(microseconds) * 1_000) {
      while told < wave.changes.count, wave.changes[told] <= now {
        let edge = Instant(nanoseconds: wave.changes[told])
        pulses += filter.take(isAsserted: told % 2 == 0, at: edge) ? 1 : 0
        told += 1
      }
      let isAsserted = wave.level(at: now)
      pulses += filter.look(isAsserted: isAsserted, at: Instant(nanoseconds: now)) ? 1 : 0
    }
    return (filter, pulses)
  }

  private static let around2ms: [UInt64] = [
    10, 100, 200, 1_000, 1_999, 2_000, 2_001, 5_000, 20_000, 50_000,
  ]

  @Test(
    "Glitches and faults of 10 µs to 50 ms: below the filter counted and nothing more, from it on a pulse",
    arguments: around2ms)
  func lengths(microseconds: UInt64) {
    for looks in [1_000, 7_000, 50_000] as [UInt64] {
      let wave = Wave(changes: [10_000_000, 10_000_000 + microseconds * 1_000])
      let (filter, pulses) = filtered(wave, looksEvery: looks)
      #expect(pulses == (microseconds >= 2_000 ? 1 : 0))
      #expect(filter.glitches == (microseconds >= 2_000 ? 0 : 1))
      #expect(!filter.isAsserted)
    }
  }

  @Test(
    "Gaps of 10 µs to 50 ms within a pulse: below the filter it is one pulse, from it on there are two",
    arguments: around2ms)
  func gaps(microseconds: UInt64) {
    for looks in [1_000, 7_000, 50_000] as [UInt64] {
      let gap = UInt64(60_000_000)
      let wave = Wave(changes: [10_000_000, gap, gap + microseconds * 1_000, 180_000_000])
      let (filter, pulses) = filtered(wave, looksEvery: looks)
      #expect(pulses == (microseconds >= 2_000 ? 2 : 1))
      #expect(filter.glitches == (microseconds >= 2_000 ? 0 : 1))
      #expect(!filter.isAsserted)
    }
  }

  @Test(
    "A glitch that was over before the kernel looked leaves one edge, and is counted",
    arguments: [true, false])
  func oneEdge(isFiltered: Bool) {
    var filter = PulseFilter(least: isFiltered ? TimeSpan(milliseconds: 2) : .zero)
    var pulses = 0
    for (second, level) in [false, true, true, false, false].enumerated() {
      let edge = Instant.epoch + .hour + TimeSpan(seconds: UInt64(second))
      pulses += filter.take(isAsserted: level, at: edge) ? 1 : 0
      pulses += filter.look(isAsserted: level, at: edge + TimeSpan(milliseconds: 500)) ? 1 : 0
    }
    #expect(pulses == 1)
    #expect(filter.glitches == (isFiltered ? 3 : 0))
    #expect(!filter.isAsserted)
  }

  @Test("A line that is asserted from the start is known to be, is no pulse, and its next one is")
  func assertedAtStart() {
    for milliseconds: UInt64 in [0, 2] {
      var filter = PulseFilter(least: TimeSpan(milliseconds: milliseconds))
      let at = Instant.epoch + .hour
      var pulses = 0
      for looked in UInt64(0)...3 {
        let now = at + TimeSpan(milliseconds: 50 * looked)
        pulses += filter.look(isAsserted: true, at: now) ? 1 : 0
      }
      #expect(pulses == 0 && filter.isAsserted)
      for (second, level) in [(UInt64(1), false), (2, true), (3, false)] {
        let edge = at + TimeSpan(seconds: second)
        pulses += filter.take(isAsserted: level, at: edge) ? 1 : 0
        pulses += filter.look(isAsserted: level, at: edge + TimeSpan(milliseconds: 50)) ? 1 : 0
      }
      #expect(pulses == 1 && !filter.isAsserted && filter.glitches == 0)
    }
  }

  @Test("A contact that bounces gives one pulse, and its bounces are glitches")
  func bounces() {
    var filter = PulseFilter(least: TimeSpan(milliseconds: 2))
    var pulses = 0
    var at = Instant.epoch + .hour
    for edge in 0..<41 {
      // Forty bounces of 0.3 ms each, and then it is asserted for good.
      pulses += filter.take(isAsserted: edge % 2 == 0, at: at) ? 1 : 0
      at = at + TimeSpan(microseconds: 300)
    }
    pulses += filter.look(isAsserted: true, at: at + TimeSpan(milliseconds: 2)) ? 1 : 0
    #expect(pulses == 1)
    #expect(filter.glitches == 20)
  }

  @Test("A pulse whose fall was lost is over when the line has been seen at rest, and was one")
  func lostFall() {
    var filter = PulseFilter(least: TimeSpan(milliseconds: 2))
    let rise = Instant.epoch + .hour
    _ = filter.take(isAsserted: true, at: rise)
    let isPulse = filter.look(isAsserted: true, at: rise + TimeSpan(milliseconds: 3))
    #expect(isPulse && filter.isAsserted)
    let isSecond = filter.look(isAsserted: false, at: rise + TimeSpan(milliseconds: 9))
    #expect(!isSecond)
    // The fall came all the same, late: it is no glitch, and the rest has lasted since then.
    let isThird = filter.take(isAsserted: false, at: rise + TimeSpan(milliseconds: 8))
    #expect(!isThird && filter.glitches == 0)
    let isFourth = filter.look(isAsserted: false, at: rise + TimeSpan(milliseconds: 10))
    #expect(!isFourth && !filter.isAsserted)
  }

  @Test("A level that lasts is told while it lasts, and for as long")
  func level() {
    var filter = PulseFilter(least: TimeSpan(milliseconds: 2))
    let rise = Instant.epoch + .hour
    let looks: [(after: TimeSpan, isPulse: Bool)] = [
      (TimeSpan(microseconds: 1_999), false), (TimeSpan(milliseconds: 2), true), (.hour, false),
    ]
    let isPulse = filter.take(isAsserted: true, at: rise)
    #expect(!isPulse && !filter.isAsserted)
    for look in looks {
      let isPulse = filter.look(isAsserted: true, at: rise + look.after)
      #expect(isPulse == look.isPulse, "it is one pulse")
      #expect(filter.isAsserted == (look.after >= TimeSpan(milliseconds: 2)))
    }
    let isAnother = filter.take(isAsserted: false, at: rise + .hour)
    let isPulseAtRest = filter.look(
      isAsserted: false, at: rise + .hour + TimeSpan(milliseconds: 2))
    #expect(!isAnother && !isPulseAtRest && !filter.isAsserted)
    #expect(filter.glitches == 0)
  }

  @Test(
    "Random waves, looked at at random: as many as there are by the waves themselves",
    arguments: 1...200)
  func random(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let least = 1 + random.next() % 3_000_000
    var at: UInt64 = 1
    var wave = Wave(changes: [])
    for _ in 0..<400 {
      at += 1 + random.next() % (random.next() % 4 == 0 ? 20_000_000 : 2 * least)
      wave.changes.append(at)
    }
    var filter = PulseFilter(least: TimeSpan(nanoseconds: least))
    var pulses: UInt64 = 0
    var told = 0
    var now: UInt64 = 0
    while now < at + 40_000_000 {
      now += 1 + random.next() % 30_000_000
      while told < wave.changes.count, wave.changes[told] <= now {
        let edge = Instant(nanoseconds: wave.changes[told])
        pulses += filter.take(isAsserted: told % 2 == 0, at: edge) ? 1 : 0
        told += 1
      }
      pulses += filter.look(isAsserted: wave.level(at: now), at: Instant(nanoseconds: now)) ? 1 : 0
      let expected = wave.counts(least: least, by: now)
      #expect(pulses == expected.pulses, "seed \(seed) at \(now)")
      #expect(filter.glitches == expected.glitches, "seed \(seed) at \(now)")
    }
  }

  @Test("Many glitches within a minute are chatter, a few an hour are not, and quiet ends it")
  func chatter() {
    var watch = ChatterWatch()
    var glitches: UInt64 = 0
    for minute in UInt64(1)...60 {
      glitches += 2
      watch.take(glitches, at: .epoch + TimeSpan(minutes: minute))
      #expect(!watch.isChattering)
    }
    for second in UInt64(0)..<30 {
      glitches += 1
      watch.take(glitches, at: .epoch + .hour + TimeSpan(seconds: second))
    }
    #expect(watch.isChattering)
    watch.take(glitches, at: .epoch + .hour + TimeSpan(minutes: 1))
    watch.take(glitches, at: .epoch + .hour + TimeSpan(minutes: 3))
    #expect(!watch.isChattering)
  }
}
