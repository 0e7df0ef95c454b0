/// A place in a file; lines and columns count from 1.
public struct SourcePlace: Hashable, Comparable, Sendable {
  public var line: Int
  public var column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// Something wrong, or doubtful, in a file that somebody wrote.
public struct Diagnostic: Hashable, Sendable {
  /// How bad it is.
  public enum Severity: String, Sendable {
    /// The file can't be used.
    case error
    /// The file can be used; a clinician should look.
    case warning
  }

  public var severity: Severity
  public var code: DiagnosticCode
  public var place: SourcePlace
  /// What is wrong, and what was expected.
  public var message: String

  public init(
    _ code: DiagnosticCode, at place: SourcePlace, _ message: String,
    severity: Severity = .error
  ) {
    self.severity = severity
    self.code = code
    self.place = place
    self.message = message
  }

  /// The diagnostic as compilers print it.
  public func line(file: String) -> String {
    // A control character of the file must not reach the reader's terminal.
    let shown = String(
      message.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) })
    return
      "\(file):\(place.line):\(place.column): \(severity.rawValue): \(shown) [\(code.rawValue)]"
  }
}

/// The stable name of a kind of problem.
public enum DiagnosticCode: String, CaseIterable, Sendable {
  // What the schemas can see as well.
  case unreadable = "file-unreadable"
  case notYAML = "yaml-syntax"
  case wrongShape = "wrong-shape"
  case missingKey = "missing-key"
  case unknownKey = "unknown-key"
  case duplicateKey = "duplicate-key"
  case badText = "bad-text"
  case badNumber = "bad-number"
  case missingUnit = "missing-unit"
  case wrongUnit = "wrong-unit"
  case badTime = "bad-time"
  case badDate = "bad-date"
  case badName = "bad-name"
  case badZone = "unknown-time-zone"
  // What needs the numbers, the drug library or the pump.
  case outOfRange = "out-of-range"
  case tooPrecise = "too-precise"
  case unknownDrug = "unknown-drug"
  case unknownConcentration = "concentration-not-in-library"
  case unknownPopulation = "population-not-in-library"
  case expiredDrug = "drug-expired"
  case drugExpiresSoon = "drug-expires-before-refill"
  case doseAboveHardLimit = "dose-above-hard-limit"
  case doseAboveSoftLimit = "dose-above-soft-limit"
  case doseBelowSoftLimit = "dose-below-soft-limit"
  case oralDose = "dose-looks-oral"
  case milligramsForMicrograms = "dose-looks-mg-for-ug"
  case perHourForPerDay = "dose-looks-per-hour-for-per-day"
  case doseStepAboveHardLimit = "dose-step-above-hard-limit"
  case doseStepAboveSoftLimit = "dose-step-above-soft-limit"
  case doseCutAboveSoftLimit = "dose-cut-above-soft-limit"
  case concentrationChanged = "concentration-changed"
  case screeningSolution = "screening-solution"
  case hourlyDoseAboveLimit = "dose-above-hourly-limit"
  case flexUnordered = "flex-unordered"
  case flexOverlap = "flex-overlap"
  case flexWithoutStart = "flex-without-start"
  case flexTooManyEntries = "flex-too-many-entries"
  case bolusLongerThanLockout = "bolus-longer-than-lockout"
  case bolusTooNear = "bolus-too-near"
  case bolusAboveHardLimit = "bolus-above-hard-limit"
  case bolusAboveSoftLimit = "bolus-above-soft-limit"
  case bolusTooShort = "bolus-too-short"
  case bolusTooLong = "bolus-too-long"
  case patientBolusForBaclofen = "patient-bolus-needs-reason"
  case flowUnreachable = "flow-unreachable"
  case flowBelowStep = "flow-below-one-step-an-hour"
  case reservoirOverfilled = "reservoir-overfilled"
  case reservoirAlarm = "reservoir-alarm-implausible"
  case refillBeyondPractice = "refill-beyond-180-days"
  case notTherapeutic = "not-therapeutic"
  case badChecksum = "checksum-mismatch"
  case badTiming = "timing-implausible"
  case lineTwice = "line-used-twice"
  case energisesAtRest = "energises-at-rest"
  case badFault = "fault-incomplete"
  case badCommand = "command-incomplete"
  case refused = "would-be-refused"
  case reservoirAlarmEarly = "reservoir-alarm-early"
  // What looks like a slip; the file itself may say that it is right.
  case mixedRateUnits = "rate-units-mixed"
  case hourLooksLikeMinute = "time-looks-like-minutes"
  case bolusSlowerThanBasal = "bolus-slower-than-basal"
  case bolusTwice = "bolus-looks-doubled"
  case expiryFar = "expiry-looks-wrong"
  case catheterLength = "catheter-length-unusual"
  case oddCharacter = "odd-character"
  case nothingToConfirm = "nothing-to-confirm"

  /// Whether a file may say that what it warns of is right.
  public var mayBeConfirmed: Bool {
    switch self {
    case .mixedRateUnits, .hourLooksLikeMinute, .bolusSlowerThanBasal, .bolusTwice, .expiryFar,
      .catheterLength, .refillBeyondPractice, .screeningSolution, .reservoirAlarmEarly:
      true
    default: false
    }
  }

  /// Whether a schema, which knows no numbers and no library, can see the problem too.
  public var isShape: Bool {
    switch self {
    case .notYAML, .wrongShape, .missingKey, .unknownKey, .badText, .badNumber, .missingUnit,
      .wrongUnit, .badTime, .badDate, .badName:
      true
    default: false
    }
  }
}
