import PumpEngine
import PumpJournal
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
    engine = try Self.engine(word)
    stepsPerIndex = word(47) == 0 ? nil : word(47)
    let therapy = try Self.therapy(length, word, mostEntries)
    guard word(30) > 0 else { throw .outOfRange }
    prescription = Prescription(
      therapy: therapy, concentration: Concentration(nanogramsPerMillilitre: word(30)),
      patientBolus: try Self.patientBolus(word))
    singleBolus = word(57) == 0 ? nil : try Self.bolus(word(57), word(58))
  }

  private static func engine(_ word: (Int) -> UInt64) throws(ImageProblem) -> EngineSettings {
    guard word(32) > 0, word(31) <= 1 << 38, word(42) > 0, word(43) <= word(44),
      word(45) <= word(46), word(41) <= 1
    else { throw .outOfRange }
    for place in 36...40 where word(place) > 1_000_000_000 { throw .outOfRange }
    // A motor that is energised around strokes only is held until its rotor has turned.
    guard word(48) <= 1_000_000_000, word(41) == 0 || word(48) > 0 else { throw .outOfRange }
    guard
      let step = try? StepVolume(
        delivering: Volume(femtolitres: word(31)), inSteps: word(32)),
      let motor = try? MotorLimits(
        startRate: word(33), maximumRate: word(34), acceleration: word(35)),
      let reservoir = try? Reservoir(
        capacity: Volume(femtolitres: word(49)), filled: Volume(femtolitres: word(50)),
        lowAlarm: Volume(femtolitres: word(51)), reserve: Volume(femtolitres: word(52)))
    else { throw .outOfRange }
    return EngineSettings(
      step: step, motor: motor, driver: driver(word), backlogLimit: word(42),
      limits: DoseLimits(
        perHour: .init(soft: Mass(femtograms: word(43)), hard: Mass(femtograms: word(44))),
        perDay: .init(soft: Mass(femtograms: word(45)), hard: Mass(femtograms: word(46)))),
      reservoir: reservoir)
  }

  private static func driver(_ word: (Int) -> UInt64) -> DriverTiming {
    func span(_ place: Int) -> TimeSpan { TimeSpan(nanoseconds: word(place)) }
    return DriverTiming(
      stepHigh: span(36), stepLow: span(37), directionSetUp: span(38), directionHold: span(39),
      hold: span(48), wakeUp: span(40), energise: word(41) == 1 ? .aroundStrokes : .always)
  }

  private static func bolus(_ volume: UInt64, _ duration: UInt64) throws(ImageProblem) -> Bolus {
    guard
      let bolus = try? Bolus(
        volume: Volume(femtolitres: volume), duration: TimeSpan(nanoseconds: duration))
    else { throw .outOfRange }
    return bolus
  }

  private static func patientBolus(_ word: (Int) -> UInt64) throws(ImageProblem)
    -> PatientBolusRule?
  {
    guard word(53) > 0 else { return nil }
    guard word(56) <= UInt64(PatientBolusRule.mostPerDay) else { throw .outOfRange }
    let bolus = try bolus(word(53), word(54))
    guard
      let rule = try? PatientBolusRule(
        bolus: bolus, lockout: TimeSpan(nanoseconds: word(55)), maximumPerDay: Int(word(56)))
    else { throw .outOfRange }
    return rule
  }

  private static func flow(_ count: UInt64) throws(ImageProblem) -> FlowRate {
    guard let flow = try? FlowRate(checkingFemtolitresPerDay: count) else { throw .outOfRange }
    return flow
  }

  private static func therapy(
    _ length: Int, _ word: (Int) -> UInt64, _ mostEntries: Int
  ) throws(ImageProblem) -> Therapy {
    switch word(59) {
    case 0: return .stopped
    case 1: return .minimumRate(try flow(word(60)))
    case 2: return .continuous(try flow(word(60)))
    case 3: break
    default: throw .outOfRange
    }
    let (segments, boluses) = (Int(word(61) & 0xFFFF_FFFF), Int(word(61) >> 32))
    guard segments <= FlexPattern.mostEntries, boluses <= FlexPattern.mostEntries,
      length == ImageFormat.fixedWords + 2 * segments + 3 * boluses
    else { throw .wrongLength }
    guard segments + 2 * boluses <= mostEntries else { throw .tooManyEntries }
    let first = 62
    let firstBolus = first + 2 * segments
    let basal = try Table(count: segments) { (place) throws(ImageProblem) in
      FlexPattern.BasalSegment(
        start: TimeSpan(nanoseconds: word(first + 2 * place)),
        flow: try flow(word(first + 2 * place + 1)))
    }
    let scheduled = try Table(count: boluses) { (place) throws(ImageProblem) in
      let at = firstBolus + 3 * place
      return FlexPattern.ScheduledBolus(
        start: TimeSpan(nanoseconds: word(at)), bolus: try bolus(word(at + 1), word(at + 2)))
    }
    guard
      let pattern = try? FlexPattern(
        period: TimeSpan(nanoseconds: word(60)), segments: basal, boluses: scheduled)
    else { throw .outOfRange }
    return .flex(pattern)
  }
}
