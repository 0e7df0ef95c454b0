import Foundation
import PumpJournal
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpSession
import PumpUnits
import Testing

@testable import PumpFiles
@testable import PumpService

/// A store in memory that grows as a file does.
private struct LineStore: RunStore {
  struct Full: Error {}

  var blocks: [JournalBlock] = []
  /// The first record that the disk does not take.
  var fullFrom = Int.max
  var slots: Range<UInt64> { 0..<UInt64(blocks.count) }

  func slot(of sequence: UInt64) -> UInt64 { sequence }
  mutating func read(_ slot: UInt64) throws(Full) -> JournalBlock { blocks[Int(slot)] }
  mutating func write(_ block: JournalBlock, to slot: UInt64) throws(Full) {
    guard slot < fullFrom else { throw Full() }
    if slot == UInt64(blocks.count) { blocks.append(block) } else { blocks[Int(slot)] = block }
  }
  mutating func makeRoom(for next: UInt64) -> Bool { true }
  mutating func lookForPlace() -> JournalPlace? { nil }
  mutating func seal(_ sequence: UInt64, link: [UInt8], isDurable: Bool) {}
}

@Suite("What opening a run writes down, and what it counts where the last record is lost")
struct RunOpeningTests {
  private static let clocks = SystemClocks(
    boot: 7, elapsed: .hour, wallSeconds: 1_795_305_600, isSynchronised: true)

  private let bench: Bench
  private let profile: Profile
  private let text: String

  init() throws { (bench, profile, text) = try Self.load("adult-spinal-night") }

  private static func load(_ name: String) throws -> (Bench, Profile, String) {
    let top = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    let bench = try BenchFiles(board: top + "/Hardware/boards/simulator.yaml").bench()
    let drugs = try InputFile.drugs([InputFile(top + "/Profiles/drugs/baclofen.yaml")])
    let text = try InputFile(top + "/Profiles/\(name).yaml").text
    let day = Date(timeIntervalSince1970: 1_795_305_600)
    let loaded = ProfileLoader(drugs: drugs, bench: bench, now: day).load(text).profile
    return (bench, try #require(loaded), text)
  }

  private func open(
    _ journal: consuming Journal<LineStore>, _ profile: Profile,
    _ suspicions: [JournalSuspicion] = []
  ) throws -> RunOpening<LineStore> {
    try RunOpening.open(
      journal, profile, on: bench, profile.sessionWish(on: bench), text: Array(text.utf8),
      suspicions: suspicions, clocks: Self.clocks)
  }

  @Test("The profile is written down twice, and an opening of the same writes no other")
  func profileKept() throws {
    var first = try open(Journal(blank: LineStore()), profile)
    let copies = first.journal.profileCopies
    let kept = first.journal.latestProfile
    #expect(copies == .whole && kept == Array(text.utf8))
    var second = try open(Journal(opening: first.journal.store), profile)
    let (count, atFirst) = (parts(&second.journal), parts(&first.journal))
    #expect(count == atFirst && count > 1)
  }

  @Test("A disk that does not take one record of an opening lets no run begin, whichever that is")
  func fullDisk() throws {
    let first = try open(Journal(blank: LineStore()), profile)
    let last = Int(first.journal.next)
    let second = try open(
      Journal(opening: first.journal.store), profile, [.rolledBack(41)])
    for (count, begin) in [(last, 0), (Int(second.journal.next), last)] {
      for number in begin..<count {
        var store = LineStore()
        if begin > 0 { store = first.journal.store }
        store.fullFrom = number
        #expect(throws: LineStore.Full.self, "record \(number)") {
          try openAnew(store, isFirst: begin == 0)
        }
      }
    }
  }

  private func openAnew(_ store: LineStore, isFirst: Bool) throws {
    _ =
      isFirst
      ? try open(Journal(blank: store), profile).plan
      : try open(Journal(opening: store), profile, [.rolledBack(41)]).plan
  }

  /// Records of a profile's text.
  private func parts(_ journal: inout Journal<LineStore>) -> Int {
    var count = 0
    for sequence in journal.first..<journal.next {
      if case .profile = journal.record(sequence)?.entry { count += 1 }
    }
    return count
  }

