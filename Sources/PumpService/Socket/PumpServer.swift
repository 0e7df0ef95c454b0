import CPumpLinux
public import Foundation
import Glibc
public import PumpMessages
import PumpProfiles
import PumpTherapy
import PumpUnits

/// A running pump, as a server has to know it.
public protocol ServedPump: AnyObject {
  /// The latest status.
  func status() -> SessionStatus?
  /// Passes a request on.
  ///
  /// - Returns: Whether there was room for it.
  func ask(_ ordered: Ordered) -> Bool
  /// The next answer, if there is one.
  func takeAnswer() -> Answered?
  /// Has the journal keep the text of a profile that was adopted.
  func keep(profile text: String)
  /// Why it takes no other prescription while it runs, and what to do instead; `nil` where it does.
  var whyNoneIsAdopted: String? { get }
}

extension ServedPump {
  public var whyNoneIsAdopted: String? { nil }
}

/// Serves a running pump's clients over a Unix socket, on one thread that touches no delivery.
///
/// A client that is slow, silent, noisy or wrong costs its own connection and nothing else: every buffer has an
/// end, no call waits, and where all places are taken the one that was silent longest gives way.
public final class PumpServer {
  /// Connections at one time.
  public static let mostClients = 64

  /// Requests that wait for the pump at one time, but for those that stop it.
  static let mostWaiting = 32

  public let path: String
  private let listener: Int32
  var facts: PumpFacts
  private let roles: Roles
  unowned let pump: any ServedPump
  var clients: [Connection] = []
  var waiting: [UInt64: Waiting] = [:]
  var last: StatusReport.LastCommand?
  let now: () -> Date
  /// Whether a time service keeps the wall clock.
  let isClockKept: () -> Bool
  var lookedAt = Date.distantPast
  /// When a rest of unknown length was judged last.
  var judgedAt = Date.distantPast
  private var lastNumber: UInt64 = 0
  var stream = SystemRandomNumberGenerator()

  /// A request that the pump has not answered yet.
  struct Waiting {
    var connections: [UInt64]
    var verb: Verb
    var by: Peer
    var until: Date
    var adopted: Adoption?
    /// Where the pattern is moved to.
    var anchored: TimeSpan?
    /// Whether it was said to be unknown: what the pump says later is taken note of, and told nobody.
    var isTold = false
  }

  /// Why a socket can't be had.
  public struct Problem: Error, CustomStringConvertible {
    public var description: String
  }

  /// Listens at a path; a socket that nobody listens at any more is replaced.
  ///
  /// - Throws: `Problem`.
  ///
  /// - Parameters:
  ///   - isClockKept: Whether a time service keeps the wall clock.
  ///   - now: The wall clock; a test's own where it waits for nothing.
  public init(
    at path: String, _ facts: PumpFacts, _ roles: Roles, for pump: any ServedPump,
    isClockKept: @escaping () -> Bool, now: @escaping () -> Date = Date.init
  ) throws(Problem) {
    self.now = now
    self.isClockKept = isClockKept
    self.path = path
    self.facts = facts
    self.roles = roles
    self.pump = pump
    let other = pump_socket_connect(path)
    if other >= 0 {
      close(other)
      throw Problem(
        description: "\(path): error: another pump listens there; name another --socket")
    }
    if other == -ECONNREFUSED { unlink(path) }
    let listener = pump_socket_listen(path)
    guard listener >= 0 else {
      throw Problem(
        description: "\(path): error: no socket: \(String(cString: strerror(-listener)))")
    }
    self.listener = listener
  }

  /// Ends every connection, and takes the socket away.
  public func end() {
    takeAnswers()
    for client in clients { client.end() }
    clients = []
    close(listener)
    unlink(path)
  }

  /// Serves for a moment: as long as nothing happens, so many milliseconds.
  public func serve(within milliseconds: Int32) {
    var polled = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
    for client in clients {
      let events = client.hasOutput ? POLLIN | POLLOUT : POLLIN
      polled.append(pollfd(fd: client.file, events: Int16(events), revents: 0))
    }
    // What the pump answers does not wake a poll: where an answer is waited for, it is looked for soon.
    _ = poll(&polled, nfds_t(polled.count), waiting.isEmpty ? milliseconds : min(milliseconds, 5))
    if polled[0].revents != 0 { accept() }
    for entry in polled.dropFirst() where entry.revents != 0 {
      guard let client = clients.first(where: { $0.file == entry.fd }) else { continue }
      for line in client.read() { take(line, from: client) }
      client.flush()
    }
    takeAnswers()
    lookAtClock()
    for client in clients where client.isOver { client.end() }
    clients.removeAll { $0.isOver }
  }

