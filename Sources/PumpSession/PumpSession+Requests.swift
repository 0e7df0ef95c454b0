public import PumpHAL
public import PumpJournal
public import PumpMessages
public import PumpSafety
public import PumpUnits

extension PumpSession where Pump: ~Copyable, Records: ~Copyable {
  /// Asks for something; `nextAnswer` says what became of it, at once or turns later.
  ///
  /// With a ticket the request is in the journal before the drive hears of it, but for one that delivers less:
  /// that waits for nothing.
  @inlinable
  public mutating func ask(_ ordered: Ordered, at now: Instant) {
    let (ticket, command) = (ordered.ticket, ordered.command)
    if ticket != 0, let known = tickets[ticket] {
      var again = known
      again.isRepeated = true
      // Another request under an old name is none that was ever made.
      if known.kind != command.kind || known.value != command.value {
        again = Answered(ticket: ticket, command, .refused(.ticketUsed))
      }
      return answers.put(again)
    }
    let isLess = command.deliversLess
    if command.kind != .stop, pending[command.kind] != nil {
      guard ordered.isAwaited else { return }
      return answers.put(Answered(ticket: ticket, command, .refused(.commandInProgress)))
    }
    lastNumber += 1
    let request = PendingRequest(
      ordered: ordered, number: lastNumber, until: now + Self.journalPatience)
    if let basis = ordered.basis, !isLess, basis != position {
      return settle(request, .refused(.hasChanged), at: now)
    }
    guard ticket != 0 else { return forward(request, at: now) }
    let asked = JournalEntry.asked(ticket: ticket, command.kind, command.value, ordered.by)
    guard !isLess else {
      write(asked, at: now)
      return forward(request, at: now)
    }
    pending[command.kind] = request
    guard
      records.keep(asked, number: request.number, at: now, wallSeconds: pump.readWallClock())
    else {
      pending[command.kind] = nil
      return settle(request, .refused(.journalFailed), at: now)
    }
    takeRecordAnswers(at: now)
  }

  /// The next answer, if there is one.
  @inlinable public mutating func nextAnswer() -> Answered? { answers.take() }

  /// The journal has the request, or not; one that was given up meanwhile is not done any more.
  @inlinable
  mutating func kept(_ number: UInt64, _ isKept: Bool, at now: Instant) {
    guard !answers.release(number) else { return }
    guard let request = pending.other, request.number == number, !request.isAsked else { return }
    pending.other = nil
    guard isKept else { return settle(request, .refused(.journalFailed), at: now) }
    forward(request, at: now)
  }

  /// Judges a request, permits what it delivers, and asks the drive.
  @inlinable
  mutating func forward(_ request: PendingRequest, at now: Instant) {
    var request = request
    let command = request.ordered.command
    // What would be lost when the therapy begins, or would move the motor before anybody has looked.
    if beganAt == nil, let obstacle, command.deliversMore || command.kind == .anchor,
      command.kind != .adopt
    {
      return settle(request, .refused(.alarm(obstacle)), at: now)
    }
    switch command {
    case .silence(let alarm, let span):
      let isKnown = supervisor.silence(alarm, for: span, at: now) != nil
      return settle(request, isKnown ? .accepted : .refused(.noSuchAlarm), at: now)
    case .stop:
      stops = true
      pump.send(.stop, at: now)
      return settle(request, .accepted, at: now)
    case .suspend where obstacle != nil && beganAt == nil:
      // What waits to begin begins held.
      beginsHeld = true
      return settle(request, .accepted, at: now)
    case .acknowledge(let alarm): request.isKnownHere = supervisor.acknowledge(alarm, at: now)
    default: break
    }
    if let refusal = supervisor.refusal(of: command, at: now) {
      return settle(request, .refused(refusal), at: now)
    }
    // What delivers less permits nothing, and has nothing to take back.
    if !command.deliversLess {
      pending.permitted = Permission(
        number: request.number, before: supervisor.permit(command, at: now))
    }
    request.isAsked = true
    request.until = now + Self.drivePatience
    guard pump.ask(command, number: request.number, at: now) else {
      takeBack(request.number, at: now)
      return settle(request, .refused(.commandInProgress), at: now)
    }
    pending[command.kind] = request
    takeDriveAnswers(at: now)
  }

