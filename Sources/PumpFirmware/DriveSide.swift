public import PumpEngine
import PumpHAL
public import PumpUnits

/// The first channel: the control loop, run by the timer's interrupt.
public struct DriveSide<B: Board>: ~Copyable {
  public var loop: ControlLoop<DriveHardware<B>>
  /// Interrupts served: a heart that beats.
  public private(set) var beats: UInt64 = 0

  /// So long before something is due the interrupt comes.
  static var lead: TimeSpan { TimeSpan(microseconds: 60) }
  /// It comes at least this often, to show that it lives.
  static var heartbeat: TimeSpan { TimeSpan(milliseconds: 20) }

  init(_ engine: consuming Engine, _ hardware: consuming DriveHardware<B>) {
    loop = ControlLoop(engine: engine, hardware: hardware)
    loop.isSupervised = true
  }

  /// Does all that is due, and asks for the next interrupt; with interrupts masked.
  public mutating func serve() {
    beats += 1
    repeat {
      loop.run(until: loop.hardware.real + Self.lead)
    } while loop.engine.deadline <= loop.hardware.real + Self.lead
    rearm()
  }

  /// Asks for the interrupt anew, after something else than an edge may have moved the next deadline.
  mutating func rearm() {
    let next = min(
      loop.engine.deadline.preceding(by: Self.lead), loop.hardware.real + Self.heartbeat)
    B.arm(at: next.elapsed(since: loop.hardware.origin))
  }
}
