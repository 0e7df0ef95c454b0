import PumpDrive
package import PumpHAL
package import PumpLinux
package import PumpMessages
package import PumpReplay
import PumpSafety
package import PumpUnits

/// What the real-time thread tells the rest of the program; small enough for a slot of the ring.
package enum RunMessage: BitwiseCopyable, Sendable {
  /// The thread runs.
  case started
  /// It could not have this.
  case denied(RealTimeThread.Denial)
  case entry(RunEntry)
  case event(TimedEvent)
  case status(RunStatus)
  /// A line's call failed with this error number.
  case trouble(BenchLine, number: Int32)
  /// So many changes of the sensors' lines were too short to count.
  case glitches(UInt64)
  /// The thread is done; what came of it is known.
  case ended
}

/// What a run is recorded by: the calls to its hardware, and what it was told.
package enum RunEntry: Equatable, BitwiseCopyable, Sendable {
  case call(HardwareCall)
  /// Noticed between two slices of the loop, or where there was news.
  case ordered(SessionOrder)
}

/// The engine's status, as far as a display needs it several times a second.
package struct RunStatus: BitwiseCopyable, Sendable {
  package var at: Instant
  package var planned: Volume
  package var delivered: Volume
  package var reservoir: Volume
  package var flow: FlowRate
  package var steps: UInt64
  /// Steps that were given up, and steps that may or may not have been made.
  package var missed: UInt32
  package var uncertain: UInt32
  package var state: PumpState

  package init(
    at: Instant, planned: Volume, delivered: Volume, reservoir: Volume, flow: FlowRate,
    steps: UInt64, missed: UInt32, uncertain: UInt32, state: PumpState
  ) {
    self.at = at
    self.planned = planned
    self.delivered = delivered
    self.reservoir = reservoir
    self.flow = flow
    self.steps = steps
    self.missed = missed
    self.uncertain = uncertain
    self.state = state
  }
}

/// Whether a record has lost something, so that nothing after it is recorded; of one thread.
package final class RecordState {
  package var isBroken = false
}

/// Puts every call of the control loop into the ring.
package struct RingSink: HardwareCallSink, ~Copyable {
  private let writer: RunRing.Writer
  /// Whether a call that is lost ends it, so that what is recorded has no gap.
  private let isContiguous: Bool
  private let state: RecordState

  package init(_ writer: RunRing.Writer, isContiguous: Bool, state: RecordState = RecordState()) {
    self.writer = writer
    self.isContiguous = isContiguous
    self.state = state
  }

  /// The state is held once more: Swift 6.0.3's compiler crashes on a computed property that reads through
  /// a class reference of a noncopyable value.
  package var isBroken: Bool {
    let state = state
    return state.isBroken
  }

  package mutating func take(_ call: HardwareCall) {
    guard !state.isBroken else { return }
    let isKept = writer.put(.entry(.call(call)))
    if !isKept, isContiguous { state.isBroken = true }
  }
}
