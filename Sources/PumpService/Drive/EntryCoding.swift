import PumpHAL
import PumpMessages
import PumpReplay
import PumpSafety
import PumpUnits

/// Entries as bytes: a tag, then numbers in groups of seven bits, instants as differences.
///
/// A step takes about a dozen bytes.
package struct EntryEncoder {
  package var bytes: [UInt8] = []
  private var last: UInt64 = 0

  package mutating func encode(_ entry: RunEntry) {
    switch entry {
    case .ordered(let order): self.order(order)
    case .call(.hadNews): tag(.hadNews)
    case .call(.waited(let deadline, let woke)):
      tag(.waited)
      number(zigzag: Int64(bitPattern: deadline.nanoseconds &- last))
      number(zigzag: Int64(bitPattern: woke.nanoseconds &- deadline.nanoseconds))
      last = woke.nanoseconds
    case .call(.readClock(let now)):
      tag(.readClock)
      number(zigzag: Int64(bitPattern: now.nanoseconds &- last))
      last = now.nanoseconds
    case .call(.set(let line, let level, let kind)):
      tag(.set)
      bytes.append(line.rawValue << 4 | level.rawValue)
      fault(kind)
    case .call(.readBack(let line, let level)):
      tag(.readBack)
      bytes.append(line.rawValue << 4 | (level?.rawValue ?? 15))
    case .call(.readSensors(let readings)): sensors(readings)
    case .call(.sensorsFailed(let kind)):
      tag(.sensorsFailed)
      fault(kind)
    case .call(.readWallClock(let seconds)):
      tag(.readWallClock)
      number(zigzag: seconds)
    case .call(.sounded(let tone, let kind)):
      tag(.sounded)
      bytes.append(tone.rawValue)
      fault(kind)
    case .call(.kickedWatchdog(let kind)):
      tag(.kickedWatchdog)
      fault(kind)
    }
  }

  private mutating func order(_ order: SessionOrder) {
    switch order {
    case .stop: tag(.stopOrdered)
    case .grant(let grant):
      tag(.granted)
      number(grant.number)
      number(grant.upTo)
      number(grant.until.nanoseconds)
    case .hold(let isHeld, let count):
      tag(.held)
      bytes.append(isHeld ? 1 : 0)
      number(count)
    case .cut(let alarm, let count):
      tag(.cut)
      bytes.append(alarm.rawValue)
      number(count)
    case .doubt(let steps):
      tag(.doubted)
      number(steps)
    case .fallBack(let flow):
      tag(.fellBack)
      number(flow.femtolitresPerDay)
    case .command(let words, let asked):
      tag(.commanded)
      bytes.append(words.kind.rawValue)
      bytes.append(words.isConfirmed ? 1 : 0)
      number(words.first)
      number(words.second)
      number(asked)
    case .beginHeld: tag(.begunHeld)
    case .part(let part):
      tag(.prescribed)
      number(UInt64(part.count))
      number(UInt64(part.place))
      for word in [part.words.0, part.words.1, part.words.2, part.words.3] { number(word) }
    }
  }

  private mutating func sensors(_ readings: SensorReadings) {
    tag(.readSensors)
    bytes.append(readings.driverFault ? 1 : 0)
    bytes.append(readings.isReservoirLow.map { $0 ? 1 : 0 } ?? 2)
    for value in [
      readings.indexPulses, readings.reservoir?.femtolitres,
      readings.batteryMillivolts.map(UInt64.init),
      readings.milliCelsius.map { UInt64(UInt32(bitPattern: $0)) },
    ] {
      bytes.append(value == nil ? 0 : 1)
      if let value { number(value) }
    }
  }

  private mutating func tag(_ tag: EntryTag) { bytes.append(tag.rawValue) }

  private mutating func fault(_ kind: FaultKind?) {
    bytes.append(kind.map { $0.rawValue + 1 } ?? 0)
  }

  private mutating func number(zigzag value: Int64) {
    number(UInt64(bitPattern: value << 1 ^ value >> 63))
  }

  private mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// What kind of entry follows.
package enum EntryTag: UInt8 {
  case waited = 1
  case readClock
  case set
  case readSensors
  case sensorsFailed
  case readWallClock
  case sounded
  case kickedWatchdog
  case stopOrdered
  case readBack
  case granted
  case held
  case cut
  case doubted
  case fellBack
  case hadNews
  case commanded
  case prescribed
  case begunHeld
}

/// Reads entries back from bytes.
package struct EntryDecoder {
  private var last: UInt64 = 0
  private var bytes: [UInt8] = []
  private var at = 0

  /// Decodes a block.
  ///
  /// - Returns: Whether all of it made sense.
  package mutating func decode(_ block: [UInt8], into entries: inout [RunEntry]) -> Bool {
    bytes = block
    at = 0
    while at < bytes.count {
      guard let entry = entry() else { return false }
      entries.append(entry)
    }
    return true
  }

  private mutating func entry() -> RunEntry? {
    guard let byte = byte(), let tag = EntryTag(rawValue: byte) else { return nil }
    switch tag {
    case .stopOrdered: return .ordered(.stop)
    case .begunHeld: return .ordered(.beginHeld)
    case .granted, .held, .cut, .doubted, .fellBack, .commanded, .prescribed:
      return order(tag).map { .ordered($0) }
    case .hadNews: return .call(.hadNews)
    case .waited:
      guard let ahead = signed(), let late = signed() else { return nil }
      let deadline = last &+ UInt64(bitPattern: ahead)
      last = deadline &+ UInt64(bitPattern: late)
      return .call(
        .waited(until: Instant(nanoseconds: deadline), woke: Instant(nanoseconds: last)))
    case .readClock:
      guard let passed = signed() else { return nil }
      last = last &+ UInt64(bitPattern: passed)
      return .call(.readClock(Instant(nanoseconds: last)))
    case .set:
      guard let code = self.byte(), let line = DriverLine(rawValue: code >> 4),
        let level = LineLevel(rawValue: code & 15), let kind = fault()
      else { return nil }
      return .call(.set(line, level, kind.kind))
    case .readBack:
      guard let code = self.byte(), let line = DriverLine(rawValue: code >> 4) else { return nil }
      guard code & 15 != 15 else { return .call(.readBack(line, nil)) }
      return LineLevel(rawValue: code & 15).map { .call(.readBack(line, $0)) }
    case .readSensors: return sensors().map { .call(.readSensors($0)) }
    case .sensorsFailed:
      guard let kind = fault()?.kind else { return nil }
      return .call(.sensorsFailed(kind))
    case .readWallClock: return signed().map { .call(.readWallClock($0)) }
    case .sounded:
      guard let tone = self.byte().flatMap(AlarmTone.init(rawValue:)), let kind = fault() else {
        return nil
      }
      return .call(.sounded(tone, kind.kind))
    case .kickedWatchdog: return fault().map { .call(.kickedWatchdog($0.kind)) }
    }
  }

  private mutating func order(_ tag: EntryTag) -> SessionOrder? {
    switch tag {
    case .granted:
      guard let sequence = number(), let upTo = number(), let until = number() else { return nil }
      return .grant(Grant(number: sequence, upTo: upTo, until: Instant(nanoseconds: until)))
    case .held:
      guard let isHeld = byte(), isHeld <= 1, let count = number() else { return nil }
      return .hold(isHeld == 1, beyond: count)
    case .cut:
      guard let alarm = byte().flatMap(Alarm.init(rawValue:)), let count = number() else {
        return nil
      }
      return .cut(alarm, beyond: count)
    case .doubted: return number().map { .doubt($0) }
    case .prescribed:
      guard let count = number().flatMap(UInt32.init(exactly:)),
        let place = number().flatMap(UInt32.init(exactly:)), let first = number(),
        let second = number(), let third = number(), let fourth = number()
      else { return nil }
      return .part(
        PrescriptionPart(count: count, place: place, words: (first, second, third, fourth)))
    case .commanded:
      guard let kind = byte().flatMap(CommandKind.init(rawValue:)), let isConfirmed = byte(),
        isConfirmed <= 1, let first = number(), let second = number(), let asked = number()
      else { return nil }
      let words = CommandWords(
        kind: kind, isConfirmed: isConfirmed == 1, first: first, second: second)
      return .command(words, number: asked)
    default: return number().map { .fallBack(FlowRate(femtolitresPerDay: $0)) }
    }
  }

  private mutating func sensors() -> SensorReadings? {
    guard let isFaulty = byte(), let isLow = byte(), isLow <= 2 else { return nil }
    var values: [UInt64?] = []
    for _ in 0..<4 {
      guard let isThere = byte() else { return nil }
      guard isThere != 0 else {
        values.append(nil)
        continue
      }
      guard let value = number() else { return nil }
      values.append(value)
    }
    return SensorReadings(
      indexPulses: values[0], driverFault: isFaulty == 1,
      reservoir: values[1].map { Volume(femtolitres: $0) },
      isReservoirLow: isLow == 2 ? nil : isLow == 1,
      batteryMillivolts: values[2].map { UInt32(truncatingIfNeeded: $0) },
      milliCelsius: values[3].map { Int32(bitPattern: UInt32(truncatingIfNeeded: $0)) })
  }

  private mutating func byte() -> UInt8? {
    guard at < bytes.count else { return nil }
    at += 1
    return bytes[at - 1]
  }

  /// The kind of a failure, or that there was none; `nil` where the byte is neither.
  private mutating func fault() -> (kind: FaultKind?, Void)? {
    guard let code = byte() else { return nil }
    guard code > 0 else { return (nil, ()) }
    guard let kind = FaultKind(rawValue: code - 1) else { return nil }
    return (kind, ())
  }

  private mutating func signed() -> Int64? {
    number().map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
  }

  private mutating func number() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = byte() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}
