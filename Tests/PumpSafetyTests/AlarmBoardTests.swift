import PumpHAL
import PumpMessages
import PumpSafety
import PumpUnits
import Testing

@Suite("An alarm stands until its cause has gone and somebody has acknowledged it")
struct AlarmBoardTests {
  private func minute(_ number: UInt64) -> Instant { .epoch + TimeSpan(minutes: number) }

  private struct Sound: Equatable {
    var minute: UInt64
    var tone: AlarmTone
  }

  /// The sounds of a board over a time.
  private func sounds(_ board: inout AlarmBoard, to end: UInt64) -> [Sound] {
    var heard: [Sound] = []
    while board.deadline <= minute(end) {
      let at = board.deadline
      if let tone = board.takeSound(at: at) {
        heard.append(Sound(minute: at.nanoseconds / 60_000_000_000, tone: tone))
      }
    }
    return heard
  }

  @Test("A critical alarm sounds two tones at once and every ten minutes")
  func criticalCadence() {
    var board = AlarmBoard()
    let isNews = board.raise(.driverFault, at: minute(5))
    let again = board.raise(.driverFault, at: minute(6))
    let heard = sounds(&board, to: 40)
    #expect(isNews && !again)
    #expect(heard.map(\.minute) == [5, 15, 25, 35])
    #expect(heard.allSatisfy { $0.tone == .double })
  }

  @Test("A non-critical alarm sounds one tone every hour")
  func nonCriticalCadence() {
    var board = AlarmBoard()
    _ = board.raise(.reservoirLow, at: minute(0))
    let heard = sounds(&board, to: 200)
    #expect(heard.map(\.minute) == [0, 60, 120, 180])
    #expect(heard.allSatisfy { $0.tone == .single })
  }

  @Test("A silence always ends, however long was asked for")
  func silenceEnds() {
    var board = AlarmBoard()
    _ = board.raise(.driverFault, at: minute(0))
    _ = board.takeSound(at: minute(0))
    let end = board.silence(.driverFault, for: TimeSpan(days: 100), at: minute(1))
    #expect(end == minute(61))
    let heard = sounds(&board, to: 75)
    #expect(heard.map(\.minute) == [61, 71])
    let none = board.silence(.overheated, for: .hour, at: minute(0))
    #expect(none == nil)
  }

  @Test("Acknowledging while the cause holds does not end it, nor does the cause's end alone")
  func latch() {
    var board = AlarmBoard()
    _ = board.raise(.overheated, at: minute(0))
    let known = board.acknowledge(.overheated)
    let still = board[.overheated].isStanding
    board.causeGone(.overheated)
    let gone = board[.overheated].isStanding
    _ = board.raise(.overheated, at: minute(9))
    board.causeGone(.overheated)
    let latched = board[.overheated].isStanding
    _ = board.acknowledge(.overheated)
    let cleared = board[.overheated].isStanding
    let unknown = board.acknowledge(.overheated)
    #expect(known && still && !gone && latched && !cleared && !unknown)
    #expect(board.deadline == .never)
  }

  @Test("A pump stopped for 24 h reminds, and becomes critical after another 24 h")
  func escalation() {
    var board = AlarmBoard()
    _ = board.raise(.stoppedLong, at: minute(0))
    _ = board.acknowledge(.stoppedLong)
    let heard = sounds(&board, to: 24 * 60 + 15)
    #expect(heard.prefix(24).allSatisfy { $0.tone == .single })
    let firstDouble = heard.first { $0.tone == .double }
    #expect(firstDouble == Sound(minute: 24 * 60, tone: .double))
    let priority = board[.stoppedLong].priority
    let isAcknowledged = board[.stoppedLong].isAcknowledged
    #expect(priority == .critical)
    #expect(!isAcknowledged, "becoming critical asks for attention anew")
  }

  @Test("A flapping cause keeps the alarm's rhythm and its silence")
  func flapping() {
    var board = AlarmBoard()
    _ = board.raise(.batteryLow, at: minute(0))
    _ = board.takeSound(at: minute(0))
    _ = board.silence(.batteryLow, for: TimeSpan(hours: 5), at: minute(1))
    for number in UInt64(2)..<200 {
      board.causeGone(.batteryLow)
      _ = board.raise(.batteryLow, at: minute(number))
    }
    let heard = sounds(&board, to: 400)
    #expect(heard.map(\.minute) == [301, 361])
  }

  @Test("A pump that runs again does not become critical for having been stopped")
  func noEscalationAfterwards() {
    var board = AlarmBoard()
    _ = board.raise(.stoppedLong, at: minute(0))
    board.causeGone(.stoppedLong)
    let heard = sounds(&board, to: 3_000)
    #expect(heard.allSatisfy { $0.tone == .single })
  }

  @Test("Order: by priority, then the oldest, then by kind")
  func order() {
    var board = AlarmBoard()
    _ = board.raise(.wallClockMoved, at: minute(0))
    _ = board.raise(.overheated, at: minute(3))
    _ = board.raise(.underDelivery, at: minute(2))
    _ = board.raise(.reservoirLow, at: minute(0))
    _ = board.raise(.driverFault, at: minute(3))
    let order = (0..<6).map { board.standing($0) }
    #expect(
      order == [.underDelivery, .driverFault, .overheated, .reservoirLow, .wallClockMoved, nil])
  }
}
