import PumpMessages
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

/// What may be asked of a running pump, by the names that it has everywhere.
extension Controller {
  /// Asks the session for what the line says.
  ///
  /// `order TICKET USER ROLE POSITION REQUEST`: whose it is and what it is based on; one without is a person's at the
  /// console, and known again by nothing.
  @inline(never)
  mutating func ask() {
    var heading = Ordered(.suspend)
    if inbox.isCommand("order") {
      guard let ticket = inbox.argument(1), ticket > 0, let user = inbox.argument(2),
        let number = inbox.argument(3), let position = inbox.argument(4),
        user <= UInt64(UInt32.max), let role = Role(rawValue: UInt8(clamping: number)),
        role != .pump
      else { return no(.badArgument) }
      heading.ticket = ticket
      heading.by = Operator(user: UInt32(truncatingIfNeeded: user), role: role)
      if position != ConsoleRequest.anyPosition { heading.basis = position }
      inbox.skip(5)
    }
    let command: Command
    do throws(ConsoleProblem) { command = try request() } catch { return no(error) }
    heading.command = command
    guard session != nil else { return no(.noSession) }
    guard let answered = session?.pointee.perform(heading) else { return no(.unknown) }
    tell(answered)
  }

  private func tell(_ answered: Answered) {
    var reply = Reply<B>()
    switch answered.result {
    case .accepted: reply.text("ok")
    case .unknown: answer(&reply, .unknown, 0)
    case .refused(let refusal):
      answer(&reply, .refused, UInt64(refusal.code.number))
      reply.number("value", refusal.code.detail)
    }
    // A host that has asked twice gets two answers, and must know whose each is.
    if answered.ticket != 0 { reply.hex("ticket", answered.ticket) }
    if answered.isRepeated { reply.number("repeated", 1) }
    reply.end()
  }

  private func answer(_ reply: inout Reply<B>, _ problem: ConsoleProblem, _ detail: UInt64) {
    reply.text("no")
    reply.number("code", UInt64(problem.rawValue))
    reply.number("detail", detail)
  }

  /// The line's request.
  private func request() throws(ConsoleProblem) -> Command {
    for kind in CommandKind.allCases {
      guard let form = ConsoleRequest.form(of: kind), inbox.isCommand(form.word) else { continue }
      var words = CommandWords(kind: kind)
      if form.numbers > 0 {
        guard let first = inbox.argument(1) else { throw .badArgument }
        words.first = first
      }
      if form.numbers > 1 {
        guard let second = inbox.argument(2) else { throw .badArgument }
        words.second = second
      }
      if form.numbers > 2 { words.isConfirmed = inbox.argument(3) == 1 }
      if kind == .anchor, words.first >= Self.longest { throw .badArgument }
      if words.second >= Self.longest { throw .badArgument }
      guard let command = words.command() else { throw .badArgument }
      return command
    }
    throw .unknownCommand
  }
}
