public import PumpUnits

/// Holds what leaves the pump under the dose limits, whatever the software above it does.
///
/// It counts steps that were made, not steps that were meant, and computes what is committed by the
/// prescription's closed form, not by the planner's code. A request is judged by what was delivered
/// in the window *and* by all that is already promised: the rest of a started bolus and the therapy
/// of a whole window to come. Counting only what was delivered lets a bolus that began under the
/// limit end above it; a published pump model did so.
public struct DoseGuard: ~Copyable {
  /// The limits in force.
  public private(set) var limits: DoseLimits
  private let step: StepVolume
  private var concentration: Concentration
  private var hour = SlidingWindow(length: .hour, buckets: 60)
  private var day = SlidingWindow(length: .day, buckets: 288)

  /// What a judgement says of a request.
  public enum Verdict: Equatable, Sendable {
    case permitted
    /// Above the soft limit of a window: only with a clinician's confirmation.
    case needsConfirmation(DoseWindow)
    /// Above the hard limit of a window, or beyond the arithmetic: never.
    case refused(DoseWindow)
  }

  /// Creates a guard with nothing delivered.
  ///
  /// - Parameters:
  ///   - limits: The limits of the drug and the population.
  ///   - concentration: The strongest solution that the steps may deliver.
  ///   - step: The volume of a step.
  public init(limits: DoseLimits, concentration: Concentration, step: StepVolume) {
    self.limits = limits
    self.concentration = concentration
    self.step = step
  }

  /// Counts steps that were made, or may have been, since the last call and up to now.
  ///
  /// They belong to the bucket that ends now at the latest, so a call at every bucket's end makes
  /// the buckets exact.
  public mutating func record(steps: UInt64, at end: Instant) {
    let now = end.preceding(by: TimeSpan(nanoseconds: 1))
    // A mass beyond 64 bits of femtograms is 18 kg: more steps than a motor makes in its life.
    let mass = (try? mass(ofSteps: steps)) ?? limits.perHour.hard + limits.perDay.hard
    hour.add(mass, at: now)
    day.add(mass, at: now)
  }

  /// How many steps may be made now without reaching beyond a hard limit.
  ///
  /// It stops delivery only for what is in a window for sure, or a therapy just below its limit
  /// would be stopped for a limit that it keeps. What it may let pass beyond the limit is therefore
  /// at most the oldest bucket: one minute of the hour's, five minutes of the day's.
  public mutating func permittedSteps(at now: Instant) -> UInt64 {
    hour.turn(to: now)
    day.turn(to: now)
    let room = min(
      limits.perHour.hard.lessening(by: hour.surelyInside),
      limits.perDay.hard.lessening(by: day.surelyInside))
    guard let volume = try? concentration.volume(of: room), let steps = try? step.steps(in: volume)
    else { return 0 }
    return steps
  }

  /// Judges a request to deliver more than the therapy does by itself, or, for a request of nothing,
  /// the therapy itself.
  ///
  /// A bolus is judged by every bucket that may be in a window; it is refused rather too early. A
  /// therapy is judged by what is there for sure: one just below its limit may begin again.
  ///
  /// - Parameters:
  ///   - request: The volume asked for; zero for the therapy alone.
  ///   - remainder: What a bolus in progress will still deliver.
  ///   - now: The present instant.
  ///   - therapy: The volume that the therapy will deliver by itself in a span from now, rounded up.
  /// - Returns: The hardest verdict of the two windows.
  public mutating func judge(
    request: Volume, remainder: Volume, at now: Instant,
    therapy: (TimeSpan) throws(QuantityError) -> Volume
  ) -> Verdict {
    hour.turn(to: now)
    day.turn(to: now)
    var verdict = Verdict.permitted
    for window in DoseWindow.allCases {
      let limit = window == .hour ? limits.perHour : limits.perDay
      guard
        let most = try? most(
          in: window, adding: request.adding(remainder), countsOldest: !request.isZero, therapy),
        most <= limit.hard
      else { return .refused(window) }
      if most > limit.soft, verdict == .permitted { verdict = .needsConfirmation(window) }
    }
    return verdict
  }

  /// What was delivered in the window that ends now, never less than the truth.
  public mutating func delivered(in window: DoseWindow, at now: Instant) -> Mass {
    if window == .hour {
      hour.turn(to: now)
      return hour.sum
    }
    day.turn(to: now)
    return day.sum
  }

  /// The most that any window that ends from now on will hold: every bucket's end is tried, with
  /// the bolus counted as if it were given at once.
  private func most(
    in window: DoseWindow, adding bolus: Volume, countsOldest: Bool,
    _ therapy: (TimeSpan) throws(QuantityError) -> Volume
  ) throws(QuantityError) -> Mass {
    let span = window == .hour ? hour.span : day.span
    let bucket = window == .hour ? hour.bucket : day.bucket
    var most = Mass.zero
    for ahead in 0...span {
      let past =
        window == .hour
        ? hour.mass(stillThereAfter: ahead, countsOldest: countsOldest)
        : day.mass(stillThereAfter: ahead, countsOldest: countsOldest)
      let promised = try therapy(bucket * UInt64(ahead)).adding(bolus)
      most = max(most, try past.adding(concentration.mass(in: promised, .up)))
    }
    return most
  }

  private func mass(ofSteps steps: UInt64) throws(QuantityError) -> Mass {
    try concentration.mass(in: step.volume(ofSteps: steps, .up), .up)
  }
}
