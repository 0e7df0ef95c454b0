public import PumpUnits

/// What somebody may ask a pump for.
public enum Role: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// Wires, calibrates and measures.
  case bench
  /// Prescribes.
  case clinician
  /// Presses the button.
  case patient
  /// The pump itself, by one of its rules; nobody can be given it.
  case pump

  /// Those that people have.
  public static var people: [Self] { [.bench, .clinician, .patient] }
}

/// Who asks, by the kernel's word.
public struct Operator: Equatable, BitwiseCopyable, Sendable {
  /// The user's number.
  public var user: UInt32
  public var role: Role

  public init(user: UInt32, role: Role) {
    self.user = user
    self.role = role
  }

  /// The patient's button, which is no user of the system: nobody has this number.
  public static var button: Self { Self(user: .max, role: .patient) }
}

/// A command with whose it is, and how it is told from the same one again.
public struct Ordered: Sendable {
  /// Names the request: the same one again gets the same answer, and nothing is done twice; 0 for none, which
  /// only the program itself asks with.
  public var ticket: UInt64
  public var by: Operator
  public var command: Command
  /// What the asker knew: refused where more has happened since; `nil` where that does not matter.
  public var basis: UInt64?

  /// Whether somebody waits for the answer.
  public var isAwaited = true

  /// What the patient's button asks for: nobody waits for the answer.
  ///
  /// - Parameter now: When it was heard, which names the request: the pump's clock never comes twice.
  public static func button(at now: Instant) -> Self {
    var ordered = Self(
      .patientBolus, ticket: now.nanoseconds | 1 << 63, by: .button)
    ordered.isAwaited = false
    return ordered
  }

  public init(
    _ command: Command, ticket: UInt64 = 0, by: Operator = Operator(user: 0, role: .bench),
    basis: UInt64? = nil
  ) {
    self.command = command
    self.ticket = ticket
    self.by = by
    self.basis = basis
  }
}

/// What became of a request.
public struct Answered: Equatable, BitwiseCopyable, Sendable {
  /// How it ended.
  public enum Result: Equatable, BitwiseCopyable, Sendable {
    case accepted
    /// Nothing has changed.
    case refused(Refusal)
    /// The drive did not say in time: the status and the next report tell.
    case unknown
  }

  public var ticket: UInt64
  public var kind: CommandKind
  /// The command's number, which tells it from another one of its kind.
  public var value: UInt64
  public var result: Result
  /// Whether this was said before: nothing was done this time.
  public var isRepeated = false

  public init(ticket: UInt64, kind: CommandKind, value: UInt64, result: Result) {
    self.ticket = ticket
    self.kind = kind
    self.value = value
    self.result = result
  }

  public init(ticket: UInt64, _ command: Command, _ result: Result) {
    self.init(ticket: ticket, kind: command.kind, value: command.value, result: result)
  }
}