  @Test("Each suspicion is written down in the words that a person is told, before a dose counts")
  func suspicionsNoted() throws {
    let suspicions = [JournalSuspicion.rolledBack(41), .exchanged(42)]
    let first = try open(Journal(blank: LineStore()), profile)
    var second = try open(Journal(opening: first.journal.store), profile, suspicions)
    var notes: [String] = []
    var bytes: [UInt8] = []
    var isSettled = false
    for sequence in first.journal.next..<second.journal.next {
      switch second.journal.record(sequence)?.entry {
      case .text(_, let length, let words):
        #expect(!isSettled)
        for place in 0..<JournalText.size where bytes.count < Int(length) {
          bytes.append(words[place])
        }
        if bytes.count == Int(length) {
          notes.append(String(decoding: bytes, as: UTF8.self))
          bytes = []
        }
      case .grant: isSettled = true
      default: break
      }
    }
    #expect(notes == suspicions.map(\.words) && isSettled)
  }

  /// A grant that a journal knows, and the steps that its lost last record can have permitted.
  struct Lost: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var profile = "adult-spinal-night"
    /// Steps of the grant that is known, and how long it held.
    var steps: UInt64
    var span: TimeSpan
    /// What the prescription asks for in the worst such time, in picolitres.
    var asks: UInt64
  }

  // A step is 156.25 pL, and 2,000 µg/mL make 1 µg 500 nL. The night's worst hours begin with its bolus of 25 µg over
  // ten minutes at 22:00, beside 12 µg/h until 06:30 and 8 µg/h from then on.
  static let losses = [
    Lost(
      testDescription: "a minute and ten seconds of bolus and night", steps: 50,
      span: TimeSpan(seconds: 70), asks: (150 + 12) * 70 * 500_000 / 3_600),
    Lost(
      testDescription: "no grant is shorter than that", steps: 50, span: TimeSpan(seconds: 1),
      asks: (150 + 12) * 70 * 500_000 / 3_600),
    Lost(
      testDescription: "as long as the longest grant", steps: 50, span: TimeSpan(hours: 10),
      asks: (25 + 102 + 12) * 500_000),
    Lost(
      testDescription: "a day at most", steps: 50, span: TimeSpan(hours: 48),
      asks: (25 + 102 + 124) * 500_000),
    Lost(
      testDescription: "as much as the largest grant", steps: 1_000_000,
      span: TimeSpan(hours: 10), asks: 0),
    // A single bolus of 50 µg in 1 mL over half an hour, and no therapy.
    Lost(
      testDescription: "ten minutes of a single bolus", profile: "screening-bolus", steps: 50,
      span: TimeSpan(minutes: 10), asks: 1_000_000_000 / 3),
    Lost(
      testDescription: "the whole of a single bolus", profile: "screening-bolus", steps: 50,
      span: TimeSpan(hours: 1), asks: 1_000_000_000),
  ]

  @Test("A lost last record counts as the largest grant that it can have been", arguments: losses)
  func largestGrant(lost: Lost) throws {
    let (_, profile, _) = try Self.load(lost.profile)
    var first = try open(Journal(blank: LineStore()), profile)
    let opened = first.plan.opened
    // What was made is no part of what a grant permits, and one that was cut permits nothing.
    let made = StepCounts(certain: 7_000)
    for (upTo, span) in [
      (7_000 + lost.steps, lost.span), (7_010, TimeSpan(seconds: 70)),
      (6_000, TimeSpan(seconds: 2)),
    ] {
      try first.journal.append(
        .grant(made, upTo: upTo, until: opened + span), at: opened, wallSeconds: 0)
    }
    try first.journal.append(
      .grant(made, upTo: 7_005, until: opened), at: opened, wallSeconds: 0)
    var store = first.journal.store
    store.blocks[store.blocks.count - 1].withMutableBytes { $0[44] ^= 1 }
    let damaged = try Journal(opening: store)
    let mark = damaged.damagedEnd
    #expect(mark != nil)
    let own = damaged.state.carried.uncertain
    let second = try open(damaged, profile)
    // A backlog of 10 nL, and an edge on each side of a grant's.
    let late: UInt64 = 64 + 3
    let asks = lost.asks * 100 / 15_625 + late
    #expect(second.plan.carried.uncertain - own == max(lost.steps, asks))
    #expect(second.plan.carried.certain == 7_000)
  }
}
