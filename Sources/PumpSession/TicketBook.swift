public import PumpMessages
import PumpUnits

/// The latest requests and what became of them: one that is asked again gets the same answer.
///
/// What may have changed something is remembered apart: however often others ask for what is refused, it is not
/// forgotten for that.
public struct TicketBook: ~Copyable {
  private var done: Page
  private var others: Page

  /// - Parameter room: For how many.
  public init(_ room: SessionRoom = SessionRoom()) {
    done = Page(capacity: room.tickets)
    others = Page(capacity: room.otherTickets)
  }

  /// What became of a request; `nil` for one that is not known.
  public subscript(ticket: UInt64) -> Answered? { done[ticket] ?? others[ticket] }

  /// Takes note of an answer, in the place of the one to the same request, or of the oldest of its sort.
  public mutating func note(_ answered: Answered) {
    let isDone: Bool
    switch (answered.result, answered.kind) {
    case (.refused, _), (_, .suspend), (_, .cancelBolus), (_, .stop), (_, .silence),
      (_, .acknowledge):
      isDone = false
    default: isDone = true
    }
    if isDone { done.note(answered) } else { others.note(answered) }
  }

  private struct Page: ~Copyable {
    private var answers: FixedBuffer<Answered>
    private var count = 0

    init(capacity: Int) {
      let none = Answered(ticket: 0, .suspend, .unknown)
      answers = FixedBuffer(repeating: none, count: capacity)
    }

    subscript(ticket: UInt64) -> Answered? {
      for index in 0..<min(count, answers.count) where answers[index].ticket == ticket {
        return answers[index]
      }
      return nil
    }

    mutating func note(_ answered: Answered) {
      for index in 0..<min(count, answers.count) where answers[index].ticket == answered.ticket {
        answers[index] = answered
        return
      }
      answers[count % answers.count] = answered
      count += 1
    }
  }
}
