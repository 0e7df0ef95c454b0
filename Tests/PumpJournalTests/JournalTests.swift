import PumpHAL
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpJournal

@Suite("The journal keeps what was written, and notices what was changed")
struct JournalTests {
  private func filled(_ count: Int, slots: Int = 64) throws -> Journal<MemoryStore> {
    var journal = Journal(blank: MemoryStore(slots: slots))
    journal.append(
      .opened(boot: 5, clock: .hour, servedSince: .epoch, nil), at: .epoch, wallSeconds: 1_000)
    for number in 1..<count {
      let made = UInt64(number * 10)
      journal.append(
        .grant(StepCounts(certain: made), upTo: made + 25, until: .epoch + .day),
        at: .epoch + TimeSpan(seconds: UInt64(number)), wallSeconds: 1_000 + Int64(number))
    }
    return journal
  }

  @Test("SHA-256 of the standard's examples")
  func sha256() {
    var whole = SHA256()
    for word: UInt32 in [
      0x6162_6364, 0x6263_6465, 0x6364_6566, 0x6465_6667, 0x6566_6768,
      0x6667_6869, 0x6768_696a, 0x6869_6a6b, 0x696a_6b6c, 0x6a6b_6c6d, 0x6b6c_6d6e, 0x6c6d_6e6f,
      0x6d6e_6f70, 0x6e6f_7071,
    ] { whole.add(word) }
    let digest = whole.finish()
    // FIPS 180-4's example of 56 letters.
    #expect(digest.a == 0x248d_6a61_d206_38b8)
    #expect(digest.b == 0xe5c0_2693_0c3e_6039)
    #expect(digest.c == 0xa33c_e459_64ff_2167)
    #expect(digest.d == 0xf6ec_edd4_19db_06c1)
  }

  @Test("Every kind of entry reads back as it was")
  func roundTrip() throws {
    var text = JournalText()
    for index in 0..<JournalText.size { text[index] = UInt8(index * 6) }
    var entries: [JournalEntry] = [
      .opened(boot: .max, clock: .day, servedSince: .epoch + .hour, nil),
      .opened(
        boot: 1, clock: .day, servedSince: .epoch,
        JournalBinding(
          step: try StepVolume(delivering: Volume(femtolitres: 623_375), inSteps: 4),
          concentration: Concentration(microgramsPerMillilitre: 500))),
      .grant(
        StepCounts(certain: 1, uncertain: 2, missed: 3, atFill: 4), upTo: 5,
        until: Instant(nanoseconds: 6)),
      .profile(copy: 1, part: 65_535, length: 7, sum: .max, text), .text(part: 8, length: 9, text),
    ]
    entries += CommandKind.allCases.map { .command($0, 77, isAccepted: $0.rawValue & 1 == 0) }
    for tag in UInt8(1)...24 {
      let event = try #require(EventCode(tag: tag, first: 1, second: 1).event, "tag \(tag)")
      entries.append(.event(event))
      #expect(EventCode(event).tag == tag)
    }
    // Each flag either way, and two numbers that are not alike.
    let instant = Instant(nanoseconds: 99)
    let events: [PumpEvent] = [
      .held(true), .held(false), .tested(.clock, passed: true), .tested(.clock, passed: false),
      .tested(.journal, passed: false),
      .bolusEnded(.patient, Volume(femtolitres: 5), isWhole: true),
      .bolusEnded(.prime, Volume(femtolitres: 6), isWhole: false),
      .bolusBegan(.single, Volume(femtolitres: 7)), .restarted(.hour, uncertain: 8),
      .reconciled(made: 9, notMade: 10), .silenced(.overDelivery, until: instant),
      .wallClockMoved(seconds: -11), .wallClockMoved(seconds: 12), .anchored(.day), .late(.hour),
      .forgone(steps: 13), .stallEnded(steps: 14), .bolusDropped(Volume(femtolitres: 15)),
      .refilled(Volume(femtolitres: 16)), .tripped(.driveDisagrees), .alarmRaised(.buttonStuck),
      .alarmCauseGone(.journalFilling), .acknowledged(.reservoirMismatch),
    ]
    entries += events.map { .event($0) }
    var journal = Journal(blank: MemoryStore(slots: 128))
    for entry in entries { journal.append(entry, at: .epoch + .day, wallSeconds: -5) }
    for (number, entry) in entries.enumerated() {
      #expect(journal.record(UInt64(number))?.entry == entry)
    }
  }

