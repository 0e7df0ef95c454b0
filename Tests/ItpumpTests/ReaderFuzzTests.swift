import ArgumentParser
import Foundation
import PumpJournal
import PumpMessages
import PumpProfiles
import PumpUnits
import Testing

@testable import itpump

/// Bytes changed as disks, hands and attackers change them: the same seed gives the same change.
struct ByteMutator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(max(1, bound)))
  }

  private static let words: [UInt64] = [
    0, 1, .max, .max - 1, 1 << 63, 1 << 62, 1 << 32, (1 << 32) - 1, 0x7FFF_FFFF, 86_400_000_000_000,
  ]

  mutating func mutate(_ bytes: inout [UInt8]) {
    for _ in 0...next(4) where !bytes.isEmpty {
      let at = next(bytes.count)
      switch next(7) {
      case 0: bytes[at] ^= 1 << UInt8(next(8))
      case 1: bytes[at] = UInt8(next(256))
      case 2: bytes.remove(at: at)
      case 3: bytes.insert(UInt8(next(256)), at: at)
      case 4: bytes.removeSubrange(at..<min(bytes.count, at + next(300)))
      case 5:
        let end = min(bytes.count, at + next(200))
        bytes.insert(contentsOf: Array(bytes[at..<end]), at: next(bytes.count))
      default:
        let word = Self.words[next(Self.words.count)]
        let place = at / 8 * 8
        for index in 0..<8 where place + index < bytes.count {
          bytes[place + index] = UInt8(truncatingIfNeeded: word >> UInt64(8 * index))
        }
      }
    }
  }
}

@Suite("Whatever a file holds, reading it ends, and never in a trap")
struct ReaderFuzzTests {
  /// So many a reader; more by hand with READER_FUZZ_RUNS.
  private static let runs =
    ProcessInfo.processInfo.environment["READER_FUZZ_RUNS"].flatMap(Int.init) ?? 3_000
  private static let program = Result { try made() }

  private struct Seeds {
    var image: [UInt8]
    var recording: [UInt8]
    var journal: [UInt8]
  }

  /// Files of each kind as the program writes them.
  private static func made() throws -> Seeds {
    let folder = try TemporaryFolder()
    func run(_ arguments: String...) throws {
      let done = try CommandLineTests.itpump(arguments)
      try #require(done.code == 0, "\(done.err)")
    }
    try run("compile", "Profiles/adult-spinal-night.yaml", "-o", folder("a.image"))
    try run(
      "run", "Profiles/adult-spinal-night.yaml", "--for", "1s", "--priority", "0", "--record",
      folder("a.rec"), "--journal", folder("a.journal"))
    func bytes(_ name: String) throws -> [UInt8] {
      Array(try Data(contentsOf: URL(fileURLWithPath: folder(name))))
    }
    return Seeds(
      image: try bytes("a.image"), recording: try bytes("a.rec"),
      journal: Array(try bytes("a.journal").prefix(60 * JournalBlock.size)))
  }

  /// Runs a reader on mutations of a file; each must end within two seconds.
  private func fuzz(
    _ seed: [UInt8], _ mend: (inout [UInt8]) -> Void = { _ in }, _ read: ([UInt8]) -> Void
  ) {
    var slowest = (run: 0, nanoseconds: UInt64(0))
    for run in 0..<Self.runs {
      var mutator = ByteMutator(seed: UInt64(run))
      var bytes = seed
      mutator.mutate(&bytes)
      mend(&bytes)
      let began = DispatchTime.now().uptimeNanoseconds
      read(bytes)
      let took = DispatchTime.now().uptimeNanoseconds - began
      if took > slowest.nanoseconds { slowest = (run, took) }
    }
    // A hang, and no speed: two seconds are hundreds of times what any of these takes.
    #expect(slowest.nanoseconds < 20_000_000_000, "run \(slowest.run)")
  }

  @Test("Images, as they were changed and with a checksum that is right again")
  func images() throws {
    let seed = try Self.program.get().image
    fuzz(seed, { _ in }, Readers.image)
    fuzz(seed, Reseal.image, Readers.image)
  }

  @Test("Recordings, as they were changed and with blocks that are right again")
  func recordings() throws {
    let seed = try Self.program.get().recording
    fuzz(seed, { _ in }, Readers.recording)
    fuzz(seed, Reseal.recording, Readers.recording)
  }

  @Test("Journals, as they were changed and with records that are right again")
  func journals() throws {
    let seed = try Self.program.get().journal
    fuzz(seed, { _ in }, Readers.journal)
    fuzz(seed, Reseal.journal, Readers.journal)
  }

