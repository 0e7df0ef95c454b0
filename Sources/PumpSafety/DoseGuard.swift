public import PumpMessages
public import PumpTherapy
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
  public let limits: DoseLimits
  private let step: StepVolume
  private let concentration: Concentration
  /// Whole steps in the hard limits.
  private let hardStepsPerHour: UInt64
  private let hardStepsPerDay: UInt64
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
    hardStepsPerHour = concentration.steps(in: limits.perHour.hard, step)
    hardStepsPerDay = concentration.steps(in: limits.perDay.hard, step)
  }

  /// Counts steps that were made, or may have been, since the last call and up to now.
  ///
  /// They belong to the bucket that ends now at the latest, so a call at every bucket's end makes
  /// the buckets exact.
  public mutating func record(steps: UInt64, at end: Instant) {
    let now = end.preceding(by: TimeSpan(nanoseconds: 1))
    hour.add(steps, at: now)
    day.add(steps, at: now)
  }

  /// How many steps may be made now without reaching beyond a hard limit.
  ///
  /// The oldest bucket counts whole, though a part of it has left the window, and as much is allowed
  /// for as the therapy itself may have put there: or a therapy that keeps its limit would be stopped
  /// for it. So no window ever holds more than its limit, one step, and what the therapy delivered in
  /// the oldest bucket: a minute of the hour, five of the day.
  ///
  /// - Parameters:
  ///   - now: The present instant.
  ///   - demand: Of the therapy that runs.
  public mutating func permittedSteps(at now: Instant, demand: TherapyDemand) -> UInt64 {
    hour.turn(to: now)
    day.turn(to: now)
    return min(room(in: .hour, demand), room(in: .day, demand))
  }

  /// The steps up to a limit, one more, and what the therapy may have made in the oldest bucket.
  private func room(in window: DoseWindow, _ demand: TherapyDemand) -> UInt64 {
    let hard = window == .hour ? hardStepsPerHour : hardStepsPerDay
    let most = hard + 1 + min(oldest(window, after: 0), bucket(window, demand))
    let made = window == .hour ? hour.sum : day.sum
    return most > made ? most - made : 0
  }

  /// Judges a request to deliver more than the therapy does by itself, or, for a request of nothing,
  /// the therapy itself.
  ///
  /// - Parameters:
  ///   - request: The volume asked for; zero for the therapy alone.
  ///   - remainder: What a bolus in progress will still deliver.
  ///   - now: The present instant.
  ///   - demand: Of the therapy that runs, or is to run.
  ///   - therapy: That therapy.
  ///   - place: Where in its pattern it is now.
  /// - Returns: The hardest verdict of the two windows.
  public mutating func judge(
    request: Volume, remainder: Volume, at now: Instant, demand: TherapyDemand,
    of therapy: Therapy, from place: TimeSpan
  ) -> Verdict {
    hour.turn(to: now)
    day.turn(to: now)
    var verdict = Verdict.permitted
    for window in DoseWindow.allCases {
      let limit = window == .hour ? limits.perHour : limits.perDay
      guard
        let most = try? most(in: window, adding: request.adding(remainder), demand, therapy, place)
      else { return .refused(window) }
      guard most <= limit.hard else { return .refused(window) }
      if most > limit.soft, verdict == .permitted { verdict = .needsConfirmation(window) }
    }
    return verdict
  }

  /// What was delivered in the window that ends now, never less than the truth.
  public mutating func delivered(in window: DoseWindow, at now: Instant) -> Mass {
    hour.turn(to: now)
    day.turn(to: now)
    return (try? mass(ofSteps: window == .hour ? hour.sum : day.sum)) ?? Mass(femtograms: .max)
  }

  /// The most that any window that ends from now on will hold, with the bolus counted as if it were
  /// given at once: every bucket's end up to one window ahead, and beyond that the therapy's worst
  /// window with the bolus in it, for it may last longer than a window.
  ///
  /// For the therapy alone the oldest bucket is allowed for, as in `permittedSteps`.
  private func most(
    in window: DoseWindow, adding bolus: Volume, _ demand: TherapyDemand, _ therapy: Therapy,
    _ place: TimeSpan
  ) throws(QuantityError) -> Mass {
    let worst = window == .hour ? demand.perHour : demand.perDay
    var most = try concentration.mass(in: worst.adding(bolus), .up)
    var steps = window == .hour ? hour.sum : day.sum
    let own = bolus.isZero ? bucket(window, demand) : 0
    for ahead in 0...(window == .hour ? hour.span : day.span) {
      let oldest = oldest(window, after: ahead)
      let past = try mass(ofSteps: steps - min(oldest, own))
      let promised = try therapy.volume(
        from: place, lasting: window.bucket * UInt64(ahead)
      ).adding(bolus)
      most = max(most, try past.adding(concentration.mass(in: promised, .up)))
      // What is oldest now will have left the window a bucket later.
      steps -= oldest
    }
    // Steps come whole, and masses are rounded up: a step covers what that may add to a therapy.
    return bolus.isZero ? most.lessening(by: try mass(ofSteps: 1)) : most
  }

  private func oldest(_ window: DoseWindow, after buckets: Int) -> UInt64 {
    window == .hour ? hour.oldest(after: buckets) : day.oldest(after: buckets)
  }

  /// The most steps that the therapy makes in a bucket.
  private func bucket(_ window: DoseWindow, _ demand: TherapyDemand) -> UInt64 {
    let most = window == .hour ? demand.perHourBucket : demand.perDayBucket
    return (try? scaled(most.femtolitres, by: step.divisor, over: step.numerator, .up)) ?? 0
  }

  private func mass(ofSteps steps: UInt64) throws(QuantityError) -> Mass {
    try concentration.mass(in: step.volume(ofSteps: steps, .up), .up)
  }
}

extension Concentration {
  /// Whole steps that hold a mass; none where that is beyond the arithmetic.
  @inline(never)
  fileprivate func steps(in mass: Mass, _ step: StepVolume) -> UInt64 {
    guard let volume = try? volume(of: mass) else { return 0 }
    return (try? step.steps(in: volume)) ?? 0
  }
}