  @Test("What was granted and never acknowledged is uncertain; a wrapped ring tells its oldest")
  func state() throws {
    for count in [2, 10, 64, 65, 200] {
      let journal = try filled(count)
      let store = journal.store
      let again = try Journal(opening: store)
      let made = UInt64((count - 1) * 10)
      let carried = again.state.carried
      #expect(carried == StepCounts(certain: made, uncertain: 25))
      let (first, next) = (again.first, again.next)
      #expect(next == UInt64(count))
      #expect(first == UInt64(max(0, count - 64)))
    }
  }

  @Test("A changed bit anywhere is noticed: as a torn end in the last record, as damage before it")
  func everyBit() throws {
    let journal = try filled(6)
    for slot in 0..<6 {
      for bit in 0..<(8 * JournalBlock.size) {
        var store = journal.store
        store.blocks[slot].withMutableBytes { $0[bit / 8] ^= 1 << (bit % 8) }
        do {
          let opened = try Journal(opening: store)
          let next = opened.next
          #expect(slot == 5 && next == 5, "slot \(slot), bit \(bit)")
        } catch {
          #expect(slot < 5, "slot \(slot), bit \(bit): \(error)")
        }
      }
    }
  }

  @Test("A record that was changed and sealed anew breaks the chain of the next")
  func forged() throws {
    var store = try filled(6).store
    var forged = store.blocks[3]
    forged[4] = 1
    forged.seal(after: store.blocks[2].chain)
    store.blocks[3] = forged
    do {
      _ = try Journal(opening: store)
      Issue.record("a forged record passed")
    } catch {
      #expect(error == .chainBroken(sequence: 4))
    }
  }

  @Test(
    "A last record that is sealed rightly and counts what no pump can is refused",
    arguments: [
      (word: 4, value: UInt64.max), (5, 1 << 60), (6, 1 << 63), (7, 1 << 59), (8, .max),
    ])
  func impossibleCounts(word: Int, value: UInt64) throws {
    var store = try filled(6).store
    let latest = 5
    store.blocks[latest][word] = value
    store.blocks[latest].seal(after: store.blocks[latest - 1].chain)
    do {
      _ = try Journal(opening: store)
      Issue.record("counts that no pump can have passed")
    } catch {
      #expect(error == .chainBroken(sequence: 5))
    }
  }

  @Test("A repeated record in another slot is none; a later version's format is refused")
  func strange() throws {
    var store = try filled(6).store
    store.blocks[9] = store.blocks[3]
    let next = try Journal(opening: store).next
    #expect(next == 6)
    var later = store.blocks[5]
    later[0] = later[0] & ~0xFFFF | 3
    later.seal(after: store.blocks[4].chain)
    store.blocks[5] = later
    do {
      _ = try Journal(opening: store)
      Issue.record("a later format passed")
    } catch {
      #expect(error == .laterFormat(3))
    }
  }

