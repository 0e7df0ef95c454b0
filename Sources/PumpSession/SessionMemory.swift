public import PumpJournal
public import PumpMessages
public import PumpTherapy
public import PumpUnits

/// What a session has to remember of those before it, besides counts and alarms: the doses of the last day, when
/// the patient's boluses began, and what became of the latest requests.
public struct SessionMemory: Sendable {
  /// Steps of an earlier session, by when they were surely made.
  public struct Dose: Equatable, Sendable {
    public var steps: UInt64
    public var by: Instant

    public init(steps: UInt64, by: Instant) {
      self.steps = steps
      self.by = by
    }
  }

  public private(set) var doses: [Dose] = []
  public private(set) var patientBoluses: [Instant] = []
  /// When the last bolus of the last day began; tubing that was filled is none.
  public private(set) var lastBolus: Instant?
  public private(set) var answers: [Answered] = []

  public init() {}

  /// Reads it from a journal.
  ///
  /// - Parameters:
  ///   - journal: As its last session left it.
  ///   - now: Where the pump's clock stands.
  ///   - binding: What a step is worth now; one of another worth is counted as so many of these.
  public init<Store: JournalStore & ~Copyable>(
    _ journal: inout Journal<Store>, by now: Instant, as binding: JournalBinding
  ) {
    var doses: [Dose] = []
    journal.recall(by: now) { steps, instant, kept in
      doses.append(Dose(steps: (kept ?? binding).steps(steps, as: binding), by: instant))
    }
    self.doses = doses
    var open: [UInt64: Answered] = [:]
    var begun = Begun()
    var sequence = journal.next
    // A request that is older than these comes no more; a bolus that is older than a day locks nothing out.
    while sequence > journal.first {
      sequence -= 1
      guard let record = journal.record(sequence) else { continue }
      let isRecent = record.at + .day > now
      guard isRecent || journal.next - sequence <= Self.latestRecords else { break }
      switch record.entry {
      case .event(.bolusBegan(let kind, _)) where isRecent && kind != .prime:
        lastBolus = lastBolus ?? record.at
        if kind == .patient { patientBoluses.append(record.at) }
        begun.note(kind)
      case .answered(let ticket, let kind, let value, let result):
        let answered = Answered(ticket: ticket, kind: kind, value: value, result: result)
        if open[ticket] == nil { answers.append(answered) }
        open[ticket] = answered
      case .asked(let ticket, let kind, let value, _):
        if isRecent { note(kind, open[ticket]?.result, at: record.at, &begun) }
        // Nothing says what became of it: the process ended between the two.
        guard open[ticket] == nil else { continue }
        let answered = Answered(ticket: ticket, kind: kind, value: value, result: .unknown)
        open[ticket] = answered
        answers.append(answered)
      default: break
      }
    }
    patientBoluses.reverse()
    answers = Array(answers.prefix(4 * SessionRoom().tickets).reversed())
  }

  /// Boluses that began, by the journal, and whose request is still to be found before them.
  private struct Begun {
    var single = 0
    var patient = 0

    mutating func note(_ kind: BolusKind) {
      if kind == .patient { patient += 1 }
      if kind == .single { single += 1 }
    }

    /// Whether a request's bolus is known by its own record.
    mutating func take(_ kind: CommandKind) -> Bool {
      if kind == .patientBolus, patient > 0 {
        patient -= 1
        return true
      }
      guard kind == .bolus, single > 0 else { return false }
      single -= 1
      return true
    }
  }

  /// Takes note of a bolus that was asked for and not refused: the drive may have begun it, and the process ended
  /// before that was written down.
  private mutating func note(
    _ kind: CommandKind, _ result: Answered.Result?, at instant: Instant, _ begun: inout Begun
  ) {
    guard kind == .bolus || kind == .patientBolus else { return }
    if case .refused? = result { return }
    guard !begun.take(kind) else { return }
    lastBolus = lastBolus ?? instant
    if kind == .patientBolus { patientBoluses.append(instant) }
  }

  private static var latestRecords: UInt64 { 4_096 }
}

extension JournalBinding {
  /// So many of this one's steps as another's that carry at least as much drug.
  public func steps(_ steps: UInt64, as other: JournalBinding) -> UInt64 {
    guard other != self else { return steps }
    let mass = (try? step.volume(ofSteps: steps, .up)).flatMap {
      try? concentration.mass(in: $0)
    }
    let volume = mass.flatMap { try? other.concentration.volume(of: $0) }
    return volume.flatMap { try? other.step.steps(in: $0) }.map { $0 + 1 } ?? steps
  }
}

/// For a board without a heap, which settles one request before it hears of the next.
extension Journal where Store: ~Copyable {
  /// Tells the boluses of the last day and when they began, in order; tubing that was filled is none.
  ///
  /// One that was asked for and not refused counts from then, where its own record is missing: the drive may have
  /// begun it, and the board was reset before that was written down.
  public mutating func recallBoluses(by now: Instant, _ body: (BolusKind, Instant) -> Void) {
    var asked: (kind: BolusKind, at: Instant)?
    func settle() { if let asked { body(asked.kind, asked.at) } }
    for sequence in first..<next {
      guard let record = record(sequence), record.at + .day > now else { continue }
      switch record.entry {
      case .event(.bolusBegan(let kind, _)) where kind != .prime:
        if kind == asked?.kind { asked = nil }
        body(kind, record.at)
      case .asked(_, .bolus, _, _):
        settle()
        asked = (.single, record.at)
      case .asked(_, .patientBolus, _, _):
        settle()
        asked = (.patient, record.at)
      case .answered(_, .bolus, _, .refused), .answered(_, .patientBolus, _, .refused):
        asked = nil
      default: break
      }
    }
    settle()
  }

  /// Tells what became of the latest requests, in order; one without an answer is unknown.
  ///
  /// - Parameter latest: Among so many of the latest records: a host asks again soon, or not at all.
  public mutating func recallRequests(among latest: UInt64 = 256, _ body: (Answered) -> Void) {
    var open: Answered?
    for sequence in max(first, next - min(next, latest))..<next {
      guard let record = record(sequence) else { continue }
      switch record.entry {
      case .asked(let ticket, let kind, let value, _):
        if let open { body(open) }
        open = Answered(ticket: ticket, kind: kind, value: value, result: .unknown)
      case .answered(let ticket, let kind, let value, let result):
        body(Answered(ticket: ticket, kind: kind, value: value, result: result))
        if open?.ticket == ticket { open = nil }
      default: break
      }
    }
    if let open { body(open) }
  }
}
