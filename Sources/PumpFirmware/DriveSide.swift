public import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpUnits

/// The first channel: the control loop, run by the timer's interrupt.
public struct DriveSide<B: Board>: ~Copyable {
  public var loop: ControlLoop<DriveHardware<B>>
  /// Interrupts served: a heart that beats.
  public private(set) var beats: UInt64 = 0

  /// What is no edge takes longer, and is decided ahead: in the gap after an edge, and not on the way to
  /// the next.
  static var slowLead: TimeSpan { TimeSpan(milliseconds: 2) }
  /// How long before it is due an edge is begun to be decided: what deciding took lately, and a margin.
  private(set) var edgeLead = TimeSpan(microseconds: 60)
  static var leadMargin: TimeSpan { TimeSpan(microseconds: 25) }
  static var longestLead: TimeSpan { TimeSpan(microseconds: 250) }
  /// The interrupt comes at least this often, to show that it lives.
  static var heartbeat: TimeSpan { TimeSpan(milliseconds: 20) }
  /// When it comes at the latest; a main loop that touches the drive again and again does not put it off.
  private var beatAt = Instant.epoch

  init(_ engine: consuming Engine, _ hardware: consuming DriveHardware<B>) {
    loop = ControlLoop(engine: engine, hardware: hardware)
    loop.isSupervised = true
  }

  /// Does all that is due, and asks for the next interrupt; with interrupts masked.
  public mutating func serve() {
    beats += 1
    if isAhead {
      beatAt = loop.hardware.real + Self.heartbeat
      return rearm()
    }
    while true {
      let next = loop.engine.deadline
      let begun = loop.hardware.real
      guard next.preceding(by: lead) <= begun else { break }
      // What is due together is decided together, and made then.
      if next > loop.hardware.decidedTo { loop.hardware.makeEdges() }
      let isEdge = next == loop.engine.edgeDeadline
      // STEP falls again so soon that it is decided here.
      loop.hardware.decidedTo = next + loop.hardware.timing.stepHigh
      loop.run(until: loop.hardware.decidedTo)
      // An edge that was waited for already tells nothing of what deciding takes.
      if isEdge, loop.hardware.hasDecided {
        let took = loop.hardware.real.elapsed(since: begun) + Self.leadMargin
        let less = TimeSpan(nanoseconds: edgeLead.nanoseconds - edgeLead.nanoseconds >> 4)
        edgeLead = min(max(less, took), Self.longestLead)
      }
    }
    loop.hardware.makeEdges()
    beatAt = loop.hardware.real + Self.heartbeat
    rearm()
  }

  /// Whether a therapy was begun for later: until then nothing is due, and an edge that was decided now would be
  /// waited for with interrupts masked.
  private var isAhead: Bool { loop.hardware.reckoned > loop.hardware.real + Self.farAhead }
  private static var farAhead: TimeSpan { TimeSpan(milliseconds: 4) }

  /// How far ahead of its time the next thing is begun.
  private var lead: TimeSpan {
    let edge = loop.engine.edgeDeadline
    return loop.engine.slowDeadline <= edge + loop.hardware.timing.stepHigh
      ? Self.slowLead : edgeLead
  }

  /// Asks for the interrupt anew, after something else than an edge may have moved the next deadline.
  mutating func rearm() {
    let next =
      isAhead
      ? loop.hardware.reckoned.preceding(by: Self.farAhead)
      : loop.engine.deadline.preceding(by: lead)
    B.arm(at: min(next, beatAt).elapsed(since: loop.hardware.origin))
  }
}
