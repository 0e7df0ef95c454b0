package import PumpDrive
package import PumpHAL
package import PumpMessages
import PumpReplay
import PumpSafety
package import PumpTherapy
package import PumpUnits

/// What a run is to do.
package struct RunTask: BitwiseCopyable, Sendable {
  /// When the therapy begins, by the pump's clock.
  package var start = Instant.epoch
  package var singleBolus: Bolus?
  /// How long; `nil` until it is told to stop.
  package var span: TimeSpan?
  /// Whether a clinician has confirmed a dose beyond a soft limit.
  package var isConfirmed = false
  /// Whether a supervisor, and not the control loop, kicks watchdogs and sounds alarms.
  package var isSupervised = false

  package init(
    start: Instant = .epoch, singleBolus: Bolus? = nil, span: TimeSpan? = nil,
    isConfirmed: Bool = false, isSupervised: Bool = false
  ) {
    self.start = start
    self.singleBolus = singleBolus
    self.span = span
    self.isConfirmed = isConfirmed
    self.isSupervised = isSupervised
  }
}

/// What came of a run.
package struct RunOutcome: BitwiseCopyable, Sendable {
  package var status: PumpStatus
  /// When the therapy was held, and when the motor was at rest.
  package var held: Instant
  package var end: Instant
  /// Why the therapy could not begin, or its bolus.
  package var refusal: Refusal?
  package var refusedBolus = false
  /// Whether ENABLE reads back as released: not where it says otherwise or can't be read.
  package var isAtRest: Bool
}

/// One run from begin to de-energised: the same instructions live and in a replay.
package struct ControlSession<Hardware: PumpHardware & ~Copyable, Orders: SessionOrders>: ~Copyable
{
  /// A bolus slows down in a few seconds; a motor that is not at rest by then has a fault.
  package static var longestStop: TimeSpan { TimeSpan(seconds: 5) }

  package var loop: ControlLoop<Hardware>
  package var orders: Orders
  package let task: RunTask
  private var isStopping = false
  private var adopting = PrescriptionParts()
  private var beginsHeld = false

  package init(loop: consuming ControlLoop<Hardware>, orders: Orders, task: RunTask) {
    self.loop = loop
    self.orders = orders
    self.task = task
    self.loop.isSupervised = task.isSupervised
  }

  /// Runs to the end.
  ///
  /// - Parameter afterSlice: Called between two slices, and once more at the end.
  package mutating func run(afterSlice: (borrowing ControlLoop<Hardware>, Instant) -> Void)
    -> RunOutcome
  {
    runAll(until: task.start)
    let (refusal, refusedBolus) = begin()
    var at = task.start
    let end = task.span.map { task.start + $0 } ?? .never
    var slices = 0
    while refusal == nil, at < end, !isStopping {
      at = min(at + RunSlice.length, end)
      runAll(until: at)
      slices += 1
      if slices % RunSlice.perReading == 0 { loop.readSensors() }
      afterSlice(loop, at)
    }
    let held = hold()
    let stopped = stop(held, afterSlice)
    let enable = try? loop.hardware.readBack(.enable)
    return RunOutcome(
      status: loop.engine.status(at: stopped), held: held, end: stopped, refusal: refusal,
      refusedBolus: refusedBolus, isAtRest: enable == .released)
  }

  /// Lets the therapy begin.
  mutating func begin() -> (Refusal?, isOfBolus: Bool) {
    do throws(Refusal) {
      try loop.engine.perform(.begin(isConfirmed: task.isConfirmed), at: task.start)
      if beginsHeld { try loop.engine.perform(.suspend, at: task.start) }
      if let bolus = task.singleBolus, !beginsHeld {
        try loop.engine.perform(.bolus(bolus, isConfirmed: task.isConfirmed), at: task.start)
      }
      return (nil, false)
    } catch {
      return (error, loop.engine.state == .delivering)
    }
  }

  /// Runs until an instant, and obeys at the end and wherever there is news; less where a stop is ordered.
  mutating func runAll(until end: Instant) {
    while !loop.run(until: end) {
      obey()
      loop.readSensors()
      if isStopping { return }
    }
    obey()
  }

  private mutating func obey() {
    while let order = orders.take() {
      let now = loop.hardware.readClock()
      switch order {
      case .stop: isStopping = true
      case .grant(let grant): loop.engine.accept(grant, at: now)
      case .hold(let isHeld, let count):
        loop.engine.hold(isHeld, at: now, beyond: count == .max ? nil : count)
        // The motor is de-energised before anything else is heard: a hold that has ended meanwhile too.
        if isHeld { return }
      case .cut(let alarm, let count): loop.engine.stop(because: alarm, at: now, beyond: count)
      case .doubt(let steps): loop.engine.doubt(steps, at: now)
      case .fallBack(let flow): loop.engine.fallBack(to: flow, at: now)
      case .beginHeld: beginsHeld = true
      case .part(let part): adopting.take(part)
      case .command(let words, let number): orders.answer(number, carryOut(words, at: now))
      }
    }
  }

  private mutating func carryOut(_ words: CommandWords, at now: Instant) -> Refusal? {
    // Words of no command come from a recording that something else has written.
    guard let command = words.command(adopting: adopting.prescription) else {
      return .notPossible(in: loop.engine.state)
    }
    do throws(Refusal) {
      try loop.engine.perform(command, at: now)
      return nil
    } catch {
      return error
    }
  }

  /// Holds the therapy back.
  private mutating func hold() -> Instant {
    let now = loop.hardware.readClock()
    try? loop.engine.perform(.stop, at: now)
    return now
  }

  /// Runs until the motor is de-energised, which a bolus lets it as soon as it can slow down.
  private mutating func stop(
    _ held: Instant, _ afterSlice: (borrowing ControlLoop<Hardware>, Instant) -> Void
  ) -> Instant {
    var now = held
    let latest = now + Self.longestStop
    while !loop.engine.isAtRest, now < latest {
      let at = now + TimeSpan(milliseconds: 10)
      while !loop.run(until: at) { obey() }
      obey()
      now = loop.hardware.readClock()
      afterSlice(loop, now)
    }
    afterSlice(loop, now)
    return now
  }
}

/// A run's smallest part: between two of them orders are taken and the supervisor is told.
package enum RunSlice {
  package static var length: TimeSpan { TimeSpan(milliseconds: 20) }
  /// The sensors are read after every so many slices, and the display is told.
  package static var perReading: Int { 5 }
}

extension RunOutcome {
  /// Its instants counted from the therapy's start.
  func counted(from first: Instant) -> Self {
    func moved(_ instant: Instant) -> Instant { .epoch + instant.elapsed(since: first) }
    var outcome = self
    outcome.held = moved(held)
    outcome.end = moved(end)
    outcome.status.refillDue = status.refillDue.map(moved)
    outcome.status.stopsDue = status.stopsDue.map(moved)
    return outcome
  }
}
