public import PumpHAL
public import PumpTherapy
public import PumpUnits

/// Something that happened, as the flight recorder keeps it.
public enum PumpEvent: Equatable, BitwiseCopyable, Sendable {
  case began
  case suspended
  case resumed
  /// Another therapy runs.
  case adopted
  /// The pattern was moved to this place by command.
  case anchored(TimeSpan)
  case bolusBegan(BolusKind, Volume)
  /// A bolus ended with exactly this volume delivered; what was missed meanwhile is taken off it.
  case bolusEnded(BolusKind, Volume, isWhole: Bool)
  /// A bolus of the pattern was not given.
  case bolusDropped(Volume)
  /// The controller woke this late.
  case late(TimeSpan)
  /// So many steps are given up; never repaid.
  case forgone(steps: UInt64)
  /// Delivery stopped because of an alarm.
  case tripped(Alarm)
  case alarmRaised(Alarm)
  case alarmCauseGone(Alarm)
  case acknowledged(Alarm)
  case silenced(Alarm, until: Instant)
  /// The wall clock moved by so many seconds; no dose did.
  case wallClockMoved(seconds: Int64)
  /// From here on a time service keeps the wall clock, which none had done when the session began.
  case wallClockKept
  case refilled(Volume)
  /// The motor turns again after a stall in which so many steps were commanded and may be lost.
  case stallEnded(steps: UInt64)
  /// The supervisor released ENABLE and holds it, or let it go again.
  case held(Bool)
  /// A session began after so long a time off, with so many steps of the last one uncertain.
  case restarted(TimeSpan, uncertain: UInt64)
  /// A clinician settled the uncertain steps: so many were made.
  case reconciled(made: UInt64, notMade: UInt64)
  /// The session ended by command.
  case ended
  /// A part of the self-test passed or failed.
  case tested(SelfTestPart, passed: Bool)
  /// The prescription was given up for the minimum rate, until a clinician has looked.
  case fellBack
}

/// An event and when it happened.
public struct TimedEvent: Equatable, BitwiseCopyable, Sendable {
  public let at: Instant
  public let event: PumpEvent

  public init(at: Instant, event: PumpEvent) {
    self.at = at
    self.event = event
  }
}
