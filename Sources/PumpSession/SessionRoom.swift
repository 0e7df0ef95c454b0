/// How much a session keeps in memory that is taken before delivery starts.
public struct SessionRoom: Sendable {
  /// Answers that wait to be taken.
  public var answers = 16
  /// Requests that are known again: so many of what may have delivered more or changed something, and so many of
  /// the rest.
  public var tickets = 256
  public var otherTickets = 64

  public init() {}

  /// For a console, whose host asks for one thing at a time and again only what it asked last.
  public static var console: Self {
    var room = Self()
    (room.answers, room.tickets, room.otherTickets) = (2, 8, 4)
    return room
  }
}
