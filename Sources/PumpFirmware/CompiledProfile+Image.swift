import PumpDrive
import PumpJournal
import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
import PumpUnits

/// The image of a compiled profile: words of 64 bits, little-endian.
///
/// | words | hold |
/// |---|---|
/// | 0 | `ITPIMAGE` in ASCII |
/// | 1 | version (16 bits), number of words (32), from the low end |
/// | 2–26 | name, population, drug, lot, time zone: 40 bytes each, padded with zeros |
/// | 27–29 | expiry, mode, catheter volume in fL |
/// | 30–32 | concentration in ng/mL, volume of a step as a fraction of fL |
/// | 33–35 | start rate, maximum rate in steps/s, acceleration in steps/s² |
/// | 36–41 | STEP high, STEP low, DIR set-up, DIR hold, wake-up in ns; 1 where energised around strokes (32 bits), a delay that the motor follows in ns (32) |
/// | 42–48 | backlog limit in steps; soft and hard limit an hour, a day, in fg; steps an index pulse or 0 (56 bits), tries of a stalled motor (8); hold after a stroke in ns |
/// | 49–52 | reservoir's capacity, filling, low alarm, reserve in fL |
/// | 53–56 | patient bolus: volume, duration, lock-out, most a day; zeros without one |
/// | 57–58 | single bolus: volume, duration; zeros without one |
/// | 59–61 | therapy: 0 stopped, 1 minimum rate, 2 continuous, 3 flex; flow in fL/day, or period in ns; number of segments (32 bits) and boluses (32) |
/// | then | each segment: start in ns, flow in fL/day; each bolus: start, volume, duration |
/// | then, from version 3 on | what one bolus may be: soft and hard limit in fg, shortest duration, least distance in ns |
/// | last | CRC-32C of all words before it (low half) and its complement (high half) |
public enum ImageFormat {
  /// `ITPIMAGE`.
  public static var magic: UInt64 { 0x4547_414D_4950_5449 }
  /// The latest version that is written and read.
  public static var version: UInt16 { 3 }
  /// The second one, written where the library has no limits of one bolus.
  public static var secondVersion: UInt16 { 2 }
  /// The first version, written where nothing needs a later one: without a delay that the motor follows, and with the
  /// usual tries of a stalled one.
  public static var firstVersion: UInt16 { 1 }
  /// Words of an image without a pattern, checksum included.
  static var fixedWords: Int { 63 }
  /// Words for the limits of one bolus.
  static var bolusWords: Int { 4 }
  /// The longest image: a pattern with as many entries as there can be.
  public static var mostWords: Int { fixedWords + bolusWords + FlexPattern.mostEntries * 5 }

  /// Words of a version's image that are not for its pattern, checksum included.
  static func fixedWords(of version: UInt64) -> Int {
    version > UInt64(secondVersion) ? fixedWords + bolusWords : fixedWords
  }

  /// Whether words are a whole image of a version that can be read.
  ///
  /// - Parameters:
  ///   - count: How many words there are at least.
  ///   - word: Gives one by its place.
  /// - Returns: How many words it has.
  public static func check(count: Int, word: (Int) -> UInt64) throws(ImageProblem) -> Int {
    guard count >= fixedWords, word(0) == magic else { throw .notAnImage }
    guard word(1) & 0xFFFF <= UInt64(version), word(1) & 0xFFFF > 0 else { throw .laterVersion }
    let length = Int(word(1) >> 16 & 0xFFFF_FFFF)
    guard length >= fixedWords(of: word(1) & 0xFFFF), length <= count, length <= mostWords else {
      throw .wrongLength
    }
    var sum = CRC32C()
    for place in 0..<length - 1 { sum.add(word(place)) }
    guard word(length - 1) == seal(sum) else { throw .damaged }
    return length
  }

  static func seal(_ sum: CRC32C) -> UInt64 {
    UInt64(sum.value) | UInt64(~sum.value) << 32
  }
}

extension CompiledProfile {
  /// Gives the image's words in order.
  public func encode(_ put: (UInt64) -> Void) {
    var sum = CRC32C()
    func add(_ word: UInt64) {
      sum.add(word)
      put(word)
    }
    add(ImageFormat.magic)
    add(UInt64(version) | UInt64(imageWords) << 16)
    for text in [name, population, drug, lot, timeZone] {
      add(text.a)
      add(text.b)
      add(text.c)
      add(text.d)
      add(text.e)
    }
    add(expires)
    add(mode)
    add(catheterVolume.femtolitres)
    add(run.prescription.concentration.nanogramsPerMillilitre)
    add(run.engine.step.numerator)
    add(run.engine.step.divisor)
    add(run.engine.motor.startRate)
    add(run.engine.motor.maximumRate)
    add(run.engine.motor.acceleration)
    let driver = run.engine.driver
    for span in [
      driver.stepHigh, driver.stepLow, driver.directionSetUp, driver.directionHold, driver.wakeUp,
    ] { add(span.nanoseconds) }
    add(
      (driver.energise == .aroundStrokes ? 1 : 0)
        | run.engine.motor.followsDelay.nanoseconds << 32)
    add(run.engine.backlogLimit)
    for limit in [run.engine.limits.perHour, run.engine.limits.perDay] {
      add(limit.soft.femtograms)
      add(limit.hard.femtograms)
    }
    let tries = version == ImageFormat.firstVersion ? 0 : run.stallTries
    add((run.stepsPerIndex ?? 0) | tries << 56)
    add(driver.hold.nanoseconds)
    let reservoir = run.engine.reservoir
    for volume in [reservoir.capacity, reservoir.filled, reservoir.lowAlarm, reservoir.reserve] {
      add(volume.femtolitres)
    }
    run.prescription.patientBolus.encode(add)
    add(run.singleBolus?.volume.femtolitres ?? 0)
    add(run.singleBolus?.duration.nanoseconds ?? 0)
    run.prescription.therapy.encode(add)
    if let bolus = run.engine.limits.bolus {
      add(bolus.dose.soft.femtograms)
      add(bolus.dose.hard.femtograms)
      add(bolus.shortest.nanoseconds)
      add(bolus.distance.nanoseconds)
    }
    put(ImageFormat.seal(sum))
  }

  /// A board that was flashed earlier reads what needs no later version.
  private var version: UInt16 {
    guard run.engine.limits.bolus == nil else { return ImageFormat.version }
    let isUsual =
      run.stallTries == SupervisorSettings.usualStallTries && run.engine.motor.followsDelay.isZero
    return isUsual ? ImageFormat.firstVersion : ImageFormat.secondVersion
  }

  private var imageWords: Int {
    ImageFormat.fixedWords(of: UInt64(version)) - 3 + run.prescription.therapy.wordCount
  }
}
