import PumpJournal
import PumpMessages
import PumpSession
import PumpUnits
import Testing

@testable import PumpFirmware

/// A host at the test board's console, which turns the board's main loop by hand.
final class TestHost {
  private var controller: Controller<TestBoard>
  /// The lines that were no answer, oldest first.
  private(set) var events: [String] = []
  /// The latest answer.
  private var latest = ""
  private let arena: UnsafeMutableRawPointer

  private static var arenaBytes: Int { 1 << 20 }

  /// Switches a board on.
  ///
  /// - Parameters:
  ///   - keepsFlash: Whether it has run before.
  ///   - keepsRetained: Whether it was only reset.
  init(keepsFlash: Bool = false, keepsRetained: Bool = false) {
    TestBoard.begin(keepsFlash: keepsFlash, keepsRetained: keepsRetained)
    arena = .allocate(byteCount: Self.arenaBytes, alignment: 16)
    Arena.open(arena, bytes: Self.arenaBytes)
    controller = Controller()
    controller.wake()
  }

  deinit { arena.deallocate() }

  struct Refused: Error, Equatable {
    var code: Int
    var detail: Int
    /// All that the answer said.
    var fields: [String: String] = [:]

    static func == (first: Self, second: Self) -> Bool {
      first.code == second.code && first.detail == second.detail
    }
  }

  /// Says a line, and waits for its answer.
  ///
  /// - Throws: `Refused`.
  @discardableResult
  func ask(_ text: String) throws -> [String: String] {
    var sum = CRC32C()
    for byte in text.utf8 { sum.add(byte) }
    let mark = String(sum.value, radix: 16)
    let zeros = String(repeating: "0", count: 8 - mark.count)
    TestBoard.world.heard += Array((text + " *" + zeros + mark + "\n").utf8)
    while true {
      controller.turn()
      while let line = nextLine() {
        let fields = Self.fields(line)
        latest = line
        if line.hasPrefix("ok") { return fields }
        guard line.hasPrefix("no ") else {
          events.append(line)
          continue
        }
        throw Refused(
          code: Int(fields["code"] ?? "") ?? 0, detail: Int(fields["detail"] ?? "") ?? 0,
          fields: fields)
      }
    }
  }

  private static func fields(_ line: String) -> [String: String] {
    var fields: [String: String] = [:]
    for word in line.split(separator: " ") {
      let parts = word.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
    }
    return fields
  }

  private func nextLine() -> String? {
    guard let end = TestBoard.world.said.firstIndex(of: 0x0A) else { return nil }
    let line = String(decoding: TestBoard.world.said[..<end], as: UTF8.self)
    TestBoard.world.said.removeFirst(end + 1)
    return line.split(separator: "*").first.map { String($0.dropLast()) }
  }

  /// Lets so much of the board's time pass.
  func wait(_ span: TimeSpan) {
    let end = TestBoard.world.nanoseconds + span.nanoseconds
    while TestBoard.world.nanoseconds < end { controller.turn() }
    while let line = nextLine() { events.append(line) }
  }

  /// Loads a profile and starts it, and waits until it has begun.
  func run(_ profile: CompiledProfile) throws {
    let words = ImageTests.words(profile)
    for place in stride(from: 0, to: words.count, by: 8) {
      let part = words[place..<min(place + 8, words.count)].map { String($0, radix: 16) }
      try ask("image \(String(place, radix: 16)) " + part.joined(separator: " "))
    }
    try ask("keep")
    try ask("start 0 0 7")
    wait(TimeSpan(seconds: 4))
  }

  /// Whether the board has told an event since it was switched on.
  func hasTold(_ event: String) -> Bool { events.contains { $0.hasPrefix("event " + event) } }

  /// The running pump's status, by its words.
  func status() throws -> SessionStatus {
    try ask("status-words")
    let words = latest.split(separator: " ").dropFirst().compactMap { UInt64($0, radix: 16) }
    return try #require(
      words.count == SessionStatus.wordCount ? SessionStatus(word: { words[$0] }) : nil)
  }

  /// Writes an entry to the board's journal, as if it had been the last before the board was reset.
  func write(_ entry: JournalEntry) {
    _ = controller.records.pointee.write(
      entry, at: controller.records.pointee.journal.state.at, wallSeconds: 0)
  }

  /// What the board's journal holds, in order.
  func entries() -> [JournalEntry] {
    let records = controller.records
    return (records.pointee.journal.first..<records.pointee.journal.next).compactMap {
      records.pointee.journal.record($0)?.entry
    }
  }

  /// What the board's journal says of requests, in order.
  func requests() -> [(kind: CommandKind, isAccepted: Bool)] {
    var found: [(kind: CommandKind, isAccepted: Bool)] = []
    for sequence in controller.records.pointee.journal
      .first..<controller.records.pointee.journal.next
    {
      guard let record = controller.records.pointee.journal.record(sequence) else { continue }
      if case .command(let kind, _, let isAccepted) = record.entry {
        found.append((kind, isAccepted))
      }
    }
    return found
  }

  var state: JournalState { controller.records.pointee.journal.state }
}