  @Test(
    "A journal of format 1 opens, goes on in format 2, and says what a step is worth from then on")
  func migration() throws {
    // What version 0.1 wrote: the same records, without words 7 to 9 of `opened`.
    var store = try filled(6).store
    var chain = SHA256.Digest()
    for slot in 0..<6 {
      store.blocks[slot][0] = store.blocks[slot][0] & ~0xFFFF | 1
      store.blocks[slot].seal(after: chain)
      chain = store.blocks[slot].chain
    }
    var journal = try Journal(opening: store)
    let (before, unknown) = (journal.state.carried, journal.state.binding)
    #expect(before == StepCounts(certain: 50, uncertain: 25))
    #expect(unknown == nil)
    let binding = JournalBinding(
      step: try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1),
      concentration: Concentration(microgramsPerMillilitre: 2_000))
    journal.append(
      .opened(boot: 5, clock: .hour, servedSince: .epoch, binding), at: .epoch + .day,
      wallSeconds: 2_000)
    let again = try Journal(opening: journal.store)
    let (known, carried, next) = (again.state.binding, again.state.carried, again.next)
    #expect(known == binding)
    #expect(carried == before)
    #expect(next == 7)
  }

  @Test("Both copies of a profile are kept; a damaged one is told, and the other read")
  func profileCopies() throws {
    let text = Array("profile: night\n".utf8) + [UInt8](repeating: 65, count: 300)
    var journal = try filled(3, slots: 256)
    let none = journal.profileCopies
    #expect(none == .absent)
    journal.keepProfile(text, at: .epoch, wallSeconds: 0)
    let (whole, after) = (journal.profileCopies, journal.next)
    #expect(whole == .whole)
    journal.keepProfile(text, at: .epoch, wallSeconds: 0)
    let same = journal.next
    #expect(same == after, "the same text is not written again")
    // Each record of the first copy, then one of the second too.
    for slot in 3..<11 {
      var damaged = Journal(blank: journal.store)
      damaged = try Journal(opening: journal.store)
      damaged.store.blocks[slot].withMutableBytes { $0[60] ^= 1 }
      let copies = damaged.profileCopies
      #expect(copies == .damaged, "slot \(slot)")
      let other = damaged.readProfile(copy: 1)
      #expect(other == text)
      let ofDay = damaged.profiles(ofDayBefore: .epoch).map(\.text)
      #expect(ofDay == [text], "the second copy stands for the first")
      damaged.store.blocks[slot + 8].withMutableBytes { $0[60] ^= 1 }
      let both = damaged.profileCopies
      #expect(both == .lost, "slot \(slot)")
    }
  }

  @Test(
    "Reconciled steps are certain or gone; what was not made stays out of the reservoir all the same"
  )
  func reconcile() throws {
    var journal = try filled(5)
    journal.append(
      .event(.reconciled(made: 10, notMade: 15)), at: .epoch + .day, wallSeconds: 9)
    let carried = journal.state.carried
    #expect(carried.certain == 50)
    #expect(carried.uncertain == 0)
    let again = try Journal(opening: journal.store).state.carried
    #expect(again == carried)
  }

  @Test(
    "What earlier sessions delivered in the last day is recalled, each step no later than it counted"
  )
  func recall() {
    var journal = Journal(blank: MemoryStore(slots: 256))
    func at(_ hours: UInt64) -> Instant { .epoch + TimeSpan(hours: hours) }
    func grant(_ certain: UInt64, _ uncertain: UInt64 = 0, _ upTo: UInt64, _ hours: UInt64) {
      journal.append(
        .grant(
          StepCounts(certain: certain, uncertain: uncertain), upTo: upTo, until: at(hours) + .hour),
        at: at(hours), wallSeconds: 0)
    }
    journal.append(
      .opened(boot: 1, clock: .zero, servedSince: .epoch, nil), at: .epoch, wallSeconds: 0)
    grant(0, 0, 50, 0)
    grant(40, 0, 90, 10)
    grant(80, 0, 130, 20)
    // The session broke off, and a second one made a few more.
    journal.append(
      .opened(boot: 1, clock: .hour, servedSince: .epoch, nil), at: at(22), wallSeconds: 0)
    grant(80, 50, 130, 22)
    grant(100, 50, 175, 30)
    var doses: [[UInt64]] = []
    func recalled(by hours: UInt64) -> [[UInt64]] {
      doses = []
      journal.recall(by: at(hours)) { steps, instant, _ in
        doses.append([steps, instant.nanoseconds / TimeSpan.hour.nanoseconds])
      }
      return doses
    }
    // Everything, with the last grant's 25 as made now.
    #expect(recalled(by: 31) == [[40, 10], [40, 20], [50, 22], [20, 30], [25, 31]])
    // At 34 h the count at 10 h is a day old: what was made by then no longer counts.
    #expect(recalled(by: 34) == [[40, 20], [50, 22], [20, 30], [25, 34]])
    #expect(recalled(by: 60) == [[25, 60]])
  }

  @Test("The pump's clock goes on: exactly on the same boot, by the wall clock after another")
  func clock() throws {
    let state = try filled(10).state
    let at = Instant.epoch + TimeSpan(seconds: 9)
    let sameBoot = state.resume(boot: 5, clock: .hour + .hour, wallSeconds: 0)
    #expect(sameBoot == .epoch + .hour)
    let otherBoot = state.resume(boot: 6, clock: .zero, wallSeconds: 1_009 + 60)
    #expect(otherBoot == at + TimeSpan(minutes: 1))
    let backwards = state.resume(boot: 6, clock: .zero, wallSeconds: 3)
    #expect(backwards == at)
    // A wall clock that nobody keeps may be anything: it counts as no time, and says so.
    let unkept = state.resume(boot: 6, clock: .zero, wallSeconds: 99_999, isSynchronised: false)
    #expect(unkept == at)
    let isKnown = state.knowsTime(
      boot: 6, clock: .zero, wallSeconds: 9_999, isSynchronised: false)
    #expect(!isKnown)
    let sameIsKnown = state.knowsTime(
      boot: 5, clock: .hour, wallSeconds: 9_999, isSynchronised: false)
    #expect(sameIsKnown)
  }

  @Test("A run that broke off stays so, and its bolus given, until one that began has ended")
  func outage() throws {
    var journal = Journal(blank: MemoryStore(slots: 64))
    func at(_ minutes: UInt64) -> Instant { .epoch + TimeSpan(minutes: minutes) }
    func append(_ entry: JournalEntry, _ minutes: UInt64) {
      journal.append(entry, at: at(minutes), wallSeconds: 0)
    }
    append(.opened(boot: 1, clock: .zero, servedSince: .epoch, nil), 0)
    append(.command(.begin, 7, isAccepted: true), 1)
    append(.command(.bolus, 9, isAccepted: true), 1)
    append(.event(.bolusBegan(.single, .zero)), 20)
    // Broken off. A reconciliation and a start that never began change nothing of it.
    append(.command(.reconcile, 0, isAccepted: true), 50)
    append(.event(.reconciled(made: 0, notMade: 0)), 50)
    append(.opened(boot: 1, clock: .hour, servedSince: .epoch, nil), 60)
    append(.event(.tested(.enable, passed: false)), 60)
    append(.event(.ended), 60)
    let broken = journal.state
    #expect(!broken.isEnded)
    #expect(broken.lastRunAt == at(20))
    #expect(broken.begunBolus == Volume(femtolitres: 9))
    #expect(broken.began?.at == at(1) && broken.began?.place == TimeSpan(nanoseconds: 7))
    // Taken up at the minimum rate, and ended: still nobody has looked.
    append(.opened(boot: 1, clock: .hour, servedSince: .epoch, nil), 120)
    append(.command(.begin, 7, isAccepted: true), 121)
    append(.event(.fellBack), 121)
    append(.event(.ended), 130)
    let waiting = journal.state
    #expect(waiting.isEnded && waiting.waitsForClinician)
    append(.opened(boot: 1, clock: .day, servedSince: .epoch, nil), 140)
    append(.command(.resume, 0, isAccepted: true), 141)
    append(.command(.begin, 7, isAccepted: true), 141)
    let resumed = try Journal(opening: journal.store).state
    #expect(!resumed.waitsForClinician && resumed.begunBolus != nil)
  }

  @Test("The profiles of a day: those kept in it, and the one that was in force when it began")
  func profilesOfDay() throws {
    var journal = Journal(blank: MemoryStore(slots: 256))
    func text(_ name: Character, _ count: Int) -> [UInt8] {
      Array(String(repeating: name, count: count).utf8)
    }
    let kept: [(text: [UInt8], hours: UInt64)] = [
      (text("a", 900), 0), (text("b", 40), 10), (text("c", 300), 30), (text("d", 1), 33),
    ]
    for (text, hours) in kept {
      let at = Instant.epoch + TimeSpan(minutes: 60 * hours)
      journal.append(
        .opened(boot: 1, clock: .zero, servedSince: .epoch, nil), at: at, wallSeconds: 0)
      journal.keepProfile(text, at: at, wallSeconds: 0)
    }
    for (hours, names) in [
      (33, "dcba"), (34, "dcb"), (53, "dcb"), (54, "dc"), (56, "dc"), (57, "d"), (99, "d"),
    ] {
      let texts = journal.profiles(ofDayBefore: .epoch + TimeSpan(minutes: 60 * UInt64(hours)))
        .map(\.text)
      #expect(
        texts == names.compactMap { name in kept.map(\.text).first { $0[0] == name.asciiValue } })
    }
    let all = journal.allProfiles
    #expect(all.map(\.text) == kept.map(\.text).reversed() && all.map(\.session) == [4, 3, 2, 1])
    #expect(all.map(\.at) == kept.reversed().map { .epoch + TimeSpan(minutes: 60 * $0.hours) })
  }

  @Test("Two records are the same where each word is")
  func sameWords() throws {
    let block = try filled(3).store.blocks[1]
    #expect(block == block)
    for index in 0..<JournalBlock.wordCount {
      var other = block
      other[index] ^= 1
      #expect(other != block && block != other, "word \(index)")
    }
  }

  @Test("A count that no pump can have reached is no record; the greatest that one can is")
  func greatestCount() throws {
    for (upTo, isPossible) in [(StepCounts.most, true), (StepCounts.most + 1, false)] {
      var journal = Journal(blank: MemoryStore(slots: 8))
      journal.append(
        .opened(boot: 1, clock: .zero, servedSince: .epoch, nil), at: .epoch, wallSeconds: 0)
      journal.append(.grant(StepCounts(), upTo: upTo, until: .epoch), at: .epoch, wallSeconds: 0)
      var isOpened = true
      do { _ = try Journal(opening: journal.store) } catch { isOpened = false }
      #expect(isOpened == isPossible, "\(upTo)")
    }
  }

  @Test("A forged drug without strength binds nothing: what a step carries is not known")
  func noStrength() throws {
    let step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1)
    let binding = JournalBinding(
      step: step, concentration: Concentration(microgramsPerMillilitre: 500))
    for (strength, isBound) in [(UInt64(500_000), true), (0, false)] {
      var journal = Journal(blank: MemoryStore(slots: 8))
      journal.append(
        .opened(boot: 1, clock: .zero, servedSince: .epoch, binding), at: .epoch, wallSeconds: 0)
      var store = journal.store
      store.blocks[0][7] = strength
      store.blocks[0].seal(after: SHA256.Digest())
      let state = try Journal(opening: store).state
      #expect((state.binding != nil) == isBound)
    }
  }

  @Test(
    "A block was written whole where its checksum's halves agree, or its last byte is not blank")
  func isWhole() {
    for (word, isWhole) in [
      (UInt64(0), false), (1, false), (1 << 55, false), (1 << 56, true), (1 << 63, true),
      (0xFFFF_FFFE_0000_0001, true),
    ] {
      var block = JournalBlock()
      block[15] = word
      #expect(block.isWhole == isWhole, "\(word)")
    }
  }
}
