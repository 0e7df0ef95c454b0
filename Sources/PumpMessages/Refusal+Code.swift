import PumpUnits

extension Refusal {
  /// Its number, which never changes, and what goes with it: journal, console and channel keep both.
  public var code: (number: UInt8, detail: UInt64) {
    switch self {
    case .notPossible(let state): (1, state.code)
    case .bolusInProgress: (2, 0)
    case .concentrationDiffers: (3, 0)
    case .noBolusInProgress: (4, 0)
    case .overlapsScheduledBolus(let at): (5, at.nanoseconds)
    case .doseLimit(let window): (6, UInt64(window.rawValue))
    case .needsConfirmation(let window): (7, UInt64(window.rawValue))
    case .beyondMotor: (8, 0)
    case .reservoirTooLow(let left): (9, left.femtolitres)
    case .patientBolusNotPrescribed: (10, 0)
    case .lockedOut(let end): (11, end.nanoseconds)
    case .dailyMaximum(let end): (12, end.nanoseconds)
    case .alarm(let alarm): (13, UInt64(alarm.rawValue))
    case .selfTestRuns: (14, 0)
    case .noSuchAlarm: (15, 0)
    case .overfilled: (16, 0)
    case .commandInProgress: (17, 0)
    case .journalFailed: (18, 0)
    case .bolusTooLarge(let limit): (19, limit.femtograms)
    case .bolusNeedsConfirmation(let limit): (20, limit.femtograms)
    case .bolusTooFast(let shortest): (21, shortest.nanoseconds)
    case .hasChanged: (22, 0)
    case .ticketUsed: (23, 0)
    case .bolusTooSoon(let end): (24, end.nanoseconds)
    }
  }

  /// The refusal of a number; `nil` for one that this version does not know.
  public init?(number: UInt8, detail: UInt64) {
    let window = DoseWindow(rawValue: UInt8(clamping: detail))
    switch number {
    case 1:
      guard let state = PumpState(code: detail) else { return nil }
      self = .notPossible(in: state)
    case 2: self = .bolusInProgress
    case 3: self = .concentrationDiffers
    case 4: self = .noBolusInProgress
    case 5: self = .overlapsScheduledBolus(at: Instant(nanoseconds: detail))
    case 6:
      guard let window else { return nil }
      self = .doseLimit(window)
    case 7:
      guard let window else { return nil }
      self = .needsConfirmation(window)
    case 8: self = .beyondMotor
    case 9: self = .reservoirTooLow(Volume(femtolitres: detail))
    case 10: self = .patientBolusNotPrescribed
    case 11: self = .lockedOut(until: Instant(nanoseconds: detail))
    case 12: self = .dailyMaximum(until: Instant(nanoseconds: detail))
    case 13:
      guard let alarm = Alarm(rawValue: UInt8(clamping: detail)) else { return nil }
      self = .alarm(alarm)
    case 14: self = .selfTestRuns
    case 15: self = .noSuchAlarm
    case 16: self = .overfilled
    case 17: self = .commandInProgress
    case 18: self = .journalFailed
    case 19: self = .bolusTooLarge(Mass(femtograms: detail))
    case 20: self = .bolusNeedsConfirmation(Mass(femtograms: detail))
    case 21: self = .bolusTooFast(TimeSpan(nanoseconds: detail))
    case 22: self = .hasChanged
    case 23: self = .ticketUsed
    case 24: self = .bolusTooSoon(until: Instant(nanoseconds: detail))
    default: return nil
    }
  }
}

extension PumpState {
  /// As one word, for journal and channel.
  public var code: UInt64 {
    switch self {
    case .idle: 0
    case .delivering: 1
    case .suspended: 2
    case .tripped(let alarm): 3 | UInt64(alarm.rawValue) << 8
    }
  }

  /// The state of a word; `nil` for one that this version does not know.
  public init?(code: UInt64) {
    switch code & 255 {
    case 0: self = .idle
    case 1: self = .delivering
    case 2: self = .suspended
    case 3:
      guard let alarm = Alarm(rawValue: UInt8(clamping: code >> 8)) else { return nil }
      self = .tripped(alarm)
    default: return nil
    }
  }
}

extension Answered.Result {
  /// Its number and what goes with it: 0 for done, 255 for unknown, a refusal's own between.
  public var code: (number: UInt8, detail: UInt64) {
    switch self {
    case .accepted: (0, 0)
    case .refused(let refusal): refusal.code
    case .unknown: (255, 0)
    }
  }

  /// The result of a number; a refusal that this version does not know is none that it could repeat.
  public init?(number: UInt8, detail: UInt64) {
    switch number {
    case 0: self = .accepted
    case 255: self = .unknown
    default:
      guard let refusal = Refusal(number: number, detail: detail) else { return nil }
      self = .refused(refusal)
    }
  }
}