  @Test("Records of any words, one after another in a chain that is right")
  func forgedRecords() throws {
    var opened = 0
    for run in 0..<Self.runs {
      var mutator = ByteMutator(seed: UInt64(run) << 20)
      var bytes = [UInt8](repeating: 0, count: 4 * JournalBlock.size)
      var link = [UInt8](repeating: 0, count: 32)
      for record in 0..<4 {
        var block = [UInt8](repeating: 0, count: JournalBlock.size)
        for index in 0..<88 {
          block[index] = mutator.next(3) == 0 ? UInt8(mutator.next(256)) : 0xFF
        }
        block[0] = 2
        block[1] = 0
        block[2] = UInt8(mutator.next(8))
        block[3] = mutator.next(8) == 0 ? 0xFF : UInt8(mutator.next(32))
        for index in 0..<8 { block[8 + index] = index == 0 ? UInt8(record) : 0 }
        link = Self.link(after: link, block)
        block.replaceSubrange(88..<120, with: link)
        var sum = CRC32C()
        for byte in block[..<120] { sum.add(byte) }
        let seal = UInt64(sum.value) | UInt64(~sum.value) << 32
        for index in 0..<8 {
          block[120 + index] = UInt8(truncatingIfNeeded: seal >> UInt64(8 * index))
        }
        bytes.replaceSubrange(
          record * JournalBlock.size..<(record + 1) * JournalBlock.size, with: block)
      }
      opened += (try? Journal(opening: BytesStore(bytes: bytes))) == nil ? 0 : 1
      Readers.journal(bytes)
    }
    // The others hold a grant of counts that no pump has.
    #expect(opened > Self.runs / 20)
  }

  /// A record's link of the chain, by the layout that is documented: words big-endian.
  private static func link(after link: [UInt8], _ block: [UInt8]) -> [UInt8] {
    func words(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
      stride(from: bytes.startIndex, to: bytes.endIndex, by: 8).flatMap {
        bytes[$0..<$0 + 8].reversed()
      }
    }
    return words(SHA256Reference.digest(words(link[...]) + words(block[..<88]))[...])
  }

  @Test("Seals of any bytes are read or not, and never trap")
  func seals() throws {
    let folder = try TemporaryFolder()
    let whole = Array("itpump-seal 1\n77 \(String(repeating: "0a", count: 32))\n".utf8)
    for run in 0..<min(Self.runs, 5_000) {
      var mutator = ByteMutator(seed: UInt64(run) << 8)
      var bytes = whole
      mutator.mutate(&bytes)
      try Data(bytes).write(to: URL(fileURLWithPath: folder("a.journal.seal")))
      _ = JournalSealProbe.read(folder("a.journal"))
    }
  }

  @Test("No argument ends in a trap: dates, seeds, times, names, whatever stands where")
  func arguments() {
    let pieces = [
      "check", "plan", "simulate", "run", "compile", "replay", "log", "reconcile", "hardware",
      "bench",
      "where", "calibrate", "--start", "--seed", "--for", "--days", "--campaign", "--json", "-",
      "--svg",
      "--journal", "--made", "--reason", "--since", "--until", "--last", "--kind", "--grant-span",
      "--journal-room", "rate", "--top", "--span",
      "--spin",
      "--spin-share", "--priority", "--cpu", "--volume", "--weighed", "--density", "--steps",
      "--over",
      "--record", "--record-keep", "--record-limit", "--board", "--after", "--times", "--line",
      "1677-01-01", "2262-04-12", "1970-01-01", "2026-02-29", "9999-12-31T23:59:59",
      "2026-11-22T08:00+14:00",
      "18446744073709551615", "-1", "99999999999999999999", "0", "1e9", "NaN", "24h", "0s", "1ns",
      "213503982334601days", "106751d", "½h", "\u{202E}x", "", " ", "--", "-o", "a.yaml",
      "1000000000mL",
      "0.000000001g", "=cmd", "\u{1B}[31m",
    ]
    for run in 0..<Self.runs * 3 {
      var mutator = ByteMutator(seed: UInt64(run) << 16)
      let words = (0...mutator.next(6)).map { _ in pieces[mutator.next(pieces.count)] }
      if Misspelling.message(words) == nil { _ = try? ITPump.parseAsRoot(words) }
      for word in words {
        guard let start = StartArgument(argument: word) else { continue }
        for zone in ["Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe", "UTC"] {
          guard let zone = TimeZone(identifier: zone) else { continue }
          if let date = try? StartArgument.resolve(start, in: zone) {
            _ = Int64((date.timeIntervalSince1970 * 1e9).rounded())
          }
        }
      }
    }
  }
}
