import PumpHAL
public import PumpJournal
import PumpMessages
public import PumpSession
import PumpUnits

/// What every `RecordLink` promises, tried on one whose journal is empty.
///
/// The same checks run on a journal that is written at once, on one behind a thread, and on a board's flash.
public struct RecordLinkConformance {
  /// Lets whoever stands behind the link do what was asked of it.
  private let settle: () -> Void
  /// What the journal holds, the oldest first.
  private let entries: () -> [JournalEntry]
  /// Has the disk refuse what it is given, or take it again; `nil` where it can't.
  private let refuse: ((Bool) -> Void)?

  /// Promises that were kept.
  public private(set) var kept: [String] = []
  /// Promises that were not.
  public private(set) var violations: [String] = []
  private var now = Instant.epoch
  private var lastGrant: UInt64 = 0

  public init(
    settle: @escaping () -> Void, entries: @escaping () -> [JournalEntry],
    refuse: ((Bool) -> Void)?
  ) {
    self.settle = settle
    self.entries = entries
    self.refuse = refuse
  }

  /// Tries everything.
  ///
  /// - Parameter link: Left with a journal that takes records.
  public mutating func check<Link: RecordLink & ~Copyable>(_ link: inout Link) {
    expect(link.answer() == nil, "who asks nothing is answered nothing")
    inOrder(&link)
    numbers(&link)
    grants(&link)
    proofs(&link)
    if let refuse { fullDisk(&link, refuse) }
  }

  private mutating func expect(_ isKept: Bool, _ promise: String) {
    if isKept { kept.append(promise) } else { violations.append(promise) }
  }

  private mutating func later() -> Instant {
    now = now + TimeSpan(seconds: 1)
    return now
  }

  private func answers<Link: RecordLink & ~Copyable>(_ link: inout Link) -> [RecordAnswer] {
    settle()
    var all: [RecordAnswer] = []
    while let answer = link.answer(), all.count < 64 { all.append(answer) }
    return all
  }

  private func silenced(_ steps: UInt64) -> JournalEntry {
    .command(.silence, steps, isAccepted: true)
  }

  private mutating func inOrder<Link: RecordLink & ~Copyable>(_ link: inout Link) {
    var areTaken = true
    for number: UInt64 in 1...5 {
      areTaken = link.write(silenced(number), at: later(), wallSeconds: 7) && areTaken
    }
    expect(areTaken, "a disk that takes records takes them")
    expect(answers(&link).isEmpty, "what is only written is not answered")
    expect(entries() == (1...5).map(silenced), "records are in the order in which they were given")
  }

  private mutating func numbers<Link: RecordLink & ~Copyable>(_ link: inout Link) {
    for number: UInt64 in [91, 17] {
      _ = link.keep(silenced(number), number: number, at: later(), wallSeconds: 7)
      // Answers are taken after each: a link has room for one.
      let told = answers(&link)
      expect(
        told == [.kept(number: number, true)], "a record is answered once, with its own number")
      expect(entries().last == silenced(number), "a record that is said to be there is there")
    }
  }

  private mutating func grants<Link: RecordLink & ~Copyable>(_ link: inout Link) {
    for number: UInt64 in 1...2 {
      let counts = StepCounts(certain: 100 * number)
      let (upTo, until) = (counts.highest + 50, now + .hour)
      _ = link.grant(counts, upTo: upTo, until: until, at: later(), wallSeconds: 7)
      expectGrant(answers(&link), upTo: upTo, until: until)
      expect(
        entries().last == .grant(counts, upTo: upTo, until: until),
        "a permission that is answered is written")
    }
  }

  private mutating func expectGrant(_ told: [RecordAnswer], upTo: UInt64, until: Instant) {
    guard told.count == 1, case .granted(let grant) = told[0], grant.upTo == upTo,
      grant.until == until
    else { return expect(false, "a permission is answered once, as it was asked for") }
    expect(true, "a permission is answered once, as it was asked for")
    expect(grant.number > lastGrant, "each permission has a higher number than those before it")
    lastGrant = grant.number
  }

  private mutating func proofs<Link: RecordLink & ~Copyable>(_ link: inout Link) {
    _ = link.prove(.journal)
    expect(
      answers(&link) == [.proved(.journal, true)], "a journal that reads back passes its self-test")
  }

  private mutating func fullDisk<Link: RecordLink & ~Copyable>(
    _ link: inout Link, _ refuse: (Bool) -> Void
  ) {
    let before = entries()
    refuse(true)
    _ = link.grant(
      StepCounts(certain: 300), upTo: 350, until: now + .hour, at: later(), wallSeconds: 7)
    let denied = answers(&link)
    expect(
      denied.filter { $0 != .isTaking(false) } == [.notGranted],
      "what is not written permits nothing")
    expect(
      denied.filter { $0 == .isTaking(false) }.count == 1, "a disk that takes nothing is told once")
    _ = link.keep(silenced(44), number: 44, at: later(), wallSeconds: 7)
    expect(
      answers(&link).filter { $0 != .isTaking(false) } == [.kept(number: 44, false)],
      "a record that is not there is not said to be")
    // Either it is taken and comes later, or whoever gave it has it still.
    let isTaken = link.write(silenced(45), at: later(), wallSeconds: 7)
    expect(answers(&link).isEmpty, "a disk that goes on taking nothing is not told again")
    expect(entries() == before, "a disk that takes nothing holds what it held")
    refuse(false)
    if !isTaken { _ = link.write(silenced(45), at: later(), wallSeconds: 7) }
    expect(answers(&link) == [.isTaking(true)], "a disk that takes records again is told once")
    expect(
      entries().filter { $0 == silenced(45) }.count == 1,
      "a record that was taken is there once, after all")
    let until = now + .hour
    _ = link.grant(
      StepCounts(certain: 400), upTo: 450, until: until, at: later(), wallSeconds: 7)
    expectGrant(answers(&link), upTo: 450, until: until)
  }
}
