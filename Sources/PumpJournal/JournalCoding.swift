import PumpHAL
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits

extension JournalBlock {
  /// What kind of entry a record holds; the numbers never change.
  private enum Kind: UInt8 {
    case opened = 1
    case grant
    case event
    case command
    case profile
    case text
    case asked
    case answered
  }

  /// Codes a record, still without chain and checksum.
  init(_ record: JournalRecord) {
    self.init()
    self[1] = record.sequence
    self[2] = record.at.nanoseconds
    self[3] = UInt64(bitPattern: record.wallSeconds)
    let kind: UInt8
    var flags: UInt8 = 0
    switch record.entry {
    case .opened(let boot, let clock, let servedSince, let binding, let isSynchronised):
      kind = Kind.opened.rawValue
      self[4] = boot
      self[5] = clock.nanoseconds
      self[6] = servedSince.nanoseconds
      self[10] = isSynchronised ? 1 : 0
      guard let binding else { break }
      self[7] = binding.concentration.nanogramsPerMillilitre
      self[8] = binding.step.numerator
      self[9] = binding.step.divisor
    case .grant(let counts, let upTo, let until):
      kind = Kind.grant.rawValue
      self[4] = counts.certain
      self[5] = counts.uncertain
      self[6] = counts.missed
      self[7] = counts.atFill
      self[8] = upTo
      self[9] = until.nanoseconds
    case .event(let event):
      kind = Kind.event.rawValue
      let code = EventCode(event)
      flags = code.tag
      (self[4], self[5]) = (code.first, code.second)
    case .command(let command, let value, let isAccepted):
      kind = Kind.command.rawValue
      flags = command.rawValue
      (self[4], self[5]) = (value, isAccepted ? 1 : 0)
    case .asked(let ticket, let command, let value, let by):
      kind = Kind.asked.rawValue
      flags = command.rawValue
      (self[4], self[5]) = (ticket, value)
      self[6] = UInt64(by.user) | UInt64(by.role.rawValue) << 32
    case .answered(let ticket, let command, let value, let result):
      kind = Kind.answered.rawValue
      flags = command.rawValue
      (self[4], self[5]) = (ticket, value)
      (self[6], self[7]) = (UInt64(result.code.number), result.code.detail)
    case .profile(let copy, let part, let length, let sum, let text):
      kind = Kind.profile.rawValue
      flags = copy
      self[4] = UInt64(part)
      self[5] = UInt64(length) | UInt64(sum) << 32
      put(text)
    case .text(let part, let length, let text):
      kind = Kind.text.rawValue
      self[4] = UInt64(part)
      self[5] = UInt64(length)
      put(text)
    case .unknown(let other): kind = other
    }
    self[0] =
      UInt64(Self.format) | UInt64(kind) << 16 | UInt64(flags) << 24
      | UInt64(record.session) << 32
  }

  /// The record's format, which may be a later version's.
  var formatNumber: UInt16 { UInt16(truncatingIfNeeded: self[0]) }

  /// What the record says.
  var record: JournalRecord {
    JournalRecord(
      sequence: self[1], session: UInt32(truncatingIfNeeded: self[0] >> 32),
      at: Instant(nanoseconds: self[2]), wallSeconds: Int64(bitPattern: self[3]), entry: entry)
  }

  /// Whether a grant's counts can be a pump's: what was written by something else may hold anything.
  var hasPossibleCounts: Bool {
    UInt8(truncatingIfNeeded: self[0] >> 16) != Kind.grant.rawValue
      || self[8] <= StepCounts.most && grantedCounts.isPossible
  }

  private var grantedCounts: StepCounts {
    StepCounts(certain: self[4], uncertain: self[5], missed: self[6], atFill: self[7])
  }

  private var entry: JournalEntry {
    let number = UInt8(truncatingIfNeeded: self[0] >> 16)
    let flags = UInt8(truncatingIfNeeded: self[0] >> 24)
    switch Kind(rawValue: number) {
    case .opened:
      return .opened(
        boot: self[4], clock: TimeSpan(nanoseconds: self[5]),
        servedSince: Instant(nanoseconds: self[6]), binding, isClockSynchronised: self[10] == 1)
    case .grant:
      return .grant(grantedCounts, upTo: self[8], until: Instant(nanoseconds: self[9]))
    case .event:
      let code = EventCode(tag: flags, first: self[4], second: self[5])
      return code.event.map { .event($0) } ?? .unknown(number)
    case .command:
      guard let command = CommandKind(rawValue: flags) else { return .unknown(number) }
      return .command(command, self[4], isAccepted: self[5] == 1)
    case .asked:
      guard let command = CommandKind(rawValue: flags),
        let role = Role(rawValue: UInt8(truncatingIfNeeded: self[6] >> 32))
      else { return .unknown(number) }
      let user = UInt32(truncatingIfNeeded: self[6])
      return .asked(ticket: self[4], command, self[5], Operator(user: user, role: role))
    case .answered:
      guard let command = CommandKind(rawValue: flags),
        let result = Answered.Result(
          number: UInt8(truncatingIfNeeded: self[6]), detail: self[7])
      else { return .unknown(number) }
      return .answered(ticket: self[4], command, self[5], result)
    case .profile:
      return .profile(
        copy: flags, part: UInt16(truncatingIfNeeded: self[4]),
        length: UInt32(truncatingIfNeeded: self[5]), sum: UInt32(truncatingIfNeeded: self[5] >> 32),
        text)
    case .text:
      return .text(
        part: UInt16(truncatingIfNeeded: self[4]), length: UInt32(truncatingIfNeeded: self[5]), text
      )
    case nil: return .unknown(number)
    }
  }

