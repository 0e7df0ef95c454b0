import Foundation
import PumpFiles
import PumpJournal
import PumpMessages
import PumpProfiles
import PumpReports
import PumpService
import PumpUnits

#if !FUZZING
  @testable import itpump
  @testable import PumpBench
#endif

/// Records that lie one after another in memory, as in a file.
struct BytesStore: JournalStore {
  enum Never: Error {}
  var bytes: [UInt8]

  var slots: Range<UInt64> { 0..<UInt64(bytes.count / JournalBlock.size) }
  func slot(of sequence: UInt64) -> UInt64 { sequence }

  mutating func read(_ slot: UInt64) -> JournalBlock {
    var block = JournalBlock()
    let from = Int(slot) * JournalBlock.size
    block.withMutableBytes { $0.copyBytes(from: bytes[from..<from + JournalBlock.size]) }
    return block
  }

  mutating func write(_ block: JournalBlock, to slot: UInt64) {}
}

/// What is done with each kind of file, from its bytes to what people see of it.
enum Readers {
  private static let top = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  private static let bench = try? BenchFiles(
    board: top + "/Hardware/boards/simulator.yaml"
  ).bench()
  private static let drugs = try? InputFile.drugs([
    InputFile(top + "/Profiles/drugs/baclofen.yaml")
  ])
  private static let now = Date(timeIntervalSince1970: 1_795_305_600)

  static func image(_ bytes: [UInt8]) {
    precondition(bench != nil && drugs != nil, "the project's own bench and drugs are there")
    guard let text = ImageFile.text(of: Data(bytes)), let bench, let drugs,
      let image = try? ImageFile.compiled(from: text, "image"),
      let profile = try? Profile(image, on: bench, "image")
    else { return }
    let loader = ProfileLoader(drugs: drugs, bench: bench, now: now)
    let (judged, diagnostics) = loader.judge(profile)
    _ = CheckReport("image", diagnostics, judged.map { ($0, bench) }, now: now).text
    guard let judged else { return }
    let plan = DeliveryPlan(judged, on: bench, from: judged.place(at: now), lasting: .day)
    let report = PlanReport(profile: judged, bench: bench, plan: plan, start: now)
    _ = report.text + PlanPlot(report).svg
  }

  static func recording(_ bytes: [UInt8]) {
    guard let reader = try? RecordReader(Data(bytes), "recording") else { return }
    _ = try? Replay.run(reader, waveform: nil)
  }

  static func journal(_ bytes: [UInt8]) {
    guard var journal = try? Journal(opening: BytesStore(bytes: bytes)) else { return }
    let moments = Moments(.gmt)
    for sequence in journal.first..<journal.next {
      guard let record = journal.record(sequence) else { continue }
      _ = LogRow.line(record, moments) + LogRow(record, moments).csv
    }
    journal.recall(by: journal.state.at) { _, _, _ in }
    _ = journal.state.resume(boot: 1, clock: .hour, wallSeconds: .max)
    _ = journal.profileCopies
  }
}

/// Gives changed bytes checksums that are right again, as somebody would who forges them.
enum Reseal {
  private static func seal(_ bytes: inout [UInt8], _ range: Range<Int>, at place: Int) {
    var sum = CRC32C()
    for byte in bytes[range] { sum.add(byte) }
    let seal = UInt64(sum.value) | UInt64(~sum.value) << 32
    for index in 0..<8 {
      bytes[place + index] = UInt8(truncatingIfNeeded: seal >> UInt64(8 * index))
    }
  }

  static func image(_ bytes: inout [UInt8]) {
    let words = bytes.count / 8
    guard words > 2 else { return }
    seal(&bytes, 0..<8 * (words - 1), at: 8 * (words - 1))
  }

  /// Each block that can still be found.
  static func recording(_ bytes: inout [UInt8]) {
    var at = RecordWriter.magic.utf8.count
    while at + 12 <= bytes.count {
      let told = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
      let length = Int(min(told, UInt32(bytes.count - at - 12)))
      let sum = CRC32C.sum(of: Array(bytes[(at + 12)..<(at + 12 + length)]))
      for (word, value) in [UInt32(length), ~UInt32(length), sum].enumerated() {
        for index in 0..<4 {
          bytes[at + 4 * word + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
        }
      }
      at += 12 + length
    }
  }

  /// Each record's own checksum; the chain from one to the next stays broken, which is a sentence.
  static func journal(_ bytes: inout [UInt8]) {
    guard bytes.count >= JournalBlock.size else { return }
    for from in stride(from: 0, through: bytes.count - JournalBlock.size, by: JournalBlock.size) {
      seal(&bytes, from..<from + 120, at: from + 120)
    }
  }
}
