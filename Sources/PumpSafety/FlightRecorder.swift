public import PumpMessages
public import PumpUnits

/// The latest events, in a ring made once; the oldest give way and are counted.
public struct FlightRecorder: ~Copyable {
  private var ring: FixedBuffer<TimedEvent>
  /// Events ever recorded.
  public private(set) var total = 0

  public init(capacity: Int) {
    ring = FixedBuffer(
      repeating: TimedEvent(at: .epoch, event: .began), count: max(1, capacity))
  }

  /// How many of the earliest events are no longer kept.
  public var lost: Int { max(0, total - ring.count) }

  /// An event by its number, counted from the first ever recorded.
  ///
  /// - Returns: `nil` for one that has given way or has not happened yet.
  public func event(_ number: Int) -> TimedEvent? {
    guard number >= lost, number < total else { return nil }
    return ring[number % ring.count]
  }

  /// Records an event.
  public mutating func record(_ event: PumpEvent, at now: Instant) {
    ring[total % ring.count] = TimedEvent(at: now, event: event)
    total += 1
  }
}
