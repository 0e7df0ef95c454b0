package import Foundation
package import PumpFiles
import PumpHAL
package import PumpMessages
import PumpReplay
import PumpSafety
package import PumpUnits

/// The beginning of a record: everything that the run depended on.
package struct RecordHeader: Codable {
  package var program = Version.number
  package var inputs: ProfileInputs
  /// The moment that the therapy began at, in nanoseconds since 1970 and as people read it.
  package var start_ns: Int64
  package var start: String
  /// When the files were judged, for expiry dates, in seconds since 1970.
  package var judged_at_s: Double
  /// How long the run was to be; missing where it ran until told to stop.
  package var span_ns: UInt64?
  /// Whether doses beyond a soft limit were confirmed.
  package var is_confirmed: Bool
  package var board: String
  package var host: String
  package var session: RecordedSession

  package init(
    program: String = Version.number, inputs: ProfileInputs, start_ns: Int64, start: String,
    judged_at_s: Double, span_ns: UInt64? = nil, is_confirmed: Bool, board: String, host: String,
    session: RecordedSession
  ) {
    self.program = program
    self.inputs = inputs
    self.start_ns = start_ns
    self.start = start
    self.judged_at_s = judged_at_s
    self.span_ns = span_ns
    self.is_confirmed = is_confirmed
    self.board = board
    self.host = host
    self.session = session
  }

  /// Whether its numbers can be a run's, judged before the year 5000.
  package var isPossible: Bool {
    session.isPossible && span_ns ?? 0 <= RecordedSession.longest && judged_at_s.magnitude < 9.5e10
  }
}

/// What the drive took over from the journal.
package struct RecordedSession: Codable {
  /// The pump's clock when the therapy began.
  package var first_ns: UInt64
  /// Where in its pattern the therapy was then.
  package var place_ns: UInt64
  /// Whether the profile's single bolus was given.
  package var has_single_bolus: Bool
  package var certain_steps: UInt64
  package var uncertain_steps: UInt64
  package var missed_steps: UInt64
  package var at_fill_steps: UInt64
  package var recalled: [RecalledDose]
  /// Missing in recordings of versions that did not know of them.
  package var patient_boluses_ns: [UInt64]?
  package var last_bolus_ns: UInt64?

  package init(_ first: Instant, _ place: TimeSpan, _ plan: DrivePlan) {
    first_ns = first.nanoseconds
    place_ns = place.nanoseconds
    has_single_bolus = plan.task.singleBolus != nil
    certain_steps = plan.carried.certain
    uncertain_steps = plan.carried.uncertain
    missed_steps = plan.carried.missed
    at_fill_steps = plan.carried.atFill
    recalled = plan.recalled
    patient_boluses_ns = plan.patientBoluses.map(\.nanoseconds)
    last_bolus_ns = plan.lastBolus?.nanoseconds
  }

  /// Whether a pump can have got there: a file that something else wrote may hold any numbers.
  package var isPossible: Bool {
    // A million doses of the largest size don't overflow the sums that they go into.
    carried.isPossible && first_ns <= Self.longest && place_ns <= Self.longest
      && recalled.count <= 1 << 20
      && (patient_boluses_ns ?? []).allSatisfy { $0 <= Self.longest }
      && last_bolus_ns ?? 0 <= Self.longest
      && recalled.allSatisfy { $0.steps <= StepCounts.most >> 20 && $0.by_ns <= Self.longest }
  }

  /// A hundred and forty years in nanoseconds.
  package static let longest: UInt64 = 1 << 62

  package var first: Instant { Instant(nanoseconds: first_ns) }

  package var carried: StepCounts {
    StepCounts(
      certain: certain_steps, uncertain: uncertain_steps, missed: missed_steps,
      atFill: at_fill_steps)
  }
}

