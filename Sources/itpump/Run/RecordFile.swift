import ArgumentParser
import Foundation
import PumpHAL
import PumpReplay
import PumpUnits

/// The beginning of a record: everything that the run depended on.
struct RecordHeader: Codable {
  /// The record's format.
  var format = 1
  var program = ITPump.configuration.version
  var inputs: ProfileInputs
  /// The moment that the therapy began at, in nanoseconds since 1970 and as people read it.
  var start_ns: Int64
  var start: String
  /// When the files were judged, for expiry dates, in seconds since 1970.
  var judged_at_s: Double
  /// How long the run was to be; missing where it ran until told to stop.
  var span_ns: UInt64?
  var board: String
  var host: String
}

/// Writes a record in blocks, each with its length and CRC-32C, so that a torn end is noticed.
///
/// A record is the line `itpump-record`, the header as one line of JSON, and blocks: the payload's
/// length and CRC-32C, 32 bits each, little-endian, then the payload of encoded entries.
final class RecordWriter {
  static let magic = "itpump-record"

  private let file: WaveformFile
  private var encoder = EntryEncoder()
  private(set) var entries: UInt64 = 0

  /// Creates the file, or says why not.
  init(_ path: String, _ header: RecordHeader) throws {
    file = try WaveformFile(path)
    let json = JSONEncoder()
    json.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var head = Data((Self.magic + "\n").utf8)
    head.append(try json.encode(header))
    head.append(UInt8(ascii: "\n"))
    file.append(Array(head))
  }

  func append(_ entry: RunEntry) {
    encoder.encode(entry)
    entries += 1
    if encoder.bytes.count >= 1 << 15 { flush() }
  }

  /// Writes what is pending; called now and then, so that a crash loses little.
  func flush() {
    guard !encoder.bytes.isEmpty else { return }
    var block: [UInt8] = []
    for word in [UInt32(encoder.bytes.count), CRC32C.of(encoder.bytes)] {
      for shift in stride(from: 0, to: 32, by: 8) {
        block.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    file.append(block + encoder.bytes)
    encoder.bytes.removeAll(keepingCapacity: true)
  }

  func close() throws {
    flush()
    try file.close()
  }
}

/// Reads a record back.
struct RecordReader {
  let header: RecordHeader
  private(set) var entries: [RunEntry] = []
  /// Bytes at the end that are no whole block: the run was killed while it wrote them.
  private(set) var tornBytes = 0

  init(_ path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ProjectFiles.Problem(description: "\(path): error: can't be read")
    }
    let magic = Data((RecordWriter.magic + "\n").utf8)
    guard data.starts(with: magic),
      let end = data[magic.count...].firstIndex(of: UInt8(ascii: "\n"))
    else {
      throw ProjectFiles.Problem(
        description: "\(path): error: not a record; 'itpump run --record' writes one")
    }
    do {
      header = try JSONDecoder().decode(RecordHeader.self, from: data[magic.count..<end])
    } catch {
      throw ProjectFiles.Problem(
        description: "\(path): error: the record's header is damaged or of another version")
    }
    try read(Array(data[(end + 1)...]), path)
  }

  private mutating func read(_ bytes: [UInt8], _ path: String) throws {
    var at = 0
    func word(_ place: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * $1) }
    }
    var decoder = EntryDecoder()
    while at < bytes.count {
      guard at + 8 <= bytes.count, case let length = Int(word(at)), at + 8 + length <= bytes.count
      else {
        tornBytes = bytes.count - at
        return
      }
      let payload = Array(bytes[(at + 8)..<(at + 8 + length)])
      guard CRC32C.of(payload) == word(at + 4), decoder.decode(payload, into: &entries) else {
        throw ProjectFiles.Problem(
          description: "\(path): error: the block at byte \(at) after the header is damaged; "
            + "restore the file")
      }
      at += 8 + length
    }
  }
}

extension CRC32C {
  /// The sum of some bytes.
  static func of(_ bytes: [UInt8]) -> UInt32 {
    var sum = CRC32C()
    for byte in bytes { sum.add(byte) }
    return sum.value
  }
}
