import CPumpLinux
import Foundation
import Glibc

/// One client's connection: lines in, lines out, both with an end.
final class Connection {
  let file: Int32
  /// No two connections have the same, though they may have one descriptor after the other.
  let number: UInt64
  let peer: Peer
  /// When it was last heard, or made.
  private(set) var heardAt = Date()
  /// Whether nothing more is to be read or written.
  private(set) var isOver = false
  private var input: [UInt8] = []
  private var output: [UInt8] = []
  private var isClosing = false

  /// Answers that a client does not fetch are dropped with it.
  private static let mostOutput = 262_144

  init(_ file: Int32, number: UInt64, _ peer: Peer) {
    self.file = file
    self.number = number
    self.peer = peer
  }

  var hasOutput: Bool { !output.isEmpty }

  /// The whole lines that have come; one that grows beyond any is given as it is.
  func read() -> [[UInt8]] {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = Glibc.read(file, &buffer, buffer.count)
    guard count > 0 else {
      if count == 0 || errno != EAGAIN && errno != EINTR { isOver = true }
      return []
    }
    heardAt = Date()
    input += buffer.prefix(count)
    var lines: [[UInt8]] = []
    while let end = input.firstIndex(of: 10) {
      lines.append(Array(input[..<end]))
      input.removeSubrange(...end)
    }
    if input.count > Wire.longestLine {
      lines.append(input)
      input = []
    }
    return lines
  }

  func send(_ reply: WireReply) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(reply) else { return }
    output += data
    output.append(10)
    guard output.count <= Self.mostOutput else {
      isOver = true
      return
    }
    flush()
  }

  /// Sends what there is room for.
  func flush() {
    while !output.isEmpty {
      let sent = pump_socket_send(file, output, output.count)
      guard sent > 0 else {
        if sent != -Int64(EAGAIN) { isOver = true }
        return
      }
      output.removeFirst(Int(sent))
    }
    if isClosing { isOver = true }
  }

  /// Ends it once what was said is sent.
  func close() {
    isClosing = true
    flush()
  }

  func end() {
    isOver = true
    Glibc.close(file)
  }
}
