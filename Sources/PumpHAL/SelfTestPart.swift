/// What a self-test tries, one after the other.
///
/// The journal keeps the raw values, so a part never changes its own.
public enum SelfTestPart: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// The journal's latest record reads back as it was written.
  case journal
  /// Both copies of the profile have their checksum, and are what runs.
  case profile
  /// ENABLE reads back as what it was last set to.
  case enable
  /// The watchdog was seen to count.
  case watchdog
  /// The index line can be read.
  case index
  /// The alarm output can be driven, and reads back so.
  case alarm
  /// The clock keeps pace with a second one.
  case clock
}

/// What trying a part gave.
public enum SelfTestProof: UInt8, Equatable, BitwiseCopyable, Sendable {
  case passed
  case failed
  /// It takes longer: ask again a poll later.
  case pending
}
