public import PumpMessages
public import PumpSafety
public import PumpUnits

/// A request on its way to the journal, the drive and back.
@usableFromInline
struct PendingRequest {
  @usableFromInline var ordered: Ordered
  @usableFromInline var number: UInt64
  /// Whether the drive was asked; before that the journal is.
  @usableFromInline var isAsked = false
  /// Whether this channel knew the alarm that was acknowledged.
  @usableFromInline var isKnownHere = false
  /// When the patience with whoever is asked ends.
  @usableFromInline var until: Instant

  @usableFromInline
  init(ordered: Ordered, number: UInt64, until: Instant) {
    self.ordered = ordered
    self.number = number
    self.until = until
  }
}

/// What was permitted before a request, to be permitted again where the drive refuses it.
@usableFromInline
struct Permission {
  @usableFromInline var number: UInt64
  @usableFromInline var before: Supervisor.Permitted

  @usableFromInline
  init(number: UInt64, before: Supervisor.Permitted) {
    self.number = number
    self.before = before
  }
}

/// The requests that are under way, one of each urgency: none keeps a more urgent one from the drive.
@usableFromInline
struct PendingRequests {
  /// To hold the therapy back.
  @usableFromInline var hold: PendingRequest?
  /// To end a bolus.
  @usableFromInline var cancel: PendingRequest?
  /// Everything else.
  @usableFromInline var other: PendingRequest?
  /// One that was left unanswered: its answer may still come.
  @usableFromInline var left: PendingRequest?
  /// What was permitted before the latest request that permits anything, and before the one that was left.
  @usableFromInline var permitted: Permission?
  @usableFromInline var permittedLeft: Permission?

  @usableFromInline init() {}

  @usableFromInline var isEmpty: Bool {
    hold == nil && cancel == nil && other == nil && left == nil
  }

  /// The place of a kind of command.
  @usableFromInline
  subscript(kind: CommandKind) -> PendingRequest? {
    get {
      switch kind {
      case .suspend: hold
      case .cancelBolus: cancel
      default: other
      }
    }
    set {
      switch kind {
      case .suspend: hold = newValue
      case .cancelBolus: cancel = newValue
      default: other = newValue
      }
    }
  }

  /// Takes out the one with a number.
  @usableFromInline
  mutating func take(_ number: UInt64) -> PendingRequest? {
    // Each is looked at where it is: a copy costs a board's stack.
    switch number {
    case hold?.number:
      defer { hold = nil }
      return hold
    case cancel?.number:
      defer { cancel = nil }
      return cancel
    case other?.number:
      defer { other = nil }
      return other
    case left?.number:
      defer { left = nil }
      return left
    default: return nil
    }
  }

  /// Takes out one whose patience is over.
  @usableFromInline
  mutating func takeOverdue(at now: Instant) -> PendingRequest? {
    if let until = hold?.until, now >= until {
      defer { hold = nil }
      return hold
    }
    if let until = cancel?.until, now >= until {
      defer { cancel = nil }
      return cancel
    }
    guard let until = other?.until, now >= until else { return nil }
    defer { other = nil }
    return other
  }
}
