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
  /// What was permitted before, where something was permitted for it.
  @usableFromInline var before: Supervisor.Permitted?
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
    if let request = hold, request.number == number {
      hold = nil
      return request
    }
    if let request = cancel, request.number == number {
      cancel = nil
      return request
    }
    if let request = other, request.number == number {
      other = nil
      return request
    }
    guard let request = left, request.number == number else { return nil }
    left = nil
    return request
  }

  /// Takes out one whose patience is over.
  @usableFromInline
  mutating func takeOverdue(at now: Instant) -> PendingRequest? {
    for request in [hold, cancel, other] {
      if let request, now >= request.until { return take(request.number) }
    }
    return nil
  }
}
