package import PumpLinux
package import PumpMessages

/// What the drive's process and its supervisor's have in common: the channel, the rings between them, and behind those
/// what the drive is given when it starts.
package struct DriveMemory {
  package let shared: SharedMemory
  package let channel: Channel
  package let messages: RunRing
  /// The engine's events on their way to the journal.
  package let events: SlotRing<TimedEvent>
  /// What clients ask for, and what became of it.
  package let commands: SlotRing<NumberedCommand>
  package let answers: SlotRing<DriveAnswer>
  package let parts: SlotRing<PrescriptionPart>
  private let handoverPlace: Int

  /// Makes it, with what the drive is given.
  ///
  /// - Returns: `nil` without memory.
  package init?(_ handover: [UInt8]) {
    let room = Layout().end + handover.count
    guard let shared = SharedMemory(bytes: room) else { return nil }
    self.init(shared)
    shared.contents(from: handoverPlace).copyBytes(from: handover)
  }

  /// The drive's view of it.
  ///
  /// - Returns: `nil` where the descriptor is of no such memory.
  package init?(opening file: Int32) {
    guard let shared = SharedMemory(opening: file), shared.bytes > Layout().end else {
      return nil
    }
    self.init(shared)
  }

  private init(_ shared: SharedMemory) {
    let layout = Layout()
    self.shared = shared
    channel = Channel(in: shared, at: 0)
    messages = RunRing(slots: Layout.messageSlots, in: shared, at: layout.messages)
    events = SlotRing(slots: Layout.eventSlots, in: shared, at: layout.events)
    commands = SlotRing(slots: Layout.commandSlots, in: shared, at: layout.commands)
    answers = SlotRing(slots: Layout.commandSlots, in: shared, at: layout.answers)
    parts = SlotRing(slots: Layout.partSlots, in: shared, at: layout.parts)
    handoverPlace = layout.end
  }

  /// What the drive is given.
  package func handover() throws(DriveHandover.Problem) -> DriveHandover {
    try DriveHandover(UnsafeRawBufferPointer(shared.contents(from: handoverPlace)))
  }

  /// Where each part lies; each is a whole number of cache lines.
  private struct Layout {
    static var messageSlots: UInt32 { 1 << 16 }
    static var eventSlots: UInt32 { 1 << 12 }
    static var commandSlots: UInt32 { 16 }
    static var partSlots: UInt32 { 1 << 9 }

    let messages = Channel.bytes
    let events: Int
    let commands: Int
    let answers: Int
    let parts: Int
    let end: Int

    init() {
      events = messages + RunRing.bytes(slots: Self.messageSlots)
      commands = events + SlotRing<TimedEvent>.bytes(slots: Self.eventSlots)
      answers = commands + SlotRing<NumberedCommand>.bytes(slots: Self.commandSlots)
      parts = answers + SlotRing<DriveAnswer>.bytes(slots: Self.commandSlots)
      end = parts + SlotRing<PrescriptionPart>.bytes(slots: Self.partSlots)
    }
  }
}
