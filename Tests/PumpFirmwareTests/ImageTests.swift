import PumpDrive
import PumpFirmware
import PumpJournal
import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@Suite("The image of a compiled profile")
struct ImageTests {
  static let bolusLimit = DoseLimits.BolusLimit(
    dose: .init(soft: Mass(micrograms: 41), hard: Mass(micrograms: 42)),
    shortest: TimeSpan(seconds: 43), distance: TimeSpan(minutes: 44))

  static func profile(
    _ therapy: Therapy, bolus: DoseLimits.BolusLimit? = nil
  ) throws -> CompiledProfile {
    let limit = DoseLimits.Limit(soft: Mass(micrograms: 800), hard: Mass(micrograms: 2_000))
    let rule = try PatientBolusRule(
      bolus: Bolus(volume: Volume(microlitres: 10), duration: TimeSpan(minutes: 5)),
      lockout: TimeSpan(hours: 4), maximumPerDay: 4)
    return CompiledProfile(
      name: JournalText(), population: JournalText(), drug: JournalText(), lot: JournalText(),
      timeZone: JournalText(), expires: 2_099_12_31, mode: 5,
      catheterVolume: Volume(microlitres: 158),
      run: CompiledRun(
        prescription: Prescription(
          therapy: therapy, concentration: Concentration(microgramsPerMillilitre: 500),
          patientBolus: rule),
        singleBolus: try Bolus(volume: Volume(microlitres: 7), duration: TimeSpan(minutes: 1)),
        engine: EngineSettings(
          step: try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 3),
          motor: try MotorLimits(
            startRate: 1_000, maximumRate: 4_000, acceleration: 4_000,
            followsDelay: TimeSpan(microseconds: 1_500)),
          driver: DriverTiming(
            stepHigh: TimeSpan(nanoseconds: 1_900), stepLow: TimeSpan(nanoseconds: 1_800),
            directionSetUp: TimeSpan(nanoseconds: 650), directionHold: TimeSpan(nanoseconds: 640),
            hold: TimeSpan(milliseconds: 20), wakeUp: TimeSpan(microseconds: 1_700),
            energise: .aroundStrokes),
          backlogLimit: 64, limits: DoseLimits(perHour: limit, perDay: limit, bolus: bolus),
          reservoir: try Reservoir(
            capacity: Volume(microlitres: 40_000), filled: Volume(microlitres: 18_000),
            lowAlarm: Volume(microlitres: 2_000), reserve: Volume(microlitres: 1_000))),
        stepsPerIndex: 10_000, stallTries: 5))
  }

  static func pattern() throws -> Therapy {
    .flex(
      try FlexPattern(
        period: .day,
        segments: (0..<24).map {
          .init(
            start: TimeSpan(hours: UInt64($0)),
            flow: FlowRate(microlitresPerDay: UInt64(100 + $0)))
        },
        boluses: [
          .init(
            start: TimeSpan(hours: 22),
            bolus: try Bolus(volume: Volume(microlitres: 20), duration: TimeSpan(minutes: 10)))
        ]))
  }

  static func words(_ profile: CompiledProfile) -> [UInt64] {
    var words: [UInt64] = []
    profile.encode { words.append($0) }
    return words
  }

  static func read(_ words: [UInt64]) throws(ImageProblem) -> CompiledProfile {
    try CompiledProfile(count: words.count) { words[$0] }
  }

  @Test("What was compiled is what is read: every value, and the prescription's checksum")
  func roundTrip() throws {
    for (therapy, bolus) in [
      (Therapy.stopped, Self.bolusLimit), (.minimumRate(FlowRate(microlitresPerDay: 6)), nil),
      (.continuous(FlowRate(microlitresPerDay: 96)), Self.bolusLimit),
      (try Self.pattern(), nil), (try Self.pattern(), Self.bolusLimit),
    ] as [(Therapy, DoseLimits.BolusLimit?)] {
      let profile = try Self.profile(therapy, bolus: bolus)
      let words = Self.words(profile)
      #expect(words[1] & 0xFFFF == (bolus == nil ? 2 : 3))
      let read = try Self.read(words)
      #expect(read.run.prescription == profile.run.prescription)
      #expect(read.run.prescription.checksum == profile.run.prescription.checksum)
      #expect(read.run.singleBolus == profile.run.singleBolus)
      #expect(read.run.engine.step == profile.run.engine.step)
      #expect(read.run.engine.motor == profile.run.engine.motor)
      #expect(read.run.engine.driver == profile.run.engine.driver)
      #expect(read.run.engine.limits == profile.run.engine.limits)
      #expect(read.run.engine.reservoir == profile.run.engine.reservoir)
      #expect(read.run.engine.backlogLimit == profile.run.engine.backlogLimit)
      #expect(read.run.stepsPerIndex == profile.run.stepsPerIndex)
      #expect(read.run.stallTries == profile.run.stallTries)
      #expect(Self.words(read) == words)
    }
  }

  /// Words with another checksum.
  private func sealed(_ words: [UInt64]) -> [UInt64] {
    var sum = CRC32C()
    for word in words.dropLast() { sum.add(word) }
    return words.dropLast() + [UInt64(sum.value) | UInt64(~sum.value) << 32]
  }

  @Test("An image of the first version gives a stalled motor two tries, and follows no delay")
  func firstVersion() throws {
    var words = Self.words(try Self.profile(.stopped))
    words[1] -= 1
    for (place, kept) in [(47, words[47]), (41, words[41])] {
      #expect(throws: ImageProblem.outOfRange, "it had no such bits") {
        try Self.read(sealed(words))
      }
      words[place] = place == 41 ? kept & 1 : kept & 0xFF_FFFF_FFFF_FFFF
    }
    let run = try Self.read(sealed(words)).run
    #expect(run.stallTries == 2 && run.stepsPerIndex == 10_000)
    #expect(run.engine.motor.followsDelay.isZero && run.engine.driver.energise == .aroundStrokes)
  }

  @Test(
    "What needs no later version is written in the first: a board that was flashed earlier reads it"
  )
  func usual() throws {
    var profile = try Self.profile(.stopped)
    profile.run.stallTries = 2
    #expect(Self.words(profile)[1] & 0xFFFF == 2, "a delay that is followed")
    profile.run.engine.motor = try MotorLimits(
      startRate: 1_000, maximumRate: 4_000, acceleration: 4_000)
    let words = Self.words(profile)
    #expect(words[1] & 0xFFFF == 1)
    let run = try Self.read(words).run
    #expect(run.stallTries == 2 && run.engine.motor == profile.run.engine.motor)
  }

  @Test("Tries and delays beyond what can be are refused, whatever the checksum says")
  func beyond() throws {
    let words = Self.words(try Self.profile(.stopped))
    for (place, bits) in [(47, UInt64(21) << 56), (41, UInt64(100_000_001) << 32 | 1), (41, 2)] {
      var changed = words
      changed[place] = place == 47 ? 10_000 | bits : bits
      #expect(throws: ImageProblem.outOfRange) { try Self.read(sealed(changed)) }
    }
  }

  @Test("Limits of one bolus that can't be are refused, and a third version without them is cut")
  func beyondOneBolus() throws {
    let words = Self.words(try Self.profile(Self.pattern(), bolus: Self.bolusLimit))
    let first = words.count - 5
    // In order: soft and hard limit in fg, the shortest time and the least distance in ns.
    #expect(words[first] == 41_000_000_000 && words[first + 3] == 44 * 60_000_000_000)
    let day: UInt64 = 86_400_000_000_000
    for (place, value) in [(0, words[first + 1] + 1), (2, day + 1), (3, day + 1)] as [(Int, UInt64)]
    {
      var changed = words
      changed[first + place] = value
      #expect(throws: ImageProblem.outOfRange) { try Self.read(sealed(changed)) }
      changed[first + place] = value - 1
      #expect(throws: Never.self) { try Self.read(sealed(changed)) }
    }
    var bare = Self.words(try Self.profile(.stopped))
    bare[1] += 1
    #expect(throws: ImageProblem.wrongLength) { try Self.read(sealed(bare)) }
    // One that was cut from a pattern ends in the middle of an entry.
    var cut = words
    cut.removeSubrange(first..<first + 4)
    cut[1] -= 4 << 16
    #expect(throws: ImageProblem.self) { try Self.read(sealed(cut)) }
  }

  @Test("No single bit that is turned over goes unnoticed")
  func bits() throws {
    let words = Self.words(try Self.profile(Self.pattern(), bolus: Self.bolusLimit))
    for place in words.indices {
      for bit in UInt64(0)..<64 {
        var changed = words
        changed[place] ^= 1 << bit
        #expect(throws: ImageProblem.self) { try Self.read(changed) }
      }
    }
  }

  @Test("A shorter image, a later version and a foreign file have their own codes")
  func codes() throws {
    let words = Self.words(try Self.profile(.stopped))
    #expect(throws: ImageProblem.notAnImage) { try Self.read(Array(words.dropLast())) }
    var later = words
    later[1] += 2
    #expect(throws: ImageProblem.laterVersion) { try Self.read(later) }
    var foreign = words
    foreign[0] = 0
    #expect(throws: ImageProblem.notAnImage) { try Self.read(foreign) }
    var long = words
    long[1] += 1 << 16
    #expect(throws: ImageProblem.wrongLength) { try Self.read(long) }
  }
}
