import PumpTherapy
import PumpUnits

extension SessionStatus {
  /// How many words a status has.
  public static var wordCount: Int { 16 + DriveDetail.wordCount }

  /// A status as fixed words: how a board tells its host.
  ///
  /// - Parameter place: From 0, below `wordCount`; 0 beyond.
  public func word(_ place: Int) -> UInt64 {
    switch place {
    case 0: at.nanoseconds
    case 1: position
    case 2:
      Self.number(waitsFor) | Self.number(cutBy) << 8 | (isHeld ? 1 << 16 : 0)
        | (isTesting ? 1 << 17 : 0)
    case 3...6: counts.word(place - 3)
    case 7...10: carried.word(place - 7)
    case 11: standing
    case 12: present
    case 13: critical
    case 14: lastHour.femtograms
    case 15: lastDay.femtograms
    default: drive.word(place - 16)
    }
  }

  /// The status of words; `nil` where they are none's.
  ///
  /// - Parameter word: Each of `wordCount`, by its place.
  public init?(word: (Int) -> UInt64) {
    guard let drive = DriveDetail(word: { word($0 + 16) }) else { return nil }
    let (waits, cut) = (word(2) & 255, word(2) >> 8 & 255)
    let (waitsFor, cutBy) = (Self.alarm(waits), Self.alarm(cut))
    let counts = StepCounts(word: { word($0 + 3) })
    let carried = StepCounts(word: { word($0 + 7) })
    guard (waits == 0) == (waitsFor == nil), (cut == 0) == (cutBy == nil), counts.isPossible,
      carried.isPossible
    else { return nil }
    self.init(
      at: Instant(nanoseconds: word(0)), position: word(1), drive: drive, waitsFor: waitsFor,
      counts: counts, carried: carried, cutBy: cutBy, isHeld: word(2) >> 16 & 1 == 1,
      isTesting: word(2) >> 17 & 1 == 1, standing: word(11), present: word(12),
      critical: word(13), lastHour: Mass(femtograms: word(14)),
      lastDay: Mass(femtograms: word(15)))
  }

  /// One more than an alarm's number; 0 for none.
  private static func number(_ alarm: Alarm?) -> UInt64 {
    alarm.map { UInt64($0.rawValue) + 1 } ?? 0
  }

  private static func alarm(_ number: UInt64) -> Alarm? {
    number == 0 ? nil : Alarm(rawValue: UInt8(clamping: number - 1))
  }
}

extension StepCounts {
  fileprivate func word(_ place: Int) -> UInt64 {
    switch place {
    case 0: certain
    case 1: uncertain
    case 2: missed
    default: atFill
    }
  }

  fileprivate init(word: (Int) -> UInt64) {
    self.init(certain: word(0), uncertain: word(1), missed: word(2), atFill: word(3))
  }
}

extension DriveDetail {
  /// How many words a detail has.
  public static var wordCount: Int { 10 }

  /// A detail as fixed words: how it crosses from one process to another, and from a board to its host.
  ///
  /// - Parameter place: From 0, below `wordCount`; 0 beyond.
  public func word(_ place: Int) -> UInt64 {
    switch place {
    case 0: state.code | (fallBack == nil ? 0 : 1 << 32)
    case 1: flow.femtolitresPerDay
    case 2: planned.femtolitres
    case 3: reservoir.femtolitres
    case 4: self.place.nanoseconds
    case 5: bolus.map { UInt64($0.kind.rawValue) + 1 } ?? 0
    case 6: bolus?.volume.femtolitres ?? 0
    case 7: bolus?.given.femtolitres ?? 0
    case 8: bolus?.end.nanoseconds ?? 0
    case 9: fallBack?.femtolitresPerDay ?? 0
    default: 0
    }
  }

  /// The detail of words; `nil` where they are none's.
  ///
  /// - Parameter word: Each of `wordCount`, by its place.
  public init?(word: (Int) -> UInt64) {
    guard let state = PumpState(code: word(0) & 0xFFFF) else { return nil }
    var bolus: RunningBolus?
    if word(5) != 0 {
      guard let kind = BolusKind(rawValue: UInt8(clamping: word(5) - 1)) else { return nil }
      bolus = RunningBolus(
        kind: kind, volume: Volume(femtolitres: word(6)), given: Volume(femtolitres: word(7)),
        end: Instant(nanoseconds: word(8)))
    }
    self.init(
      state: state, flow: FlowRate(femtolitresPerDay: word(1)),
      planned: Volume(femtolitres: word(2)), reservoir: Volume(femtolitres: word(3)), bolus: bolus,
      place: TimeSpan(nanoseconds: word(4)),
      fallBack: word(0) >> 32 == 1 ? FlowRate(femtolitresPerDay: word(9)) : nil)
  }
}
