import PumpMessages
public import PumpTherapy
public import PumpUnits

/// The most that a therapy asks for by itself, scheduled boluses included: in any hour, in any 24 h,
/// and in any bucket of the dose guard's two windows.
public struct TherapyDemand: Equatable, BitwiseCopyable, Sendable {
  let perHour: Volume
  let perDay: Volume
  let perHourBucket: Volume
  let perDayBucket: Volume

  /// Works out the demand; it searches the whole pattern, so once a therapy, not once a turn.
  ///
  /// - Throws: `QuantityError.overflow`.
  public init(of therapy: Therapy) throws(QuantityError) {
    perHour = try therapy.mostVolume(inAny: .hour)
    perDay = try therapy.mostVolume(inAny: .day)
    perHourBucket = try therapy.mostVolume(inAny: DoseWindow.hour.bucket)
    perDayBucket = try therapy.mostVolume(inAny: DoseWindow.day.bucket)
  }

  /// No therapy: while it is suspended.
  public static var none: Self { Self(zero: .zero) }

  private init(zero: Volume) {
    (perHour, perDay, perHourBucket, perDayBucket) = (zero, zero, zero, zero)
  }
}