/// Writes a record in blocks, so that a torn end is told from damage.
///
/// A record is the line `itpump-record 2` and blocks: the payload's length, the complement of that, and
/// the payload's CRC-32C, 32 bits each, little-endian, then the payload. The first payload is the header
/// as JSON, the others are encoded entries.
package final class RecordWriter {
  package static let magic = "itpump-record 2\n"
  /// No block is longer: the header holds a handful of files.
  package static let longestBlock = 1 << 24

  private let file: BackgroundFile
  private var encoder = EntryEncoder()
  package private(set) var entries: UInt64 = 0
  /// Bytes that may be written, and that were.
  private let most: UInt64
  private var written: UInt64 = 0
  /// Whether the recording has reached its size, and ended before the run.
  package private(set) var isFull = false

  /// Creates the file, or says why not.
  ///
  /// - Parameter most: Bytes at which the recording ends; the run goes on.
  package init(_ path: String, _ header: RecordHeader, most: UInt64) throws {
    self.most = most
    file = BackgroundFile(try OutputFile(path, isEvidence: true))
    let json = JSONEncoder()
    json.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    file.append(Array(Self.magic.utf8))
    put(Array(try json.encode(header)))
  }

  package func append(_ entry: RunEntry) {
    guard !isFull else { return }
    encoder.encode(entry)
    entries += 1
    if encoder.bytes.count >= 1 << 15 { flush() }
  }

  /// Writes what is pending; called now and then, so that a crash loses little.
  package func flush() {
    guard !encoder.bytes.isEmpty else { return }
    put(encoder.bytes)
    encoder.bytes.removeAll(keepingCapacity: true)
  }

  private func put(_ payload: [UInt8]) {
    var block: [UInt8] = []
    let length = UInt32(payload.count)
    for word in [length, ~length, CRC32C.sum(of: payload)] {
      for shift in stride(from: 0, to: 32, by: 8) {
        block.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    guard written + UInt64(block.count + payload.count) <= most else {
      isFull = true
      return
    }
    written += UInt64(block.count + payload.count)
    file.append(block + payload)
  }

  /// Why the record is not whole, the first time that somebody asks.
  package func takeFailure() -> (any Error)? { file.takeFailure() }

  package func close() throws {
    flush()
    try file.close()
  }
}

/// Reads a record back.
package struct RecordReader {
  package let header: RecordHeader
  package private(set) var entries: [RunEntry] = []
  /// Bytes at the end that are no whole block: the run was killed while it wrote them.
  package private(set) var tornBytes = 0

  /// More entries than a recording of the largest default size has take more memory than a replay is worth.
  package static let mostBytes = 2 << 30

  /// Reads a file.
  package init(_ path: String) throws {
    try self.init(try InputBytes.read(path, atMost: Self.mostBytes), path)
  }

  /// Reads a recording's bytes.
  ///
  /// - Parameter path: What messages call it.
  package init(_ data: Data, _ path: String) throws {
    let magic = Data(RecordWriter.magic.utf8)
    guard data.starts(with: magic) else {
      throw ProjectFiles.Problem(
        description:
          "\(path): error: not a record of this version; 'itpump run --record' writes one")
    }
    var blocks = Blocks(Array(data[magic.count...]), path)
    guard let head = try blocks.next() else {
      throw ProjectFiles.Problem(
        description: "\(path): error: the record ends in its header: nothing was run")
    }
    // Swift 6.0's decoder traps on a key that is no string of JSON; the other reader throws.
    guard (try? JSONSerialization.jsonObject(with: Data(head))) != nil,
      let header = try? JSONDecoder().decode(RecordHeader.self, from: Data(head))
    else {
      throw ProjectFiles.Problem(
        description: "\(path): error: the record's header is of another version of itpump")
    }
    guard header.isPossible else {
      throw ProjectFiles.Problem(
        description: "\(path): error: the record's header counts steps or time that no pump can "
          + "have; restore the file")
    }
    self.header = header
    var decoder = EntryDecoder()
    while let block = try blocks.next() {
      guard decoder.decode(block, into: &entries) else { throw blocks.damage }
    }
    tornBytes = blocks.left
  }

  /// A record's blocks, one after another.
  private struct Blocks {
    private let bytes: [UInt8]
    private let path: String
    private var at = 0

    init(_ bytes: [UInt8], _ path: String) {
      self.bytes = bytes
      self.path = path
    }

    var left: Int { bytes.count - at }

    var damage: ProjectFiles.Problem {
      ProjectFiles.Problem(
        description: "\(path): error: the block at byte \(at) after the first line is damaged; "
          + "restore the file")
    }

    /// The next block's payload; `nil` where the rest is no whole block, or nothing.
    mutating func next() throws -> [UInt8]? {
      guard left >= 12 else { return nil }
      let length = word(at)
      guard word(at + 4) == ~length, length <= UInt32(RecordWriter.longestBlock) else {
        throw damage
      }
      guard left >= 12 + Int(length) else { return nil }
      let payload = Array(bytes[(at + 12)..<(at + 12 + Int(length))])
      guard CRC32C.sum(of: payload) == word(at + 8) else { throw damage }
      at += 12 + Int(length)
      return payload
    }

    private func word(_ place: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * $1) }
    }
  }
}
