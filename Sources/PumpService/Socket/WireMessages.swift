import Foundation
public import PumpMessages

/// The protocol between a running pump and its clients: one JSON object a line, in both directions.
public enum Wire {
  /// The version that every line names.
  public static let version = 1
  /// The longest line of a client.
  public static let longestLine = 131_072
  /// A request that the pump has not answered after so many seconds is unknown: the pump waits for the journal for
  /// 5 s, for its drive for 2 s, and for the journal again, and says at each what became of it.
  public static let patience = 13.0
}

/// What a client asks for; quantities are text with their unit, as in profiles.
public struct WireRequest: Codable, Equatable, Sendable {
  public var itpump: Int
  public var verb: String
  /// Names the request, in 16 hexadecimal digits: the same again gets the same answer.
  public var ticket: String?
  /// The status that it is based on.
  public var position: UInt64?
  public var dose: String?
  public var volume: String?
  public var over: String?
  public var alarm: String?
  public var `for`: String?
  public var place: String?
  /// The text of a profile.
  public var profile: String?
  /// Whether a clinician has confirmed what is beyond a soft limit.
  public var confirm: Bool?
  /// Whether only to say what would change.
  public var preview: Bool?

  public init(_ verb: Verb) {
    itpump = Wire.version
    self.verb = verb.rawValue
  }

  /// A key that no request has: a misspelt word must not turn a dry run into a dose.
  static func unknownKey(in line: [UInt8]) -> String? {
    guard
      let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
    else { return nil }
    return object.keys.sorted().first { CodingKeys(rawValue: $0) == nil }
  }

  /// A key that the object has twice: a decoder would take one of the two, and say nothing.
  static func repeatedKey(in line: [UInt8]) -> String? {
    var known: Set<String> = []
    var (depth, isKey, at) = (0, false, line.startIndex)
    while at < line.endIndex {
      let from = at
      at += 1
      switch line[from] {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        isKey = depth == 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ","): isKey = depth == 1
      case UInt8(ascii: ":"): isKey = false
      case UInt8(ascii: "\""):
        while at < line.endIndex, line[at] != UInt8(ascii: "\"") {
          at += line[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        at = min(at + 1, line.endIndex)
        guard isKey,
          let key = try? JSONDecoder().decode(String.self, from: Data(line[from..<at]))
        else { continue }
        if !known.insert(key).inserted { return key }
      default: break
      }
    }
    return nil
  }

  enum CodingKeys: String, CodingKey {
    case itpump, verb, ticket, position, dose, volume, over, alarm, `for`, place, profile, confirm
    case preview
  }

  /// A ticket that no other request has.
  package static func newTicket() -> String {
    String(UInt64.random(in: 1...UInt64.max), radix: 16)
  }
}

/// What the pump answers.
public struct WireReply: Codable, Equatable, Sendable {
  /// How a request ended.
  public enum Result: String, Codable, Sendable {
    case accepted, refused, unknown
    /// The line was none that the pump can read, or not this client's to send.
    case error
    /// What was asked for was to be looked at.
    case status, preview
  }

  public var itpump = Wire.version
  public var result: Result
  public var verb: String?
  public var ticket: String?
  /// The refusal's or the error's name.
  public var code: String?
  /// Why, and what to do, for people.
  public var message: String?
  public var status: StatusReport?
  public var preview: Preview?

  public init(_ result: Result, verb: String? = nil, ticket: String? = nil) {
    self.result = result
    self.verb = verb
    self.ticket = ticket
  }

  static func error(_ code: String, _ message: String, _ request: WireRequest? = nil) -> Self {
    var reply = Self(.error, verb: request?.verb, ticket: request?.ticket)
    reply.code = code
    reply.message = message
    return reply
  }
}

/// What can be asked of a running pump.
public enum Verb: String, CaseIterable, Sendable {
  case status
  case bolus
  case patientBolus = "patient-bolus"
  case cancelBolus = "cancel-bolus"
  case suspend
  case resume
  case acknowledge
  case silence
  case refill
  case anchor
  case prime
  case adopt
  case endOutage = "end-outage"
  case stop

  /// What the journal calls it; `nil` for one that asks for nothing.
  public var kind: CommandKind? {
    switch self {
    case .status: nil
    case .bolus: .bolus
    case .patientBolus: .patientBolus
    case .cancelBolus: .cancelBolus
    case .suspend: .suspend
    case .resume: .resume
    case .acknowledge: .acknowledge
    case .silence: .silence
    case .refill: .refill
    case .anchor: .anchor
    case .prime: .prime
    // What ran before the outage is adopted again: a clinician has looked.
    case .adopt, .endOutage: .adopt
    case .stop: .stop
    }
  }
}
