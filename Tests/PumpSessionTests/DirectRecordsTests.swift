import PumpHAL
import PumpMessages
import PumpSession
import PumpUnits
import Testing

@testable import PumpJournal

@Suite("A journal that is written at once answers at once")
struct DirectRecordsTests {
  private func records() -> DirectRecords<MemoryStore> {
    DirectRecords(Journal(blank: MemoryStore(slots: 64)))
  }

  @Test("The self-test's journal is the latest record, and its profile the two copies, each alone")
  func proves() {
    for (damagesProfile, damagesLatest) in [
      (false, false), (true, false), (false, true), (true, true),
    ] {
      var records = records()
      let text = Array("profile: p".utf8)
      records.journal.keepProfile(text, at: .epoch, wallSeconds: 0)
      _ = records.write(.event(.ended), at: .epoch, wallSeconds: 0)
      let latest = Int(records.journal.next) - 1
      if damagesProfile { records.journal.store.blocks[0] = JournalBlock() }
      if damagesLatest { records.journal.store.blocks[latest] = JournalBlock() }
      for (part, isDamaged) in [
        (SelfTestPart.journal, damagesLatest), (.profile, damagesProfile),
      ] {
        let isTaken = records.prove(part)
        let answer = records.answer()
        let second = records.answer()
        #expect(isTaken && second == nil)
        #expect(answer == .proved(part, !isDamaged))
      }
    }
  }

  @Test(
    "A grant is answered with the journal's own number, and a record that was kept with its own")
  func grants() {
    var records = records()
    let isAsked = records.grant(
      StepCounts(certain: 7), upTo: 90, until: .epoch + .hour, at: .epoch, wallSeconds: 0)
    let granted = records.answer()
    #expect(isAsked && granted == .granted(Grant(number: 1, upTo: 90, until: .epoch + .hour)))
    _ = records.keep(
      .command(.suspend, 0, isAccepted: true), number: 55, at: .epoch, wallSeconds: 0)
    let kept = records.answer()
    #expect(kept == .kept(number: 55, true))
    let (state, next) = (records.journal.state, records.journal.next)
    #expect(state.granted == 90 && next == 2)
  }
}
