import PumpPlant
import PumpTherapy
import PumpUnits
import Testing

@Suite("The closed form of a therapy's volume")
struct TherapyVolumeTests {
  /// Adds up a pattern second by second, in fL·s/day, with whole-second entries.
  private func brute(_ pattern: FlexPattern, from: UInt64, seconds: UInt64) -> Double {
    let period = pattern.period.nanoseconds / 1_000_000_000
    var sum = 0.0
    for second in from..<(from + seconds) {
      let place = second % period
      let segment = pattern.segments.last { $0.start.nanoseconds / 1_000_000_000 <= place }
      sum += Double(segment?.flow.count ?? 0)
      for bolus in pattern.boluses {
        let start = bolus.start.nanoseconds / 1_000_000_000
        let lasts = bolus.bolus.duration.nanoseconds / 1_000_000_000
        let since = (place + period - start) % period
        if since < lasts { sum += Double(bolus.bolus.volume.count) * 86_400 / Double(lasts) }
      }
    }
    return sum / 86_400
  }

  @Test("Patient boluses as fast as the lock-out lets them are a pattern that repeats with it")
  func patientBolusTrain() throws {
    for seed in UInt64(1)...300 {
      var random = SplitMix64(seed: seed)
      let bolus = try Bolus(
        volume: Volume(femtolitres: 1 + random.next() % (1 << 34)),
        duration: TimeSpan(seconds: 1 + random.next() % 3_600))
      let lockout = bolus.duration + TimeSpan(nanoseconds: random.next() % 20_000_000_000_000)
      let most = Int(1 + random.next() % 24)
      let window = TimeSpan(nanoseconds: random.next() % 90_000_000_000_000)
      let prescription = Prescription(
        therapy: .stopped, concentration: Concentration(microgramsPerMillilitre: 500),
        patientBolus: try PatientBolusRule(bolus: bolus, lockout: lockout, maximumPerDay: most))
      let train = try FlexPattern(
        period: lockout, segments: [.init(start: .zero, flow: .zero)],
        boluses: [.init(start: .zero, bolus: bolus)])
      let all = bolus.volume * UInt64(most)
      let expected = min(all, try Therapy.flex(train).mostVolume(inAny: window))
      #expect(try prescription.mostVolume(inAny: window) == expected, "seed \(seed)")
    }
  }

  private func pattern(_ random: inout SplitMix64) throws -> FlexPattern {
    let period = 300 + random.next() % 400
    let segments = [0, 50 + random.next() % 50, 150 + random.next() % 50].map {
      FlexPattern.BasalSegment(
        start: TimeSpan(seconds: $0), flow: FlowRate(femtolitresPerDay: random.next() % (1 << 40)))
    }
    // The last bolus runs into the next period.
    let boluses = try [30, period - 10].map {
      FlexPattern.ScheduledBolus(
        start: TimeSpan(seconds: $0),
        bolus: try Bolus(
          volume: Volume(femtolitres: 1 + random.next() % (1 << 34)),
          duration: TimeSpan(seconds: 20)))
    }
    return try FlexPattern(
      period: TimeSpan(seconds: period), segments: segments, boluses: boluses)
  }

  @Test("Any stretch of a random pattern agrees with a sum by seconds, rounded up")
  func stretches() throws {
    for seed in UInt64(0)..<200 {
      var random = SplitMix64(seed: seed)
      let pattern = try pattern(&random)
      let from = random.next() % 1_500
      let seconds = random.next() % 2_000
      let volume = try Therapy.flex(pattern).volume(
        from: TimeSpan(seconds: from), lasting: TimeSpan(seconds: seconds))
      let exact = brute(pattern, from: from, seconds: seconds)
      let excess = Double(volume.femtolitres) - exact
      #expect(excess > -1 && excess < 20, "seed \(seed): \(excess)")
    }
  }

  @Test("The most in any window is never less than what any second's window holds, and is met")
  func mostInWindow() throws {
    for seed in UInt64(0)..<25 {
      var random = SplitMix64(seed: seed)
      let pattern = try pattern(&random)
      let window = 20 + random.next() % 500
      let most = try Therapy.flex(pattern).mostVolume(inAny: TimeSpan(seconds: window))
      let period = pattern.period.nanoseconds / 1_000_000_000
      let worst = (0..<period).map { brute(pattern, from: $0, seconds: window) }.max() ?? 0
      let excess = Double(most.femtolitres) - worst
      #expect(excess > -1 && excess < 20, "seed \(seed): \(excess)")
    }
  }

