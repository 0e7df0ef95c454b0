import PumpUnits

/// Why words are no prescription.
public enum PrescriptionProblem: Error, Equatable, Sendable {
  /// They are fewer or more than they say.
  case wrongLength
  /// A value in them can't be.
  case outOfRange
  /// The pattern has more entries than there is room for.
  case tooManyEntries
}

/// The one coding of a prescription, as words of 64 bits: how it crosses between processes, and what an image
/// holds of it.
///
/// | words | hold |
/// |---|---|
/// | 4 | patient bolus: volume, duration, lock-out, most a day; zeros without one |
/// | 3 | therapy: 0 stopped, 1 minimum rate, 2 continuous, 3 flex; flow in fL/day, or period in ns; number of segments (32 bits) and boluses (32) |
/// | then | each segment: start in ns, flow in fL/day; each bolus: start, volume, duration |
///
/// A whole prescription has the concentration in ng/mL before them.
extension Prescription {
  /// The most words that one has.
  public static var mostWords: Int { 8 + 5 * FlexPattern.mostEntries }

  /// Gives its words in order.
  public func encode(_ put: (UInt64) -> Void) {
    put(concentration.nanogramsPerMillilitre)
    patientBolus.encode(put)
    therapy.encode(put)
  }

  /// Reads one; every rule that its values must keep is checked.
  ///
  /// - Parameters:
  ///   - count: How many words there are.
  ///   - word: Gives one by its place.
  /// - Throws: `PrescriptionProblem`.
  public init(count: Int, word: (Int) -> UInt64) throws(PrescriptionProblem) {
    guard count >= 8 else { throw .wrongLength }
    guard word(0) > 0 else { throw .outOfRange }
    let rule = try PatientBolusRule?(at: 1, word: word)
    let therapy = try Therapy(
      at: 5, end: count, mostEntries: 3 * FlexPattern.mostEntries, word: word)
    self.init(
      therapy: therapy, concentration: Concentration(nanogramsPerMillilitre: word(0)),
      patientBolus: rule)
  }
}

extension PatientBolusRule? {
  /// Gives its four words.
  public func encode(_ put: (UInt64) -> Void) {
    put(self?.bolus.volume.femtolitres ?? 0)
    put(self?.bolus.duration.nanoseconds ?? 0)
    put(self?.lockout.nanoseconds ?? 0)
    put(UInt64(self?.maximumPerDay ?? 0))
  }

  /// Reads four words from a place on.
  ///
  /// - Throws: `PrescriptionProblem`.
  public init(at place: Int, word: (Int) -> UInt64) throws(PrescriptionProblem) {
    guard word(place) > 0 else {
      self = nil
      return
    }
    guard word(place + 3) <= UInt64(PatientBolusRule.mostPerDay) else { throw .outOfRange }
    let bolus = try Bolus(volume: word(place), duration: word(place + 1))
    guard
      let rule = try? PatientBolusRule(
        bolus: bolus, lockout: TimeSpan(nanoseconds: word(place + 2)),
        maximumPerDay: Int(word(place + 3)))
    else { throw .outOfRange }
    self = rule
  }
}

extension Therapy {
  /// How many words it has.
  public var wordCount: Int {
    guard case .flex(let pattern) = self else { return 3 }
    return 3 + 2 * pattern.segments.count + 3 * pattern.boluses.count
  }

  /// Gives its words.
  public func encode(_ put: (UInt64) -> Void) {
    switch self {
    case .stopped: for _ in 0..<3 { put(0) }
    case .minimumRate(let flow):
      put(1)
      put(flow.femtolitresPerDay)
      put(0)
    case .continuous(let flow):
      put(2)
      put(flow.femtolitresPerDay)
      put(0)
    case .flex(let pattern):
      put(3)
      put(pattern.period.nanoseconds)
      put(UInt64(pattern.segments.count) | UInt64(pattern.boluses.count) << 32)
      for segment in pattern.segments {
        put(segment.start.nanoseconds)
        put(segment.flow.femtolitresPerDay)
      }
      for entry in pattern.boluses {
        put(entry.start.nanoseconds)
        put(entry.bolus.volume.femtolitres)
        put(entry.bolus.duration.nanoseconds)
      }
    }
  }

  /// Reads one from a place on; on bare metal its pattern is laid down in the arena.
  ///
  /// - Parameters:
  ///   - place: Where it begins.
  ///   - end: Where it must end.
  ///   - mostEntries: The most entries of a pattern that there is room for, a bolus counted twice.
  /// - Throws: `PrescriptionProblem`.
  public init(
    at place: Int, end: Int, mostEntries: Int, word: (Int) -> UInt64
  ) throws(PrescriptionProblem) {
    func flow(_ count: UInt64) throws(PrescriptionProblem) -> FlowRate {
      guard let flow = try? FlowRate(checkingFemtolitresPerDay: count) else { throw .outOfRange }
      return flow
    }
    guard word(place) == 3 else {
      guard end == place + 3 else { throw .wrongLength }
      switch word(place) {
      case 0: self = .stopped
      case 1: self = .minimumRate(try flow(word(place + 1)))
      case 2: self = .continuous(try flow(word(place + 1)))
      default: throw .outOfRange
      }
      return
    }
    let counts = word(place + 2)
    let (segments, boluses) = (Int(counts & 0xFFFF_FFFF), Int(counts >> 32))
    guard segments <= FlexPattern.mostEntries, boluses <= FlexPattern.mostEntries,
      end == place + 3 + 2 * segments + 3 * boluses
    else { throw .wrongLength }
    guard segments + 2 * boluses <= mostEntries else { throw .tooManyEntries }
    let first = place + 3
    let firstBolus = first + 2 * segments
    let basal = try Table(count: segments) { (place) throws(PrescriptionProblem) in
      FlexPattern.BasalSegment(
        start: TimeSpan(nanoseconds: word(first + 2 * place)),
        flow: try flow(word(first + 2 * place + 1)))
    }
    let scheduled = try Table(count: boluses) { (place) throws(PrescriptionProblem) in
      let at = firstBolus + 3 * place
      return FlexPattern.ScheduledBolus(
        start: TimeSpan(nanoseconds: word(at)),
        bolus: try Bolus(volume: word(at + 1), duration: word(at + 2)))
    }
    guard
      let pattern = try? FlexPattern(
        period: TimeSpan(nanoseconds: word(place + 1)), segments: basal, boluses: scheduled)
    else { throw .outOfRange }
    self = .flex(pattern)
  }
}

extension Bolus {
  /// Reads one from its two words.
  ///
  /// - Throws: `PrescriptionProblem`.
  public init(volume: UInt64, duration: UInt64) throws(PrescriptionProblem) {
    guard
      let bolus = try? Bolus(
        volume: Volume(femtolitres: volume), duration: TimeSpan(nanoseconds: duration))
    else { throw .outOfRange }
    self = bolus
  }
}
