import CPumpLinux
import Foundation
import Glibc

/// A client's connection to a running pump.
public final class PumpClient {
  private let file: Int32
  private var input: [UInt8] = []

  /// Why a pump can't be spoken to.
  public struct Problem: Error, CustomStringConvertible {
    public var description: String
  }

  /// Connects to a pump's socket.
  ///
  /// - Throws: `Problem`, with what to do.
  public init(_ path: String) throws(Problem) {
    let file = pump_socket_connect(path)
    guard file >= 0 else {
      let why = String(cString: strerror(-file))
      let remedy =
        switch -file {
        case ENOENT, ECONNREFUSED: "no pump runs there; 'itpump run' starts one"
        case EACCES: "the socket is not yours: ask for a role, or use the pump's own user"
        default: why
        }
      throw Problem(description: "\(path): error: \(remedy)")
    }
    self.file = file
  }

  deinit { close(file) }

  /// Asks, and waits for the answer.
  ///
  /// - Throws: `Problem` where the pump has gone or does not answer in time.
  public func ask(_ request: WireRequest) throws(Problem) -> WireReply {
    guard let data = try? JSONEncoder().encode(request) else {
      throw Problem(description: "error: the request can't be written down")
    }
    var bytes = Array(data)
    bytes.append(10)
    while !bytes.isEmpty {
      let sent = pump_socket_send(file, bytes, bytes.count)
      guard sent > 0 else {
        throw Problem(description: "error: the pump has closed the connection")
      }
      bytes.removeFirst(Int(sent))
    }
    let line = try readLine()
    guard let reply = try? JSONDecoder().decode(WireReply.self, from: Data(line)) else {
      throw Problem(description: "error: the pump's answer can't be read: another version?")
    }
    return reply
  }

  private func readLine() throws(Problem) -> [UInt8] {
    let latest = Date().addingTimeInterval(Wire.patience + 3)
    while true {
      if let end = input.firstIndex(of: 10) {
        defer { input.removeSubrange(...end) }
        return Array(input[..<end])
      }
      var polled = [pollfd(fd: file, events: Int16(POLLIN), revents: 0)]
      let left = latest.timeIntervalSinceNow
      guard left > 0, poll(&polled, 1, Int32(left * 1_000) + 1) >= 0 else {
        throw Problem(
          description: "error: the pump did not answer: whether it was done is unknown; look at "
            + "the status, and ask again with the same ticket")
      }
      var buffer = [UInt8](repeating: 0, count: 65_536)
      let count = read(file, &buffer, buffer.count)
      guard count != 0 else {
        throw Problem(description: "error: the pump has closed the connection")
      }
      if count > 0 { input += buffer.prefix(count) }
    }
  }
}
