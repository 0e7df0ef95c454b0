public import PumpUnits

/// Why a command is refused; nothing has changed then.
public enum Refusal: Error, Equatable, BitwiseCopyable, Sendable {
  /// The state does not allow it.
  case notPossible(in: PumpState)
  case bolusInProgress
  /// Another concentration needs a refill and a bridge, not a change of therapy.
  case concentrationDiffers
  case noBolusInProgress
  /// The bolus would still run when the pattern's next one starts.
  case overlapsScheduledBolus(at: Instant)
  /// A dose limit of a window would be passed.
  case doseLimit(DoseWindow)
  /// A soft limit would be passed: a clinician must confirm.
  case needsConfirmation(DoseWindow)
  /// The motor can't deliver that fast, or a basal is above its start rate.
  case beyondMotor
  /// Less than this is left above the reserve.
  case reservoirTooLow(Volume)
  /// Nothing allows the patient a bolus.
  case patientBolusNotPrescribed
  case lockedOut(until: Instant)
  case dailyMaximum(until: Instant)
  /// A standing alarm forbids it.
  case alarm(Alarm)
  /// The self-test runs: no bolus begins before its end.
  case selfTestRuns
  /// The alarm does not stand.
  case noSuchAlarm
  /// A refill exceeds the capacity.
  case overfilled
  /// Another request is under way: ask again in a moment.
  case commandInProgress
  /// The journal can't be written: nothing is done that it does not know.
  case journalFailed
  /// The ticket names another request.
  case ticketUsed
  /// One bolus of more than this is never given.
  case bolusTooLarge(Mass)
  /// One bolus of more than this takes a clinician's confirmation.
  case bolusNeedsConfirmation(Mass)
  /// A bolus takes at least this long.
  case bolusTooFast(TimeSpan)
  /// Another bolus has begun less than the library's least distance ago.
  case bolusTooSoon(until: Instant)
  /// More has happened than the request was based on: look again.
  case hasChanged
}
