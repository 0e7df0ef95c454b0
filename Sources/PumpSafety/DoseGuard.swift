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
  private var hour = SlidingWindow(.hour)
  private var day = SlidingWindow(.day)

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
  /// The oldest bucket counts whole, and what the therapy itself asks for in one bucket is allowed
  /// for, or a therapy that keeps its limit would be stopped for it. So a window never holds more
  /// than its limit and that allowance: a minute of the therapy for the hour, five for the day.
  ///
  /// - Parameters:
  ///   - now: The present instant.
  ///   - demand: Of the therapy that runs.
  public mutating func permittedSteps(at now: Instant, demand: TherapyDemand) -> UInt64 {
    hour.turn(to: now)
    day.turn(to: now)
    let room = min(
      ceiling(.hour, demand).lessening(by: hour.sum), ceiling(.day, demand).lessening(by: day.sum))
    guard let volume = try? concentration.volume(of: room), let steps = try? step.steps(in: volume)
    else { return 0 }
    return steps
  }

  /// Judges a request to deliver more than the therapy does by itself, or, for a request of nothing,
  /// the therapy itself.
  ///
  /// - Parameters:
  ///   - request: The volume asked for; zero for the therapy alone.
  ///   - remainder: What a bolus in progress will still deliver.
  ///   - now: The present instant.
  ///   - demand: Of the therapy that runs, or is to run.
  ///   - therapy: The volume that this therapy will deliver by itself in a span from now, rounded up.
  /// - Returns: The hardest verdict of the two windows.
  public mutating func judge(
    request: Volume, remainder: Volume, at now: Instant, demand: TherapyDemand,
    therapy: (TimeSpan) throws(QuantityError) -> Volume
  ) -> Verdict {
    hour.turn(to: now)
    day.turn(to: now)
    var verdict = Verdict.permitted
    for window in DoseWindow.allCases {
      let limit = window == .hour ? limits.perHour : limits.perDay
      let hard = request.isZero ? ceiling(window, demand) : limit.hard
      guard
        let most = try? most(in: window, adding: request.adding(remainder), demand, therapy),
        most <= hard
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

  /// The most that any window that ends from now on will hold, with the bolus counted as if it were
  /// given at once: every bucket's end up to one window ahead, and beyond that the therapy's worst
  /// window with the bolus in it, for it may last longer than a window.
  private func most(
    in window: DoseWindow, adding bolus: Volume, _ demand: TherapyDemand,
    _ therapy: (TimeSpan) throws(QuantityError) -> Volume
  ) throws(QuantityError) -> Mass {
    let worst = window == .hour ? demand.perHour : demand.perDay
    var most = try concentration.mass(in: worst.adding(bolus), .up)
    let span = window == .hour ? hour.span : day.span
    for ahead in 0...span {
      let past =
        window == .hour
        ? hour.mass(stillThereAfter: ahead) : day.mass(stillThereAfter: ahead)
      let promised = try therapy(window.bucket * UInt64(ahead)).adding(bolus)
      most = max(most, try past.adding(concentration.mass(in: promised, .up)))
    }
    return most
  }

  /// A window's hard limit, and what the therapy asks for in one bucket of it.
  private func ceiling(_ window: DoseWindow, _ demand: TherapyDemand) -> Mass {
    let hard = window == .hour ? limits.perHour.hard : limits.perDay.hard
    let bucket = window == .hour ? demand.perHourBucket : demand.perDayBucket
    guard let allowance = try? concentration.mass(in: bucket, .up) else { return hard }
    return (try? hard.adding(allowance)) ?? hard
  }

  private func mass(ofSteps steps: UInt64) throws(QuantityError) -> Mass {
    try concentration.mass(in: step.volume(ofSteps: steps, .up), .up)
  }
}
