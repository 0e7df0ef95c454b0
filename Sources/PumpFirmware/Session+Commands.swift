import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits

extension Session {
  /// From the command to begin to the beginning: by then both channels have searched the whole pattern for
  /// the most that it asks for, which takes by the square of its entries, and the first grant is journaled.
  private var lead: TimeSpan {
    var entries: UInt64 = 0
    if case .flex(let pattern) = supervisor.prescription.therapy {
      entries = UInt64(pattern.segments.count + pattern.boluses.count)
    }
    return TimeSpan(nanoseconds: 500_000_000 + entries &* entries &* 2_000_000)
  }
  /// A bolus slows down in a few seconds; a motor that is not at rest by then has a fault.
  private static var longestStop: TimeSpan { TimeSpan(seconds: 5) }

  /// Begins the therapy, the self-test being over.
  ///
  /// - Returns: Why the drive refuses.
  mutating func begin(
    _ journal: inout Journal<FlashStore>,
    headFault: (fault: HeadFault, from: TimeSpan, until: TimeSpan)?
  ) -> Refusal? {
    let start = now + lead
    let place = isPlaceExact ? place : place + start.elapsed(since: placeAt)
    hasBegun = true
    first = start
    supervisor.adopted(supervisor.prescription, place: place, at: start)
    append(.command(.begin, place.nanoseconds, isAccepted: true), &journal, at: start)
    supervisor.began(at: start)
    B.kickWatchdog()
    let bolus = isTakenUp ? nil : singleBolus
    if let bolus {
      let isAllowed = supervisor.refusal(of: bolus, at: start) == nil
      if isAllowed { supervisor.laid(bolus, at: start) }
      append(
        .command(.bolus, bolus.volume.femtolitres, isAccepted: isAllowed), &journal, at: start)
    }
    let fallBack = fallsBack ? supervisor.fallBackFlow : nil
    if let fallBack {
      supervisor.fellBack(to: fallBack, at: start)
      supervisor.raise(.underDelivery, at: start)
    }
    B.kickWatchdog()
    let refusal = beginDrive(place, bolus, fallBack, at: start, headFault)
    supervise(&journal)
    return refusal
  }

  private func beginDrive(
    _ place: TimeSpan, _ bolus: Bolus?, _ fallBack: FlowRate?, at start: Instant,
    _ headFault: (fault: HeadFault, from: TimeSpan, until: TimeSpan)?
  ) -> Refusal? {
    let isConfirmed = isConfirmed
    return withDrive { side in
      // Nothing is due before the start but the drive's own rounds: it may be decided ahead.
      side.loop.hardware.reckoned = max(side.loop.hardware.reckoned, start)
      if let headFault {
        side.loop.hardware.head.fail(
          headFault.fault, from: start + headFault.from, until: start + headFault.until)
      }
      side.loop.hardware.forgetLateness()
      do throws(Refusal) {
        try side.loop.engine.perform(.anchor(place: place), at: start)
        try side.loop.engine.perform(.begin(isConfirmed: isConfirmed), at: start)
        if let fallBack { side.loop.engine.fallBack(to: fallBack, at: start) }
        if let bolus {
          try side.loop.engine.perform(.bolus(bolus, isConfirmed: isConfirmed), at: start)
        }
        return nil
      } catch {
        return error
      }
    }
  }

  /// Carries out a command in both channels, or refuses it in both.
  ///
  /// - Returns: Why not.
  mutating func perform(_ command: Command, _ journal: inout Journal<FlashStore>) -> Refusal? {
    let now = self.now
    let refusal = carryOut(command, at: now)
    append(.command(command.kind, command.value, isAccepted: refusal == nil), &journal, at: now)
    supervise(&journal)
    return refusal
  }

  private mutating func carryOut(_ command: Command, at now: Instant) -> Refusal? {
    switch command {
    case .bolus(let bolus, _):
      if let window = supervisor.refusal(of: bolus, at: now) { return .doseLimit(window) }
    case .acknowledge(let alarm):
      let isKnown = supervisor.acknowledge(alarm, at: now)
      let refusal = performDrive(command)
      return isKnown ? nil : refusal
    default: break
    }
    if let alarm = supervisor.cutBy, command.deliversMore { return .alarm(alarm) }
    if supervisor.isTesting, command.deliversMore { return .selfTestRuns }
    if let refusal = performDrive(command) { return refusal }
    switch command {
    case .resume: supervisor.began(at: now)
    case .suspend: supervisor.rested(at: self.now)
    case .bolus(let bolus, _): supervisor.laid(bolus, at: now)
    case .cancelBolus: supervisor.cancelled(at: self.now)
    default: break
    }
    return nil
  }

  private func performDrive(_ command: Command) -> Refusal? {
    withDrive { side in
      do throws(Refusal) {
        try side.loop.engine.perform(command, at: side.loop.hardware.present)
        return nil
      } catch {
        return error
      }
    }
  }

  /// Holds the therapy back; the session is over when the motor is at rest.
  mutating func stop(_ journal: inout Journal<FlashStore>) {
    guard !isStopping else { return }
    isStopping = true
    let now = self.now
    stopBy = now + Self.longestStop
    append(.command(.stop, 0, isAccepted: true), &journal, at: now)
    guard hasBegun else { return }
    // Steps were made until then.
    if performDrive(.suspend) == nil { supervisor.rested(at: self.now) }
    supervise(&journal)
  }

  /// Whether the time that it was to run has passed.
  var isOver: Bool {
    guard let span, let first, !isStopping else { return false }
    return now >= first + span
  }

  /// Whether the motor is de-energised, or does not come to rest at all.
  var isAtRest: Bool { withDrive { $0.loop.engine.isAtRest } || now >= stopBy }

  /// Ends it: every step is accounted for, and nothing is granted any more.
  mutating func close(_ journal: inout Journal<FlashStore>) {
    supervise(&journal)
    let counts = supervisor.counts
    let now = self.now
    append(.grant(counts, upTo: counts.highest, until: now), &journal, at: now)
    append(.event(.ended), &journal, at: now)
    B.mask()
    drive.pointee.loop.hardware.isEnableHeld = true
    B.set(.enable, false)
    B.set(.buzzer, false)
    B.unmask()
  }

  /// The alarms that stand in either channel, a bit each.
  var standingAlarms: UInt64 { supervisor.standingAlarms }

  /// Begins to trace edges, and tells from when, or ends it.
  func setTrace(_ isOn: Bool) {
    sendTrace()
    let from = withDrive { side in
      let now = side.loop.hardware.present
      side.loop.hardware.trace.turn(on: isOn, at: now)
      return now
    }
    guard isOn else { return }
    var reply = Reply<B>()
    reply.text("event trace")
    reply.number("from-ns", from.nanoseconds)
    reply.end()
  }

  func setWallOffset(_ offset: Int64) { withDrive { $0.loop.hardware.wallOffset = offset } }
}
