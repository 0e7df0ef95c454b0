public import PumpHAL
public import PumpMessages
public import PumpUnits

/// The alarms that stand, how they sound, and in which order they are shown.
///
/// An alarm stands from its cause until the cause has gone *and* somebody has acknowledged it; a
/// brief fault is never missed. It sounds at once and then at its priority's interval as long as it
/// stands. A silence always ends.
public struct AlarmBoard: ~Copyable {
  /// One alarm's state.
  public struct Entry: BitwiseCopyable, Sendable {
    /// Whether it stands.
    public internal(set) var isStanding = false
    /// Whether its cause still holds.
    public internal(set) var isCausePresent = false
    /// Whether somebody has acknowledged it since it was last raised.
    public internal(set) var isAcknowledged = false
    /// How urgent it is by now.
    public internal(set) var priority = AlarmPriority.nonCritical
    /// When it was last raised.
    public internal(set) var raisedAt = Instant.epoch
    /// When it sounds next.
    public internal(set) var soundsAt = Instant.never
  }

  private var entries = FixedBuffer(repeating: Entry(), count: Alarm.allCases.count)
  private let cadence: AlarmCadence
  /// When a therapy that is stopped for long becomes critical.
  private var escalatesAt = Instant.never

  /// When the board next has something to do; `never` while it is quiet.
  public private(set) var deadline = Instant.never

  /// The alarms that stand, and those whose cause holds, a bit each.
  public private(set) var standing: UInt64 = 0
  public private(set) var present: UInt64 = 0

  public init(cadence: AlarmCadence = AlarmCadence()) { self.cadence = cadence }

  /// One alarm's state.
  public subscript(alarm: Alarm) -> Entry { entries[Int(alarm.rawValue)] }

  /// Records that an alarm's cause holds.
  ///
  /// - Returns: Whether that is news: it did not stand, or its cause had gone.
  public mutating func raise(_ alarm: Alarm, at now: Instant) -> Bool {
    var entry = self[alarm]
    guard !entry.isStanding || !entry.isCausePresent else { return false }
    entry.isCausePresent = true
    entry.isAcknowledged = false
    if !entry.isStanding {
      entry.isStanding = true
      entry.raisedAt = now
      entry.priority = alarm.priority
      entry.soundsAt = now
    }
    // One that stands already keeps its rhythm and its silence: a flapping cause is no siren.
    if alarm == .stoppedLong { escalatesAt = now + cadence.stoppedEscalation }
    put(entry, alarm)
    return true
  }

  /// Records that an alarm's cause has gone.
  public mutating func causeGone(_ alarm: Alarm) {
    var entry = self[alarm]
    guard entry.isCausePresent else { return }
    entry.isCausePresent = false
    if alarm == .stoppedLong { escalatesAt = .never }
    put(entry.isAcknowledged ? Entry() : entry, alarm)
  }

  /// Records that somebody has noticed the alarm.
  ///
  /// While its cause holds it stands and sounds on.
  ///
  /// - Returns: Whether it stood.
  public mutating func acknowledge(_ alarm: Alarm) -> Bool {
    var entry = self[alarm]
    guard entry.isStanding else { return false }
    entry.isAcknowledged = true
    put(entry.isCausePresent ? entry : Entry(), alarm)
    return true
  }

  /// Puts off an alarm's next sound.
  ///
  /// - Parameters:
  ///   - alarm: The alarm.
  ///   - span: For how long; cut to the longest that the alarm's priority allows.
  ///   - now: The present instant.
  /// - Returns: When it will sound again; `nil` where it does not stand.
  public mutating func silence(_ alarm: Alarm, for span: TimeSpan, at now: Instant) -> Instant? {
    var entry = self[alarm]
    guard entry.isStanding else { return nil }
    entry.soundsAt = now + min(span, cadence.longestSilence(entry.priority))
    put(entry, alarm)
    return entry.soundsAt
  }

  /// Takes the most urgent sound that is due.
  ///
  /// All alarms whose sound is due count as sounded by it: one sound at a time is heard.
  public mutating func takeSound(at now: Instant) -> AlarmTone? {
    guard now >= deadline else { return nil }
    if now >= escalatesAt {
      escalatesAt = .never
      var entry = self[.stoppedLong]
      entry.priority = .critical
      entry.isAcknowledged = false
      entry.soundsAt = now
      put(entry, .stoppedLong)
    }
    var tone: AlarmTone?
    for index in 0..<entries.count {
      var entry = entries[index]
      guard entry.isStanding else { continue }
      if now >= entry.soundsAt {
        if tone != .double { tone = entry.priority == .critical ? .double : .single }
        entry.soundsAt = now + cadence.interval(entry.priority)
      }
      entries[index] = entry
    }
    findDeadline()
    return tone
  }

  /// The standing alarm at a place of the order: by priority, then the oldest, then by kind.
  ///
  /// - Returns: `nil` from the number of standing alarms on.
  public func standing(_ place: Int) -> Alarm? {
    for index in 0..<entries.count where entries[index].isStanding {
      var before = 0
      for other in 0..<entries.count where entries[other].isStanding && precedes(other, index) {
        before += 1
      }
      if before == place { return Alarm(rawValue: UInt8(index)) }
    }
    return nil
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    let (first, second) = (entries[left], entries[right])
    if first.priority != second.priority { return first.priority > second.priority }
    if first.raisedAt != second.raisedAt { return first.raisedAt < second.raisedAt }
    return left < right
  }

  private mutating func put(_ entry: Entry, _ alarm: Alarm) {
    entries[Int(alarm.rawValue)] = entry
    standing = entry.isStanding ? standing | alarm.bit : standing & ~alarm.bit
    present = entry.isCausePresent ? present | alarm.bit : present & ~alarm.bit
    findDeadline()
  }

  private mutating func findDeadline() {
    deadline = escalatesAt
    for index in 0..<entries.count where entries[index].isStanding {
      deadline = min(deadline, entries[index].soundsAt)
    }
  }
}
