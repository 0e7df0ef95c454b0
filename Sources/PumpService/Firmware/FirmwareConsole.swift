import Foundation
package import PumpFirmware
package import PumpJournal
package import PumpMessages
import PumpUnits

/// What a firmware and a host say to each other: lines of words that end with a checksum.
package final class FirmwareConsole {
  /// Why there is no answer, or not the one that was hoped for.
  package enum Problem: Error, CustomStringConvertible {
    case gone
    case silent(String)
    case garbled
    case refused(String, ConsoleProblem?, detail: UInt64)

    package var description: String {
      switch self {
      case .gone: "the line to the board has closed: is it switched on, does the emulator run?"
      case .silent(let command):
        "the board does not answer '\(command)': does this firmware run on it?"
      case .garbled: "the board sends lines with wrong checksums: another speed, or a bad cable"
      case .refused(let command, let problem, let detail):
        "the board refuses '\(command)': \(FirmwareWords.describe(problem, detail))"
      }
    }
  }

  /// A line's first word and its `name=value` pairs.
  package struct Message {
    package let words: [String]
    package let fields: [String: String]

    package func number(_ name: String) -> UInt64 { fields[name].flatMap { UInt64($0) } ?? 0 }
    package func hex(_ name: String) -> UInt64 {
      fields[name].flatMap { UInt64($0, radix: 16) } ?? 0
    }
  }

  private let line: FirmwareLine
  /// The board's latest refusal.
  private var refusal: Message?
  /// What the board told by itself, oldest first.
  package private(set) var events: [Message] = []
  private var garbled = 0

  package init(_ line: FirmwareLine) { self.line = line }

  /// Takes the oldest thing that the board told by itself, waiting so long at most.
  package func event(within milliseconds: Int32) throws -> Message? {
    if events.isEmpty, let message = try message(within: milliseconds) { events.append(message) }
    return events.isEmpty ? nil : events.removeFirst()
  }

  /// Forgets what the board said before anybody listened.
  package func drain() throws {
    while try message(within: 100) != nil {}
    events = []
    garbled = 0
  }

  /// Sends a command, and takes its answer; records come before it.
  ///
  /// A line that is lost or garbled on the way is sent again: of a running pump nothing is asked without a ticket,
  /// by which it knows the request again. But `start` only where the board has said that it did not obey.
  ///
  /// - Parameter ticket: The order's, whose answer names it: one that was asked twice is answered twice.
  @discardableResult
  package func ask(_ command: String, ticket: UInt64? = nil) throws -> (
    answer: Message, records: [JournalBlock]
  ) {
    let name = String(command.prefix { $0 != " " })
    let isOnce = name == "start"
    let tries = 4
    for attempt in 1...tries {
      // An empty line ends whatever the board has of an earlier one.
      let bytes = Array(command.utf8)
      try line.send([0x0A] + bytes + Self.mark(bytes) + [0x0A])
      do {
        if let answer = try answer(to: name, ticket, within: isOnce ? 20 : 4) { return answer }
        if isOnce { break }
      } catch Problem.refused(_, .badChecksum, _) where attempt < tries {
        continue
      } catch Problem.refused(_, .lineTooLong, _) where attempt < tries {
        continue
      }
    }
    throw Problem.silent(name)
  }

  /// Asks the running pump for something.
  ///
  /// - Returns: What became of it, by the board's word: unknown where the drive did not say.
  /// - Throws: `Problem`: no answer at all, or a refusal that is none of the pump's or that this version does not know.
  package func order(_ ordered: Ordered) throws -> Answered {
    let line = ordered.consoleLine
    let ticket = ordered.ticket
    var answered = Answered(ticket: ordered.ticket, ordered.command, .accepted)
    do {
      answered.isRepeated = try ask(line, ticket: ticket).answer.number("repeated") == 1
    } catch Problem.refused(_, .unknown, _) {
      answered.result = .unknown
      answered.isRepeated = refusal?.number("repeated") == 1
    } catch Problem.refused(let name, .refused, let detail) {
      let value = refusal?.number("value") ?? 0
      guard let known = Refusal(number: UInt8(clamping: detail), detail: value) else {
        throw Problem.refused(name, .refused, detail: detail)
      }
      answered.result = .refused(known)
      answered.isRepeated = refusal?.number("repeated") == 1
    }
    return answered
  }

  /// The running pump's status; `nil` where none runs.
  package func status() throws -> SessionStatus? {
    // What was asked before and is answered late has other words.
    for _ in 1...3 {
      let answer: Message
      do { answer = try ask("status-words").answer } catch Problem.refused(_, .noSession, _) {
        return nil
      }
      let words = answer.words.dropFirst().compactMap { UInt64($0, radix: 16) }
      guard words.count == SessionStatus.wordCount else { continue }
      if let status = SessionStatus(word: { words[$0] }) { return status }
    }
    throw Problem.garbled
  }

  private func answer(to name: String, _ ticket: UInt64?, within seconds: Double) throws -> (
    answer: Message, records: [JournalBlock]
  )? {
    var records: [JournalBlock] = []
    let end = Date().addingTimeInterval(seconds)
    while end.timeIntervalSinceNow > 0 {
      guard let message = try message(within: 500) else { continue }
      let told = message.fields["ticket"].flatMap { UInt64($0, radix: 16) }
      // What was no order is refused without a ticket; the rest was asked before, and answered late.
      let isLate = message.words.first == "no" ? told != nil && told != ticket : told != ticket
      switch message.words.first {
      case "ok" where isLate, "no" where isLate: continue
      case "ok": return (message, records)
      case "no":
        refusal = message
        throw Problem.refused(
          name, ConsoleProblem(rawValue: UInt8(clamping: message.number("code"))),
          detail: message.number("detail"))
      case "hello" where name == "hello": return (message, records)
      case "record": records.append(Self.block(message))
      default: events.append(message)
      }
    }
    return nil
  }

  private func message(within milliseconds: Int32) throws -> Message? {
    guard let bytes = try line.line(within: milliseconds) else { return nil }
    guard bytes.count >= 10, Self.mark(Array(bytes.dropLast(10))) == Array(bytes.suffix(10)) else {
      // A line that was half sent when we began to listen is one; many are a fault.
      garbled += 1
      guard garbled < 8 else { throw Problem.garbled }
      return nil
    }
    garbled = 0
    let words = String(decoding: bytes.dropLast(10), as: UTF8.self).split(separator: " ")
    var fields: [String: String] = [:]
    for word in words {
      let pair = word.split(separator: "=", maxSplits: 1)
      if pair.count == 2 { fields[String(pair[0])] = String(pair[1]) }
    }
    return Message(words: words.map(String.init), fields: fields)
  }

  private static func mark(_ bytes: [UInt8]) -> [UInt8] {
    Array(String(format: " *%08x", CRC32C.sum(of: bytes)).utf8)
  }

  private static func block(_ message: Message) -> JournalBlock {
    var block = JournalBlock()
    for (place, word) in message.words.dropFirst().prefix(16).enumerated() {
      block[place] = UInt64(word, radix: 16) ?? 0
    }
    return block
  }
}
