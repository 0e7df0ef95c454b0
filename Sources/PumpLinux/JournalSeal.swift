import Glibc

/// The highest record of a journal, in a small file beside it: a journal that was put back to an older copy,
/// cut, or exchanged for another does not hold that record.
///
/// It holds the line `itpump-seal 1`, then the record's sequence and its link of the chain in hexadecimal. It
/// is written when a session opens and ends, and after every sixteenth record: so many at the end may be taken
/// away unseen.
public struct JournalSeal: Equatable, Sendable {
  /// So many records are written before it is written anew.
  public static var interval: UInt64 { 16 }

  public var sequence: UInt64
  /// 32 bytes.
  public var link: [UInt8]

  public init(sequence: UInt64, link: [UInt8]) {
    self.sequence = sequence
    self.link = link
  }

  /// Where the seal of a journal is.
  public static func path(of journal: String) -> String { journal + ".seal" }

  /// Reads the seal of a journal; `nil` where there is none that can be read.
  public init?(ofJournal journal: String) {
    let file = open(Self.path(of: journal), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let size = read(file, &bytes, bytes.count)
    guard size > 0 else { return nil }
    let words = String(decoding: bytes[..<size], as: UTF8.self)
      .split(whereSeparator: { $0 == " " || $0 == "\n" })
    guard words.count == 4, words[0] == "itpump-seal", words[1] == "1",
      let sequence = UInt64(words[2]), words[3].utf8.count == 64
    else { return nil }
    let digits = Array(words[3].utf8).map { Self.value($0) }
    guard !digits.contains(where: { $0 == nil }) else { return nil }
    let values = digits.compactMap { $0 }
    self.init(
      sequence: sequence, link: (0..<32).map { values[2 * $0] << 4 | values[2 * $0 + 1] })
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  /// Writes it beside a journal, whole or not at all.
  ///
  /// - Parameter isDurable: Whether it must survive a loss of power from now on.
  /// - Returns: Whether it is there.
  @discardableResult
  public func write(besideJournal journal: String, isDurable: Bool) -> Bool {
    let path = Self.path(of: journal)
    let temporary = path + ".new"
    unlink(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    guard file >= 0 else { return false }
    let hexadecimal = link.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
    let text = Array("itpump-seal 1\n\(sequence) \(hexadecimal)\n".utf8)
    let isWritten = Glibc.write(file, text, text.count) == text.count
    let isSafe = !isDurable || fsync(file) == 0
    close(file)
    guard isWritten, isSafe, rename(temporary, path) == 0 else {
      unlink(temporary)
      return false
    }
    return true
  }
}
