import Foundation
import PumpJournal
import PumpMessages
import PumpSafety
import PumpUnits
import Testing

@testable import PumpRecords

@Suite("The index answers as the journal would, and can be thrown away")
struct RecordIndexTests {
  /// Numbers by a seed (SplitMix64).
  private struct Draw {
    var state: UInt64

    mutating func callAsFunction(_ below: UInt64) -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      return (z ^ z >> 31) % below
    }
  }

  private func journal(_ seed: UInt64, _ count: Int) throws -> Journal<MemoryStore> {
    var draw = Draw(state: seed)
    var journal = Journal(blank: MemoryStore(slots: 4_096))
    for number in 0..<count {
      let alarm = Alarm.allCases[Int(draw(UInt64(Alarm.allCases.count)))]
      let entry: JournalEntry
      switch draw(8) {
      case 0: entry = .opened(boot: 1, clock: .zero, servedSince: .epoch, nil)
      case 1: entry = .event(.alarmRaised(alarm))
      case 2: entry = .event(.acknowledged(alarm))
      case 3: entry = .command(.acknowledge, UInt64(alarm.rawValue), isAccepted: true)
      case 4: entry = .event(.began)
      case 5: entry = .event(.ended)
      default:
        entry = .grant(
          StepCounts(certain: UInt64(number)), upTo: UInt64(number) + 9, until: .epoch + .hour)
      }
      journal.append(
        entry, at: Instant(nanoseconds: UInt64(number)),
        wallSeconds: 1_000 + Int64(number) / 3)
    }
    return journal
  }

  /// What a filter lets pass, by looking at every record.
  private func bruteForce(_ journal: inout Journal<MemoryStore>, _ filter: RecordIndex.Filter)
    -> [UInt64]
  {
    var found: [UInt64] = []
    for sequence in journal.first..<journal.next {
      guard let record = journal.record(sequence) else { continue }
      let isWanted =
        sequence >= filter.from
        && (filter.kinds.isEmpty || filter.kinds.contains(record.entry.kind))
        && (filter.session == nil || filter.session == record.session)
        && (filter.alarm == nil || filter.alarm == record.entry.alarm)
        && (filter.since == nil || record.wallSeconds >= filter.since ?? 0)
        && (filter.until == nil || record.wallSeconds <= filter.until ?? 0)
      if isWanted { found.append(sequence) }
    }
    return Array(found.suffix(filter.last ?? found.count))
  }

  @Test("Two hundred random queries of random journals", arguments: 1...4)
  func queries(seed: Int) throws {
    var journal = try journal(UInt64(seed), 500)
    let index = try RecordIndex()
    #expect(try index.update(from: &journal) == 500)
    #expect(try index.update(from: &journal) == 0)
    var draw = Draw(state: UInt64(seed) << 32)
    var some = 0
    for _ in 0..<50 {
      var filter = RecordIndex.Filter()
      if draw(2) == 0 { filter.kinds = RecordKind.allCases.filter { _ in draw(3) == 0 } }
      if draw(3) == 0 { filter.session = UInt32(draw(60)) }
      if draw(3) == 0 { filter.alarm = Alarm.allCases[Int(draw(UInt64(Alarm.allCases.count)))] }
      if draw(2) == 0 { filter.since = 1_000 + Int64(draw(200)) }
      if draw(2) == 0 { filter.until = 1_000 + Int64(draw(200)) }
      if draw(3) == 0 { filter.last = 1 + Int(draw(40)) }
      if draw(4) == 0 { filter.from = draw(500) }
      let expected = bruteForce(&journal, filter)
      some += expected.count
      #expect(try index.select(filter) == expected, "seed \(seed): \(filter)")
    }
    #expect(some > 100, "the queries found too little to show anything")
  }

  @Test("What was appended since is found too, and nothing twice")
  func appended() throws {
    var journal = try journal(3, 300)
    let index = try RecordIndex()
    #expect(try index.update(from: &journal) == 300)
    journal.append(.event(.ended), at: .epoch + .day, wallSeconds: 99_999)
    #expect(try index.update(from: &journal) == 1)
    var filter = RecordIndex.Filter()
    filter.since = 99_999
    #expect(try index.select(filter) == [300])
    #expect(try index.select(RecordIndex.Filter()) == Array(0...300))
  }
}
