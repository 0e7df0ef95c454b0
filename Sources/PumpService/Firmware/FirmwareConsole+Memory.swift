package import PumpJournal

/// What a board keeps: the image that it runs, and its journal.
extension FirmwareConsole {
  /// Loads an image, which the board takes over only where it is whole.
  package func load(_ words: [UInt64]) throws {
    for first in stride(from: 0, to: words.count, by: 8) {
      let part = words[first..<min(first + 8, words.count)].map { String($0, radix: 16) }
      try ask("image \(String(first, radix: 16)) \(part.joined(separator: " "))")
    }
    try ask("keep")
  }

  /// The board's records from a sequence on, as stored and without a gap; one that came garbled is asked
  /// for again.
  package func journal(from first: UInt64) throws -> [JournalBlock] {
    var all: [JournalBlock] = []
    var next = first
    // What a ring begins with that has given up its oldest: believed when it is seen twice.
    var begins: UInt64?
    for _ in 0..<10_000 {
      let (answer, blocks) = try ask("log \(String(next, radix: 16))")
      if all.isEmpty, let block = blocks.first, block[1] > next {
        if begins == block[1] { next = block[1] }
        begins = block[1]
      }
      for block in blocks where block[1] == next {
        all.append(block)
        next += 1
      }
      if next >= answer.number("end") { return all }
    }
    throw Problem.garbled
  }
}