  @Test("A pattern of 48 entries a day for each weekday, and every wrong one refused")
  func patterns() throws {
    let flow = FlowRate(microlitresPerDay: 100)
    let week = try FlexPattern(
      period: TimeSpan(days: 7),
      segments: (0..<336).map { .init(start: TimeSpan(minutes: $0 * 30), flow: flow) }, boluses: [])
    #expect(week.segments.count == 336)
    let bolus = try Bolus(volume: Volume(microlitres: 1), duration: TimeSpan(minutes: 10))
    typealias Problem = FlexPattern.Problem
    #expect(throws: Problem.noFirstSegment) {
      try FlexPattern(period: .day, segments: [], boluses: [])
    }
    #expect(throws: Problem.segmentOutOfOrder(index: 2)) {
      try FlexPattern(
        period: .day, segments: [0, 2, 1].map { .init(start: TimeSpan(hours: $0), flow: flow) },
        boluses: [])
    }
    #expect(throws: Problem.segmentPastPeriod(index: 1)) {
      try FlexPattern(
        period: .day, segments: [0, 24].map { .init(start: TimeSpan(hours: $0), flow: flow) },
        boluses: [])
    }
    #expect(throws: Problem.bolusesOverlap(index: 1)) {
      try FlexPattern(
        period: .day, segments: [.init(start: .zero, flow: flow)],
        boluses: [
          .init(start: TimeSpan(minutes: 5), bolus: bolus),
          .init(start: TimeSpan(minutes: 1_436), bolus: bolus),
        ])
    }
    #expect(throws: Problem.emptyPeriod) {
      try FlexPattern(period: .zero, segments: [.init(start: .zero, flow: flow)], boluses: [])
    }
    // A period that an image names may be anything: with a bolus its sum with a start overflowed.
    for period in [TimeSpan(days: 3_661), TimeSpan(nanoseconds: .max)] {
      #expect(throws: Problem.periodTooLong) {
        try FlexPattern(
          period: period, segments: [.init(start: .zero, flow: flow)],
          boluses: [.init(start: TimeSpan(minutes: 5), bolus: bolus)])
      }
    }
    let longest = try FlexPattern(
      period: TimeSpan(days: 3_660), segments: [.init(start: .zero, flow: flow)],
      boluses: [.init(start: TimeSpan(minutes: 5), bolus: bolus)])
    #expect(longest.period == TimeSpan(days: 3_660))
    #expect(throws: Problem.tooManyEntries) {
      try FlexPattern(
        period: TimeSpan(days: 7),
        segments: (0..<337).map { .init(start: TimeSpan(minutes: $0 * 29), flow: flow) },
        boluses: [])
    }
  }

  @Test("Quantities: overflow is a typed error at the edge, and conversions state their rounding")
  func quantities() throws {
    #expect(throws: QuantityError.overflow) {
      try Volume(femtolitres: .max).adding(Volume(count: 1))
    }
    #expect(throws: QuantityError.overflow) { try Mass(femtograms: 1 << 63).multiplied(by: 2) }
    #expect(throws: QuantityError.divisionByZero) {
      try FlowRate(delivering: Volume(microlitres: 1), over: .zero)
    }
    #expect(throws: QuantityError.overflow) {
      try FlowRate(delivering: Volume(microlitres: 1_000), over: TimeSpan(seconds: 1))
    }
    let weak = Concentration(microgramsPerMillilitre: 50)
    // One microstep of the weakest drug is 7,812.5 fg.
    let microstep = Volume(femtolitres: 156_250)
    #expect(try weak.mass(in: microstep) == Mass(femtograms: 7_812))
    #expect(try weak.mass(in: microstep, .up) == Mass(femtograms: 7_813))
    // Rates of the clinical table: 100 µg/day of 500 µg/mL is 8.33 µL/h.
    let flow = try Concentration(microgramsPerMillilitre: 500).flow(
      for: DoseRate(microgramsPerDay: 100))
    #expect(flow == FlowRate(microlitresPerDay: 200))
    #expect(throws: StepVolume.Problem.beyondArithmetic) {
      try StepVolume(delivering: Volume(femtolitres: 1 << 39), inSteps: 1)
    }
    #expect(throws: StepVolume.Problem.empty) {
      try StepVolume(delivering: .zero, inSteps: 1)
    }
  }

  @Test("CRC-32C of the nine digits is the published check value")
  func checksum() {
    var sum = CRC32C()
    for byte in "123456789".utf8 { sum.add(byte) }
    #expect(sum.value == 0xE306_9283)
  }
}
