import PumpHAL
import PumpMessages
import PumpPlant
import PumpReplay
import PumpSafety
import PumpUnits
import Testing

@testable import PumpService

@Suite("The record's coding")
struct EntryCodingTests {
  private func entry(_ random: inout SplitMix64) -> RunEntry {
    let instants = [
      Instant.epoch, .never, Instant(nanoseconds: random.next() >> (random.next() % 64)),
    ]
    let at = instants[Int(random.next() % 3)]
    let kinds: [FaultKind?] = [nil, .notDelivered, .deliveryUncertain, .deviceLost]
    let kind = kinds[Int(random.next() % 4)]
    let line = DriverLine(rawValue: UInt8(random.next() % 3)) ?? .step
    let level = LineLevel(rawValue: UInt8(random.next() % 2)) ?? .released
    switch random.next() % 13 {
    case 0:
      let late = TimeSpan(nanoseconds: random.next() >> (random.next() % 64))
      return .call(.waited(until: at, woke: at + late))
    case 1: return .call(.readClock(at))
    case 2: return .call(.set(line, level, kind))
    case 3: return .call(.readBack(line, random.next() % 2 == 0 ? nil : level))
    case 4:
      return .call(
        .readSensors(
          SensorReadings(
            indexPulses: random.next() % 2 == 0 ? nil : random.next(),
            driverFault: random.next() % 2 == 0,
            reservoir: random.next() % 2 == 0 ? nil : Volume(femtolitres: random.next()),
            isReservoirLow: [nil, true, false][Int(random.next() % 3)],
            batteryMillivolts: random.next() % 2 == 0 ? nil : UInt32(random.next() >> 32),
            milliCelsius: random.next() % 2 == 0
              ? nil : Int32(bitPattern: UInt32(random.next() >> 32)))))
    case 5: return .call(.sensorsFailed(kind ?? .notDelivered))
    case 6: return .call(.readWallClock(Int64(bitPattern: random.next())))
    case 7: return .call(.sounded(random.next() % 2 == 0 ? .single : .double, kind))
    case 8: return .call(.kickedWatchdog(kind))
    case 9: return .call(.hadNews)
    default: return .ordered(order(&random))
    }
  }

  private func order(_ random: inout SplitMix64) -> SessionOrder {
    let alarm = Alarm.allCases[Int(random.next() % UInt64(Alarm.allCases.count))]
    switch random.next() % 6 {
    case 0: return .stop
    case 1:
      return .grant(
        Grant(
          number: random.next() >> 8, upTo: random.next(),
          until: Instant(nanoseconds: random.next())))
    case 2: return .hold(random.next() % 2 == 0, beyond: random.next())
    case 3: return .cut(alarm, beyond: random.next())
    case 4: return .doubt(random.next())
    default: return .fallBack(FlowRate(femtolitresPerDay: random.next()))
    }
  }

  @Test("Whatever was called is read back as it was, over block ends too", arguments: 0..<20)
  func roundTrip(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var encoder = EntryEncoder()
    var decoder = EntryDecoder()
    var decoded: [RunEntry] = []
    var entries: [RunEntry] = []
    for _ in 0..<2_000 {
      let made = entry(&random)
      entries.append(made)
      encoder.encode(made)
      guard random.next() % 50 == 0 else { continue }
      let isRead = decoder.decode(encoder.bytes, into: &decoded)
      #expect(isRead, "seed \(seed)")
      encoder.bytes.removeAll()
    }
    let isRead = decoder.decode(encoder.bytes, into: &decoded)
    #expect(isRead)
    #expect(decoded == entries, "seed \(seed)")
  }

  @Test("Bytes that are no entries are refused, never trusted", arguments: 0..<20)
  func nonsense(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var refused = 0
    for _ in 0..<500 {
      let bytes = (0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next())
      }
      var decoder = EntryDecoder()
      var entries: [RunEntry] = []
      if !decoder.decode(bytes, into: &entries) { refused += 1 }
    }
    #expect(refused > 250, "seed \(seed)")
  }

  @Test("A message of the real-time thread fits in a slot of the ring")
  func messageFits() {
    #expect(MemoryLayout<RunMessage>.size <= 64)
  }
}
