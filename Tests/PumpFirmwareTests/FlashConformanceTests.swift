import PumpConformance
import PumpJournal
import PumpMessages
import PumpSession
import Testing

@testable import PumpFirmware

@Suite("A journal in a board's flash keeps what a way to the journal promises")
struct FlashConformanceTests {
  @Test("Every promise but those of a full disk: a flash of its own is never full")
  func promises() {
    let slots: UInt64 = 64
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: Int(2 * slots) * 16)
    words.initialize(repeating: 0, count: Int(2 * slots) * 16)
    let records = UnsafeMutablePointer<DirectRecords<FlashStore>>.allocate(capacity: 1)
    records.initialize(to: DirectRecords(Journal(blank: FlashStore(words, slots: slots))))
    defer {
      records.deinitialize(count: 1)
      records.deallocate()
      words.deallocate()
    }
    var conformance = RecordLinkConformance(
      settle: {},
      entries: {
        guard var journal = try? Journal(opening: FlashStore(words, slots: slots)) else {
          return []
        }
        return (journal.first..<journal.next).compactMap { journal.record($0)?.entry }
      }, refuse: nil)
    var link = FlashRecords<TestBoard>(records, lie: nil)
    conformance.check(&link)
    #expect(conformance.violations == [])
    #expect(Set(conformance.kept).count == 10)
  }
}
