import PumpEngine
import PumpHAL
import PumpReplay
import PumpTherapy
import PumpUnits

/// Says when a run is to stop; asked between two slices.
protocol StopOrders {
  /// Whether a stop was ordered since it was last asked.
  mutating func take() -> Bool
}

/// What a run is to do.
struct RunTask: Sendable {
  var singleBolus: Bolus?
  /// How long; `nil` until it is told to stop.
  var span: TimeSpan?
  /// Whether a clinician has confirmed a dose beyond a soft limit.
  var isConfirmed = false
}

/// What came of a run.
struct RunOutcome: Sendable {
  var status: PumpStatus
  /// When the therapy was held, and when the motor was at rest.
  var held: Instant
  var end: Instant
  /// Why the therapy could not begin, or its bolus.
  var refusal: Refusal?
  var refusedBolus = false
  /// Whether every edge is made, and ENABLE reads back as released.
  var isAtRest: Bool
}

/// One run from begin to de-energised: the same instructions live and in a replay.
struct ControlSession<Hardware: PumpHardware & ~Copyable, Orders: StopOrders>: ~Copyable {
  /// A bolus slows down in a few seconds; a motor that is not at rest by then has a fault.
  static var longestStop: TimeSpan { TimeSpan(seconds: 5) }

  var loop: ControlLoop<Hardware>
  var orders: Orders
  let task: RunTask

  /// Runs to the end.
  ///
  /// - Parameter afterSlice: Called between two slices, and once more at the end.
  mutating func run(afterSlice: (borrowing ControlLoop<Hardware>, Instant) -> Void) -> RunOutcome {
    loop.run(until: .epoch)
    var refusal: Refusal?
    do throws(Refusal) {
      try loop.engine.perform(.begin(isConfirmed: task.isConfirmed), at: .epoch)
      if let bolus = task.singleBolus {
        try loop.engine.perform(.bolus(bolus, isConfirmed: task.isConfirmed), at: .epoch)
      }
    } catch {
      refusal = error
    }
    let refusedBolus = refusal != nil && loop.engine.state == .delivering
    var at = Instant.epoch
    let end = task.span.map { .epoch + $0 } ?? .never
    while refusal == nil, at < end {
      at = min(at + RunSlice.length, end)
      loop.run(until: at)
      loop.readSensors()
      afterSlice(loop, at)
      if orders.take() { break }
    }
    let held = hold()
    let stopped = stop(held, afterSlice)
    let enable = try? loop.hardware.readBack(.enable)
    return RunOutcome(
      status: loop.engine.status(at: stopped), held: held, end: stopped, refusal: refusal,
      refusedBolus: refusedBolus, isAtRest: loop.engine.isAtRest && enable == .released)
  }

  /// Holds the therapy back.
  private mutating func hold() -> Instant {
    let now = loop.hardware.readClock()
    // A pump that is not delivering has nothing to hold.
    if loop.engine.state == .delivering { try? loop.engine.perform(.suspend, at: now) }
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
      loop.run(until: at)
      now = loop.hardware.readClock()
    }
    afterSlice(loop, now)
    return now
  }
}

/// A run's smallest part: between two of them sensors and orders are read and the status is told.
enum RunSlice {
  static var length: TimeSpan { TimeSpan(milliseconds: 100) }
}
