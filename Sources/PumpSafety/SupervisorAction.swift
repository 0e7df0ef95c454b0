public import PumpHAL
public import PumpMessages
public import PumpUnits

/// What the supervisor wants done at once.
public enum SupervisorAction: Equatable, BitwiseCopyable, Sendable {
  /// Journal this grant with the counts acknowledged so far, and only then let the drive see it; tell
  /// `grantTaken` or `grantFailed`.
  case grant(StepCounts, upTo: UInt64, until: Instant)
  /// Release ENABLE and hold it released; tell the drive to stop for this reason. What was made beyond a
  /// count of the session's steps, where one is named, may not have turned the motor.
  case cut(Alarm, beyond: UInt64?)
  /// Release ENABLE and hold it released as long as the drive is silent, or let it go again.
  case hold(Bool)
  /// Let the drive book so many of its latest steps as uncertain: the motor may not have turned.
  case doubt(UInt64)
  /// Let both channels give up the damaged prescription for a flow that keeps the lumen open.
  case fallBack(FlowRate)
  /// Try a part of the self-test, and pass what came of it to `tested`.
  case test(SelfTestPart)
  case sound(AlarmTone)
  /// Kick the watchdogs: both channels are healthy.
  case kick
  /// Read the slow sensors and the wall clock, and pass them to `observe`.
  case readSensors
}
