import PumpDrive
import PumpJournal
import PumpMessages
import PumpPlan
import PumpSafety
public import PumpTherapy
import PumpUnits

extension CompiledProfile {
  /// Reads an image with everything that people call it.
  ///
  /// - Parameters:
  ///   - count: How many words there are at least.
  ///   - word: Gives one by its place.
  /// - Throws: `ImageProblem`.
  public init(count: Int, word: (Int) -> UInt64) throws(ImageProblem) {
    run = try CompiledRun(count: count, word: word)
    func text(_ place: Int) -> JournalText {
      var text = JournalText()
      (text.a, text.b, text.c, text.d, text.e) = (
        word(place), word(place + 1), word(place + 2), word(place + 3), word(place + 4)
      )
      return text
    }
    name = text(2)
    population = text(7)
    drug = text(12)
    lot = text(17)
    timeZone = text(22)
    expires = word(27)
    mode = word(28)
    catheterVolume = Volume(femtolitres: word(29))
  }
}

extension CompiledRun {
  /// Reads what is to run from an image; on bare metal its pattern is laid down in the arena.
  ///
  /// Every rule that its values must keep is checked again: a checksum says that nothing changed on the
  /// way, not that it was right at its start.
  ///
  /// - Parameters:
  ///   - count: How many words there are at least.
  ///   - word: Gives one by its place.
  ///   - mostEntries: The most entries of a pattern that there is room for, a bolus counted twice.
  /// - Throws: `ImageProblem`.
  public init(
    count: Int, word: (Int) -> UInt64, mostEntries: Int = 3 * FlexPattern.mostEntries
  ) throws(ImageProblem) {
    let length = try ImageFormat.check(count: count, word: word)
    let extra = ImageFormat.fixedWords(of: word(1) & 0xFFFF) - ImageFormat.fixedWords
    let patternEnd = length - 1 - extra
    engine = try Self.engine(word, extra == 0 ? nil : try Self.bolusLimit(at: patternEnd, word))
    let (period, tries) = (word(47) & 0xFF_FFFF_FFFF_FFFF, word(47) >> 56)
    stepsPerIndex = period == 0 ? nil : period
    if word(1) & 0xFFFF == UInt64(ImageFormat.firstVersion) {
      guard tries == 0, word(41) <= 1 else { throw .outOfRange }
      stallTries = SupervisorSettings.usualStallTries
    } else {
      stallTries = tries
    }
    guard stallTries <= SupervisorSettings.mostStallTries else { throw .outOfRange }
    guard word(30) > 0 else { throw .outOfRange }
    do throws(PrescriptionProblem) {
      prescription = Prescription(
        therapy: try Therapy(at: 59, end: patternEnd, mostEntries: mostEntries, word: word),
        concentration: Concentration(nanogramsPerMillilitre: word(30)),
        patientBolus: try PatientBolusRule?(at: 53, word: word))
      singleBolus = word(57) == 0 ? nil : try Bolus(volume: word(57), duration: word(58))
    } catch {
      switch error {
      case .wrongLength: throw .wrongLength
      case .outOfRange: throw .outOfRange
      case .tooManyEntries: throw .tooManyEntries
      }
    }
  }

  private static func bolusLimit(
    at place: Int, _ word: (Int) -> UInt64
  ) throws(ImageProblem) -> DoseLimits.BolusLimit {
    let (soft, hard) = (word(place), word(place + 1))
    let (shortest, distance) = (word(place + 2), word(place + 3))
    let day = TimeSpan.day.nanoseconds
    guard soft <= hard, shortest <= day, distance <= day else { throw .outOfRange }
    return DoseLimits.BolusLimit(
      dose: .init(soft: Mass(femtograms: soft), hard: Mass(femtograms: hard)),
      shortest: TimeSpan(nanoseconds: shortest), distance: TimeSpan(nanoseconds: distance))
  }

  private static func engine(
    _ word: (Int) -> UInt64, _ bolus: DoseLimits.BolusLimit?
  ) throws(ImageProblem) -> EngineSettings {
    guard word(32) > 0, word(31) <= 1 << 38, word(42) > 0, word(43) <= word(44),
      word(45) <= word(46), word(41) & 0xFFFF_FFFF <= 1
    else { throw .outOfRange }
    for place in 36...40 where word(place) > 1_000_000_000 { throw .outOfRange }
    // A motor that is energised around strokes only is held until its rotor has turned.
    guard word(48) <= 1_000_000_000, word(41) & 1 == 0 || word(48) > 0 else { throw .outOfRange }
    guard
      let step = try? StepVolume(
        delivering: Volume(femtolitres: word(31)), inSteps: word(32)),
      let motor = try? MotorLimits(
        startRate: word(33), maximumRate: word(34), acceleration: word(35),
        followsDelay: TimeSpan(nanoseconds: word(41) >> 32)),
      let reservoir = try? Reservoir(
        capacity: Volume(femtolitres: word(49)), filled: Volume(femtolitres: word(50)),
        lowAlarm: Volume(femtolitres: word(51)), reserve: Volume(femtolitres: word(52)))
    else { throw .outOfRange }
    return EngineSettings(
      step: step, motor: motor, driver: driver(word), backlogLimit: word(42),
      limits: DoseLimits(
        perHour: .init(soft: Mass(femtograms: word(43)), hard: Mass(femtograms: word(44))),
        perDay: .init(soft: Mass(femtograms: word(45)), hard: Mass(femtograms: word(46))),
        bolus: bolus),
      reservoir: reservoir)
  }

  private static func driver(_ word: (Int) -> UInt64) -> DriverTiming {
    func span(_ place: Int) -> TimeSpan { TimeSpan(nanoseconds: word(place)) }
    return DriverTiming(
      stepHigh: span(36), stepLow: span(37), directionSetUp: span(38), directionHold: span(39),
      hold: span(48), wakeUp: span(40), energise: word(41) & 1 == 1 ? .aroundStrokes : .always)
  }
}
