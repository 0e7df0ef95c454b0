/// What was asked for.
public enum CommandKind: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  case begin = 1
  case suspend
  case resume
  /// With the checksum of what is adopted.
  case adopt
  /// With the volume in femtolitres.
  case bolus
  case prime
  case cancelBolus
  case patientBolus
  /// With the place in the pattern in nanoseconds.
  case anchor
  /// With the volume in femtolitres.
  case refill
  /// With the alarm's number.
  case acknowledge
  case silence
  /// With how many of the uncertain steps were made.
  case reconcile
  case stop
  /// Nobody is to be alarmed that nothing is delivered.
  case outOfService
}
