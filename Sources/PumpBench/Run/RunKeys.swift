import Foundation
import Glibc
import PumpReports
import PumpService

/// The keys of the live screen: each is a request to the pump's own socket, as any client's.
///
/// What delivers more is asked about; what delivers less is done at once.
package final class RunKeys {
  /// What the screen says of them.
  package static let words =
    "keys: h holds the therapy, r resumes it, c ends a bolus, a acknowledges, s silences"

  private let socket: String
  private let before: termios
  /// What `y` says yes to.
  private var asked: (request: WireRequest, what: String)?

  /// - Parameter socket: Where the pump listens.
  /// - Returns: `nil` where nobody sits at a terminal.
  package init?(_ socket: String) {
    var settings = termios()
    guard isatty(STDERR_FILENO) == 1, Self.isInFront, tcgetattr(STDIN_FILENO, &settings) == 0
    else { return nil }
    // Put into the background later, the pump runs on: a terminal that is another's stops nobody.
    signal(SIGTTIN, SIG_IGN)
    signal(SIGTTOU, SIG_IGN)
    self.socket = socket
    before = settings
    // Ctrl-C stays a signal.
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
    settings.set(VMIN: 0, VTIME: 0)
    tcsetattr(STDIN_FILENO, TCSANOW, &settings)
  }

  /// Whether this program has the terminal: one in the background would be stopped for touching it.
  private static var isInFront: Bool {
    isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp()
  }

  /// Gives the terminal back.
  func end() {
    var settings = before
    tcsetattr(STDIN_FILENO, TCSANOW, &settings)
  }

  /// Does what a key asks for.
  ///
  /// - Returns: What is to be told; `nil` where no key was pressed.
  func take() -> String? {
    var byte: UInt8 = 0
    guard Self.isInFront, read(STDIN_FILENO, &byte, 1) == 1 else { return nil }
    let answered = asked
    asked = nil
    switch Character(UnicodeScalar(byte)) {
    case "y":
      guard let answered else { return Self.words }
      return tell(answered.request, answered.what)
    case "h": return ask(.suspend)
    case "c": return ask(.cancelBolus)
    case "r": return offerResume()
    case "a":
      return alarm { name in
        asked = (.acknowledging(name), "acknowledge \(name)")
        return "acknowledge \(name)? y for yes"
      }
    case "s": return alarm { tell(.silencing($0), "silence \($0)") }
    default: return Self.words
    }
  }

  private func ask(_ verb: Verb) -> String { tell(WireRequest(verb), verb.rawValue) }

  /// Says what a resumption would change, and waits for the yes to that.
  private func offerResume() -> String {
    do {
      var request = WireRequest(.resume)
      request.position = try PumpClient(socket).ask(WireRequest(.status)).status?.position
      request.preview = true
      let reply = try PumpClient(socket).ask(request)
      guard let change = reply.preview else { return reply.message ?? "resume: no answer" }
      if let why = change.would_be_refused { return "resume would be refused: \(why)" }
      request.preview = nil
      request.ticket = WireRequest.newTicket()
      asked = (request, "resume")
      return "resume with \(StatusText.rate(change.then.rate_ug_per_h)), "
        + "\(StatusText.mass(change.then.next_24h_ug)) in the next 24 h? y for yes"
    } catch {
      return "resume: \(error)"
    }
  }

  /// Says or does something about the most urgent alarm.
  private func alarm(_ act: (String) -> String) -> String {
    do {
      let status = try PumpClient(socket).ask(WireRequest(.status)).status
      guard let alarm = status?.alarms.first else { return "no alarm stands" }
      return act(alarm.name)
    } catch {
      return "\(error)"
    }
  }

  private func tell(_ request: WireRequest, _ what: String) -> String {
    do {
      let reply = try PumpClient(socket).ask(request)
      return "\(what): \(reply.result.rawValue)" + (reply.message.map { ": \($0)" } ?? "")
    } catch {
      return "\(what): \(error)"
    }
  }
}

extension WireRequest {
  fileprivate static func acknowledging(_ alarm: String) -> Self {
    var request = Self(.acknowledge)
    request.alarm = alarm
    return request
  }

  fileprivate static func silencing(_ alarm: String) -> Self {
    var request = Self(.silence)
    (request.alarm, request.for) = (alarm, "10 min")
    return request
  }
}

extension termios {
  /// How many bytes a read waits for, and for how long.
  fileprivate mutating func set(VMIN least: cc_t, VTIME patience: cc_t) {
    withUnsafeMutableBytes(of: &c_cc) {
      $0[Int(Glibc.VMIN)] = least
      $0[Int(Glibc.VTIME)] = patience
    }
  }
}
