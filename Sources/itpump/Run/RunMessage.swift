import PumpEngine
import PumpHAL
import PumpLinux
import PumpReplay
import PumpSafety
import PumpUnits

/// What the real-time thread tells the rest of the program; small enough for a slot of the ring.
enum RunMessage: BitwiseCopyable, Sendable {
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
enum RunEntry: Equatable, BitwiseCopyable, Sendable {
  case call(HardwareCall)
  /// Noticed between two slices of the loop, or where there was news.
  case ordered(SessionOrder)
}

/// The engine's status, as far as a display needs it several times a second.
struct RunStatus: BitwiseCopyable, Sendable {
  var at: Instant
  var planned: Volume
  var delivered: Volume
  var reservoir: Volume
  var flow: FlowRate
  var steps: UInt64
  /// Steps that were given up, and steps that may or may not have been made.
  var missed: UInt32
  var uncertain: UInt32
  var state: PumpState
}

/// Whether a record has lost something, so that nothing after it is recorded; of one thread.
final class RecordState {
  var isBroken = false
}

/// Puts every call of the control loop into the ring.
struct RingSink: HardwareCallSink, ~Copyable {
  private let writer: RunRing.Writer
  /// Whether a call that is lost ends it, so that what is recorded has no gap.
  private let isContiguous: Bool
  private let state: RecordState

  init(_ writer: RunRing.Writer, isContiguous: Bool, state: RecordState = RecordState()) {
    self.writer = writer
    self.isContiguous = isContiguous
    self.state = state
  }

  /// The state is held once more: Swift 6.0.3's compiler crashes on a computed property that reads through
  /// a class reference of a noncopyable value.
  var isBroken: Bool {
    let state = state
    return state.isBroken
  }

  mutating func take(_ call: HardwareCall) {
    guard !state.isBroken else { return }
    let isKept = writer.put(.entry(.call(call)))
    if !isKept, isContiguous { state.isBroken = true }
  }
}
