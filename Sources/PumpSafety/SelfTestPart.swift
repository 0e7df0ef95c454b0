/// What a self-test tries, one after the other.
public enum SelfTestPart: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// The journal's latest record reads back as it was written.
  case journal
  /// Both copies of the profile have their checksum, and are what runs.
  case profile
  /// ENABLE follows where it is set.
  case enable
  /// The watchdog was seen to count.
  case watchdog
  /// The index line can be read, and pulses where it should.
  case index
  /// The alarm output takes a tone.
  case alarm
  /// The clock keeps pace with a second one.
  case clock
}