  private func accept() {
    while true {
      var raw = pump_peer()
      let file = pump_socket_accept(listener, &raw)
      guard file >= 0 else { return }
      if clients.count >= Self.mostClients,
        let oldest = clients.min(by: { $0.heardAt < $1.heardAt })
      {
        oldest.end()
        clients.removeAll { $0 === oldest }
      }
      lastNumber += 1
      clients.append(
        Connection(
          file, number: lastNumber, Peer(process: raw.process, user: raw.user, group: raw.group)))
    }
  }

  private func take(_ line: [UInt8], from client: Connection) {
    guard line.count <= Wire.longestLine else {
      client.send(.error("line-too-long", "a line has at most \(Wire.longestLine) bytes"))
      return client.close()
    }
    if let key = WireRequest.unknownKey(in: line) {
      return client.send(
        .error("unknown-key", "'\(key)' is no key of a request: nothing was done"))
    }
    if let key = WireRequest.repeatedKey(in: line) {
      return client.send(
        .error("repeated-key", "'\(key)' is there twice: nothing was done"))
    }
    guard let request = try? JSONDecoder().decode(WireRequest.self, from: Data(line)) else {
      return client.send(
        .error("not-a-request", "expected one JSON object a line with itpump and verb"))
    }
    guard request.itpump == Wire.version else {
      return client.send(
        .error("other-version", "this pump speaks version \(Wire.version)", request))
    }
    guard let verb = Verb(rawValue: request.verb) else {
      let names = Verb.allCases.map(\.rawValue).joined(separator: ", ")
      return client.send(
        .error("unknown-verb", "'\(request.verb)' is no verb; there are \(names)", request))
    }
    guard let role = roles.role(of: client.peer, for: verb) else {
      let needed = verb.roles.map { "\($0)" }.sorted().joined(separator: " or ")
      return client.send(
        .error(
          "not-permitted",
          "\(client.peer.name) may not \(verb.rawValue): that takes the role \(needed)", request))
    }
    answer(request, verb, as: role, client)
  }

  private func answer(_ request: WireRequest, _ verb: Verb, as role: Role, _ client: Connection) {
    guard let status = pump.status() else {
      return client.send(.error("not-ready", "the pump has not begun: ask again", request))
    }
    let outlook = Outlook(facts: facts, status: status)
    guard verb != .status else {
      var reply = WireReply(.status, verb: verb.rawValue)
      reply.status = outlook.report(last)
      return client.send(reply)
    }
    if verb == .adopt || verb == .endOutage, let why = pump.whyNoneIsAdopted {
      return client.send(.error("not-on-this-board", why, request))
    }
    let command: Command
    var adopted: Adoption?
    do throws(RequestReader.Problem) {
      switch verb {
      case .adopt: adopted = try Adoption(request, instead: facts, status, at: now())
      case .endOutage: adopted = try Adoption(endingOutage: facts, status, at: now())
      default: break
      }
      if let adopted {
        command = adopted.command(isConfirmed: request.confirm ?? false)
      } else {
        command = try RequestReader.command(request, verb, facts.profile.concentration)
      }
    } catch {
      return client.send(.error(error.code, error.message, request))
    }
    if request.preview == true {
      var reply = WireReply(.preview, verb: verb.rawValue)
      reply.preview = outlook.preview(of: command)
      reply.preview?.differences = adopted?.differences
      return client.send(reply)
    }
    ask(request, verb, command, adopted, as: role, client)
  }

  private func ask(
    _ request: WireRequest, _ verb: Verb, _ command: Command, _ adopted: Adoption?, as role: Role,
    _ client: Connection
  ) {
    let ticket: UInt64
    if let text = request.ticket {
      guard let number = UInt64(text, radix: 16), number != 0 else {
        return client.send(
          .error("bad-argument", "ticket: 1 to 16 hexadecimal digits, not all 0", request))
      }
      ticket = number
    } else {
      ticket = stream.next() | 1
    }
    let until = now().addingTimeInterval(Wire.patience)
    if var same = waiting[ticket], !same.isTold {
      same.connections.append(client.number)
      waiting[ticket] = same
      return
    }
    waiting[ticket] = Waiting(
      connections: [client.number], verb: verb, by: client.peer, until: until, adopted: adopted)
    if case .anchor(let place) = command { waiting[ticket]?.anchored = place }
    let ordered = Ordered(
      command, ticket: ticket, by: Operator(user: client.peer.user, role: role),
      basis: request.position)
    // Whoever asks for much leaves room for who asks for less.
    let isUrgent = verb == .suspend || verb == .stop
    guard isUrgent || waiting.count <= Self.mostWaiting, pump.ask(ordered) else {
      waiting[ticket] = nil
      return client.send(
        .error("busy", "too many requests are under way: ask again with the same ticket", request))
    }
  }
}