  private var binding: JournalBinding? {
    guard self[7] > 0,
      let step = try? StepVolume(
        delivering: Volume(femtolitres: self[8]), inSteps: self[9])
    else { return nil }
    return JournalBinding(
      step: step, concentration: Concentration(nanogramsPerMillilitre: self[7]))
  }

  private mutating func put(_ text: JournalText) {
    (self[6], self[7], self[8], self[9], self[10]) = (text.a, text.b, text.c, text.d, text.e)
  }

  private var text: JournalText {
    var text = JournalText()
    (text.a, text.b, text.c, text.d, text.e) = (self[6], self[7], self[8], self[9], self[10])
    return text
  }
}

/// An event as a tag and two words; the tags never change.
struct EventCode {
  var tag: UInt8
  var first: UInt64 = 0
  var second: UInt64 = 0

  init(tag: UInt8, first: UInt64, second: UInt64) {
    (self.tag, self.first, self.second) = (tag, first, second)
  }

  init(_ event: PumpEvent) {
    func alarm(_ tag: UInt8, _ alarm: Alarm, _ second: UInt64 = 0) -> Self {
      Self(tag: tag, first: UInt64(alarm.rawValue), second: second)
    }
    func plain(_ tag: UInt8, _ first: UInt64 = 0, _ second: UInt64 = 0) -> Self {
      Self(tag: tag, first: first, second: second)
    }
    switch event {
    case .began: self = plain(1)
    case .suspended: self = plain(2)
    case .resumed: self = plain(3)
    case .adopted: self = plain(4)
    case .anchored(let place): self = plain(5, place.nanoseconds)
    case .bolusBegan(let kind, let volume):
      self = plain(6, volume.femtolitres, UInt64(kind.rawValue))
    case .bolusEnded(let kind, let volume, let isWhole):
      self = plain(7, volume.femtolitres, UInt64(kind.rawValue) | (isWhole ? 256 : 0))
    case .bolusDropped(let volume): self = plain(8, volume.femtolitres)
    case .late(let span): self = plain(9, span.nanoseconds)
    case .forgone(let steps): self = plain(10, steps)
    case .tripped(let which): self = alarm(11, which)
    case .alarmRaised(let which): self = alarm(12, which)
    case .alarmCauseGone(let which): self = alarm(13, which)
    case .acknowledged(let which): self = alarm(14, which)
    case .silenced(let which, let until): self = alarm(15, which, until.nanoseconds)
    case .wallClockMoved(let seconds): self = plain(16, UInt64(bitPattern: seconds))
    case .refilled(let volume): self = plain(17, volume.femtolitres)
    case .stallEnded(let steps): self = plain(18, steps)
    case .held(let isHeld): self = plain(19, isHeld ? 1 : 0)
    case .restarted(let span, let uncertain): self = plain(20, span.nanoseconds, uncertain)
    case .reconciled(let made, let notMade): self = plain(21, made, notMade)
    case .ended: self = plain(22)
    case .tested(let part, let passed): self = plain(23, UInt64(part.rawValue), passed ? 1 : 0)
    case .fellBack: self = plain(24)
    case .wallClockKept: self = plain(25)
    }
  }

  /// The event; `nil` for one that this version does not know.
  var event: PumpEvent? {
    func alarm(_ make: (Alarm) -> PumpEvent) -> PumpEvent? {
      Alarm(rawValue: UInt8(truncatingIfNeeded: first)).map { make($0) }
    }
    func bolus(_ make: (BolusKind) -> PumpEvent) -> PumpEvent? {
      BolusKind(rawValue: UInt8(truncatingIfNeeded: second)).map { make($0) }
    }
    let volume = Volume(femtolitres: first)
    switch tag {
    case 1: return .began
    case 2: return .suspended
    case 3: return .resumed
    case 4: return .adopted
    case 5: return .anchored(TimeSpan(nanoseconds: first))
    case 6: return bolus { .bolusBegan($0, volume) }
    case 7: return bolus { .bolusEnded($0, volume, isWhole: second & 256 != 0) }
    case 8: return .bolusDropped(volume)
    case 9: return .late(TimeSpan(nanoseconds: first))
    case 10: return .forgone(steps: first)
    case 11: return alarm { .tripped($0) }
    case 12: return alarm { .alarmRaised($0) }
    case 13: return alarm { .alarmCauseGone($0) }
    case 14: return alarm { .acknowledged($0) }
    case 15: return alarm { .silenced($0, until: Instant(nanoseconds: second)) }
    case 16: return .wallClockMoved(seconds: Int64(bitPattern: first))
    case 17: return .refilled(volume)
    case 18: return .stallEnded(steps: first)
    case 19: return .held(first == 1)
    case 20: return .restarted(TimeSpan(nanoseconds: first), uncertain: second)
    case 21: return .reconciled(made: first, notMade: second)
    case 22: return .ended
    case 23:
      return SelfTestPart(rawValue: UInt8(truncatingIfNeeded: first)).map {
        .tested($0, passed: second == 1)
      }
    case 24: return .fellBack
    case 25: return .wallClockKept
    default: return nil
    }
  }
}
