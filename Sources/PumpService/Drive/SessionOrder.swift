package import PumpDrive
package import PumpLinux
package import PumpMessages
import PumpSafety
package import PumpUnits

/// What the drive is told while it runs: by the supervisor, or by a person who stops it.
package enum SessionOrder: Equatable, BitwiseCopyable, Sendable {
  /// Hold the therapy and end the session.
  case stop
  case grant(Grant)
  /// ENABLE was taken, or may be asked for again; what was made beyond a count is uncertain.
  case hold(Bool, beyond: UInt64)
  /// ENABLE was taken for good.
  case cut(Alarm, beyond: UInt64)
  /// So many steps more are uncertain.
  case doubt(UInt64)
  /// The prescription is damaged: run this instead.
  case fallBack(FlowRate)
  /// Carry this out, and answer with its number.
  case command(CommandWords, number: UInt64)
  /// Begin with the therapy held back.
  case beginHeld
  /// A part of the prescription that the next command adopts.
  case part(PrescriptionPart)
}

/// Says what is ordered; asked between two slices and where there is news.
package protocol SessionOrders {
  /// The next order, if there is one.
  mutating func take() -> SessionOrder?

  /// Says what became of a command.
  mutating func answer(_ number: UInt64, _ refusal: Refusal?)
}

extension SessionOrders {
  /// Nobody has asked.
  package mutating func answer(_ number: UInt64, _ refusal: Refusal?) {}
}

/// Orders through the channel: what stands in its boxes, held against what was taken from them before.
package struct ChannelOrders: SessionOrders {
  private let channel: Channel
  private let messages: RunRing.Writer
  private var seen = DriveOrders()
  private var grant = UInt64(0)
  private var grantsGiven = UInt64(0)
  private var hasStopped = false
  private var hasAskedStart = false
  private var watch: SupervisorWatch
  private let now: () -> UInt64

  private let commands: SlotRing<NumberedCommand>
  private let answers: SlotRing<DriveAnswer>.Writer
  private let parts: SlotRing<PrescriptionPart>
  private let fault: DriveFault?
  private let record: RecordState

  package init(
    _ channel: Channel, messages: RunRing.Writer, commands: SlotRing<NumberedCommand>,
    answers: SlotRing<DriveAnswer>, parts: SlotRing<PrescriptionPart>, fault: DriveFault?,
    record: RecordState,
    supervisorTimeout: TimeSpan, now: @escaping () -> UInt64 = monotonicNanoseconds
  ) {
    self.now = now
    self.channel = channel
    self.commands = commands
    self.answers = answers.writer
    self.parts = parts
    watch = SupervisorWatch(timeout: supervisorTimeout)
    self.record = record
    self.fault = fault
    self.messages = messages
  }

  package mutating func answer(_ number: UInt64, _ refusal: Refusal?) {
    answers.put(DriveAnswer(number: number, refusal: refusal))
    channel.ring()
  }

  package mutating func take() -> SessionOrder? {
    channel.attend()
    guard let order = next() else { return nil }
    // Without room for it the record has ended before, and says so.
    if !record.isBroken { record.isBroken = !messages.put(.entry(.ordered(order))) }
    return order
  }

  private mutating func next() -> SessionOrder? {
    channel.lookForSupervisor()
    guard !channel.isOrphaned else { return nextOfAnOrphan() }
    let orders = channel.orders() ?? seen
    if orders.holds != seen.holds {
      seen.holds = orders.holds
      seen.isHeld = true
      return .hold(true, beyond: orders.countAtHold)
    }
    if let alarm = orders.cut, seen.cut == nil {
      seen.cut = alarm
      return .cut(alarm, beyond: orders.countAtHold)
    }
    if seen.isHeld, !orders.isHeld {
      seen.isHeld = false
      return .hold(false, beyond: .max)
    }
    if orders.doubted > seen.doubted {
      defer { seen.doubted = orders.doubted }
      return .doubt(orders.doubted - seen.doubted)
    }
    if let flow = orders.fallBack, seen.fallBack == nil {
      seen.fallBack = flow
      return .fallBack(flow)
    }
    if let latest = nextGrant() { return .grant(latest) }
    if !hasAskedStart, channel.startOrder() != nil {
      hasAskedStart = true
      if channel.startsHeld { return .beginHeld }
    }
    if let part = parts.take() { return .part(part) }
    if let asked = commands.take() { return .command(asked.words, number: asked.number) }
    guard orders.stops, !hasStopped else { return nil }
    hasStopped = true
    return .stop
  }

  /// A grant that is newer than the one before, none where the supervisor has fallen silent, and again the
  /// one that it gave when it is back.
  ///
  /// - Returns: The grant under a number of the drive's own.
  private mutating func nextGrant() -> Grant? {
    let wasSilent = watch.isSilent
    watch.look(turns: channel[.supervised], isLost: channel.isSupervisorLost, at: now())
    guard let latest = channel.grant() else { return nil }
    let isNews = latest.number > grant || watch.isSilent != wasSilent
    guard isNews else { return nil }
    grant = latest.number
    grantsGiven += 1
    let given = watch.isSilent ? .none : fault?.heard(latest) ?? latest
    return Grant(number: grantsGiven, upTo: given.upTo, until: given.until)
  }

  /// Without a supervisor nothing is delivered, and somebody has to start both anew.
  private mutating func nextOfAnOrphan() -> SessionOrder? {
    if seen.cut == nil {
      seen.cut = .supervisorSilent
      return .cut(.supervisorSilent, beyond: .max)
    }
    guard !hasStopped else { return nil }
    hasStopped = true
    return .stop
  }
}

/// Orders of a tool that runs without a supervisor: it can only be stopped.
package struct StopOrders: SessionOrders {
  package let orders: SlotRing<Bool>
  package let messages: RunRing.Writer

  package mutating func take() -> SessionOrder? {
    guard orders.take() != nil else { return nil }
    // Without room for it the record has ended before, and says so.
    messages.put(.entry(.ordered(.stop)))
    return .stop
  }
}
