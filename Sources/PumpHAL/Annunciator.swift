public import PumpUnits

/// A sound that a patient or a carer hears.
public enum AlarmTone: UInt8, BitwiseCopyable, Sendable {
  /// One tone of about a second: non-critical, hourly.
  case single
  /// Two tones in turn for about three seconds: critical, every ten minutes.
  case double

  /// How long it sounds, as the maker tells its patients (S54).
  public var length: TimeSpan { TimeSpan(seconds: self == .single ? 1 : 3) }
}

/// The device that sounds alarms.
public protocol Annunciator: ~Copyable {
  /// The backend's own error.
  associatedtype AnnunciatorFailure: HardwareFault

  /// Starts a tone and returns at once.
  ///
  /// It does *not* promise that anybody heard it.
  mutating func sound(_ tone: AlarmTone) throws(AnnunciatorFailure)
}