  /// Takes what the drive has answered, and gives up waiting where nobody does.
  @inlinable
  mutating func takeDriveAnswers(at now: Instant) {
    guard !pending.isEmpty else { return }
    while let answer = pump.answer() { take(answer, at: now) }
    while let request = pending.takeOverdue(at: now) { leave(request, at: now) }
  }

  @inlinable
  mutating func take(_ answer: DriveAnswer, at now: Instant) {
    guard let request = pending.take(answer.number) else { return }
    guard let refusal = answer.refusal, !request.isKnownHere else {
      supervisor.took(request.ordered.command, at: now)
      if request.ordered.command.kind == .adopt {
        supervisor.causeGone(.profileWaits, at: now)
      }
      return settle(request, .accepted, at: now)
    }
    takeBack(request.number, at: now)
    settle(request, .refused(refusal), at: now)
  }

  /// Permits again what was permitted before a request, where something was permitted for it.
  @inlinable
  mutating func takeBack(_ number: UInt64, at now: Instant) {
    if let permission = pending.permitted, permission.number == number {
      supervisor.takeBack(permission.before, at: now)
    } else if let permission = pending.permittedLeft, permission.number == number {
      supervisor.takeBack(permission.before, at: now)
    }
  }

  /// Leaves a request that nobody has answered.
  ///
  /// The drive may have carried it out: what it delivers stays permitted, somebody is told, and an answer that
  /// comes late is still heard. What the journal did not take was not done, and is not done any more.
  @inlinable
  mutating func leave(_ request: PendingRequest, at now: Instant) {
    guard request.isAsked else { return settle(request, .refused(.journalFailed), at: now) }
    supervisor.raise(.deliveryUncertain, at: now)
    supervisor.causeGone(.deliveryUncertain, at: now)
    pending.left = request
    pending.permittedLeft = pending.permitted
    settle(request, .unknown, at: now)
  }

  /// Leaves what is under way: the drive is gone.
  public mutating func abandonRequests(at now: Instant) {
    while let answer = pump.answer() { take(answer, at: now) }
    // Nobody's patience lasts for ever.
    while let request = pending.takeOverdue(at: .never) {
      settle(request, request.isAsked ? .unknown : .refused(.commandInProgress), at: now)
    }
    pending = PendingRequests()
    // Nobody is there for long enough to hear it later.
    answers.releaseOverdue(at: .never)
  }

  /// Journals what became of a request, and says it when it is written: what was said stays said over a crash.
  ///
  /// That less is delivered waits for no journal. Where the journal fails it is said all the same: it was done.
  @inlinable
  mutating func settle(_ request: PendingRequest, _ result: Answered.Result, at now: Instant) {
    let (ordered, command) = (request.ordered, request.ordered.command)
    let answered = Answered(ticket: ordered.ticket, command, result)
    if result == .accepted { happened += 1 }
    guard ordered.ticket != 0 else {
      write(.command(command.kind, command.value, isAccepted: result == .accepted), at: now)
      if ordered.isAwaited { answers.put(answered) }
      return
    }
    tickets.note(answered)
    let entry = JournalEntry.answered(
      ticket: ordered.ticket, command.kind, command.value, result)
    // What nobody knows, and what the journal did not take, a crash makes no other.
    let isSettled = result != .unknown && result != .refused(.journalFailed)
    guard ordered.isAwaited, isSettled, !command.deliversLess else {
      write(entry, at: now)
      if ordered.isAwaited { answers.put(answered) }
      return
    }
    lastNumber += 1
    answers.put(answered, after: lastNumber, until: now + Self.journalPatience)
    let isTaken = records.keep(
      entry, number: lastNumber, at: now, wallSeconds: pump.readWallClock())
    if !isTaken { _ = answers.release(lastNumber) }
    takeRecordAnswers(at: now)
  }

  /// Asks for the patient's bolus where the button was pressed since the last look: once, however often that was.
  ///
  /// What was pressed before the therapy began, or while the button is stuck, asks for nothing.
  @inlinable
  mutating func heed(_ presses: UInt64?, at now: Instant) {
    guard let presses else { return }
    let before = heardPresses
    heardPresses = presses
    guard let before, presses > before, now >= beganAt ?? .never,
      !supervisor.alarm(.buttonStuck).isCausePresent
    else { return }
    ask(.button(at: now), at: now)
  }
}
