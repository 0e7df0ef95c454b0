public import PumpJournal
public import PumpMessages
public import PumpTherapy
public import PumpUnits

/// What whoever starts a session wants of it.
public struct SessionWish: Sendable {
  public var step: StepVolume
  public var concentration: Concentration
  /// What the reservoir is said to have been filled to.
  public var filled: Volume
  /// What the profile that ran last said of that: where this one says the same, a refill that the journal has
  /// since rules; `nil` where none is known.
  public var filledBefore: Volume?
  /// Whether it has just been filled to that.
  public var isRefilled = false
  /// Whether a clinician has looked, and a therapy that rested for long goes on as prescribed.
  public var isAfterOutage = false
  /// A bolus to give once, when the therapy begins.
  public var singleBolus: Bolus?
  /// Whether it is to be given though one like it was begun before.
  public var isBolusAgain = false
  /// Whether the pattern has no times of day, and goes on where it was.
  public var isPeriodic = false
  /// Steps that a record may have permitted of which nothing is known any more.
  public var doubtful: UInt64 = 0
  /// Whether doses may be missing from the journal, nobody knows how many or since when.
  public var hidesDoses = false

  public init(step: StepVolume, concentration: Concentration, filled: Volume) {
    self.step = step
    self.concentration = concentration
    self.filled = filled
  }
}

/// Why a session can't begin on a journal.
public enum SessionProblem: Error, Equatable, Sendable {
  /// The old drug in tubing and catheter would run on at the new one's flow: a bridge is needed.
  case concentrationDiffers(kept: Concentration)
  /// The counts are another pump head's.
  case stepDiffers
  /// The reservoir was filled to another volume than is said now.
  case fillingDiffers(kept: Volume)
}

/// How a session begins: everything that follows from what the journal says, what is wished, and the clocks.
///
/// One decision for the simulator, Linux and every sweep over crashes. It never waits for a person: where one has
/// to look, as little runs as is safe until then.
public struct SessionPlan: Sendable {
  /// A therapy that was not delivered for a time.
  public struct Rest: Equatable, Sendable {
    /// For how long; `nil` where no clock can tell.
    public var span: TimeSpan?
    /// Whether it broke off, and was not ended by command.
    public var isBrokenOff: Bool
    /// The bolus that it broke off: what was not given of it never will be.
    public var brokenBolus: Volume?
  }

  /// Where the pump's clock stands.
  public let opened: Instant
  public let servedSince: Instant
  /// What earlier sessions made, with what is uncertain of it.
  public let carried: StepCounts
  /// What the reservoir was filled to last.
  public let filled: Volume
  /// Steps that became uncertain by how the last session ended.
  public let uncertain: UInt64
  /// How long the therapy has rested; `nil` on a journal that has never run one.
  public let rest: Rest?
  /// Whether only the minimum rate may run until a clinician has looked.
  public let fallsBack: Bool
  /// When the therapy ran last, by the wall clock, where for how long it rested is known only once a time service
  /// keeps that clock again, and nothing but that is between it and the prescription; else `nil`.
  public let unjudgedSince: Int64?
  /// Whether a clinician has looked just now, so that the prescription goes on.
  public let isResumed: Bool
  /// The single bolus that is to be given.
  public let bolus: Bolus?
  /// Whether one was left out because the journal has it given already.
  public let isBolusWithheld: Bool
  /// Where a pattern without times of day is by now; `nil` where it begins anew.
  public let place: TimeSpan?
  /// What stopped delivery and was never acknowledged: nothing is delivered before it is.
  public let trip: Alarm?
  /// Whether the therapy begins held back: somebody had held it when the last session broke off.
  public let isHeld: Bool
  /// The alarms that stood, a bit each.
  public let standing: UInt64
  /// The records that the session begins with, in order: the opening, after which a host keeps the profile's text;
  /// the filling, where there is a new one; the counts that it begins with.
  public let opening: JournalEntry
  public let filling: JournalEntry?
  public let settling: JournalEntry

  /// Without delivery for longer than this, a prescription is not taken up again by itself: the drug in the
  /// spinal fluid has halved within 1.5 h [DER from 2.5 of the label's half-life].
  public static var shortOutage: TimeSpan { .hour }

  /// Decides.
  ///
  /// - Parameters:
  ///   - before: What the journal says.
  ///   - binding: What a step of its counts is worth; `nil` where no record says.
  ///   - wish: What is wanted.
  ///   - clocks: What the system's clocks say.
  ///   - first: Where the clock of a pump stands that never ran.
  ///   - least: Where it stands at least, by a clock of the pump's own.
  /// - Throws: `SessionProblem`.
  public init(
    _ before: JournalState, binding: JournalBinding?, _ wish: SessionWish, _ clocks: SystemClocks,
    startingAt first: Instant = .epoch, atLeast least: Instant = .epoch
  ) throws(SessionProblem) {
    let isNew = before.session == 0
    if !isNew { try Self.check(before, binding, wish) }
    let opened = isNew ? first : max(before.resume(clocks), least)
    self.opened = opened
    servedSince = isNew ? opened : before.servedSince
    var carried = before.carried
    carried.uncertain += wish.doubtful
    uncertain = carried.highest - before.counts.highest
    opening = .opened(
      boot: clocks.boot, clock: clocks.elapsed, servedSince: servedSince,
      JournalBinding(step: wish.step, concentration: wish.concentration),
      isClockSynchronised: clocks.isSynchronised)
    if isNew || wish.isRefilled { carried.atFill = carried.highest }
    filling = isNew || wish.isRefilled ? .event(.refilled(wish.filled)) : nil
    // What was granted and never acknowledged is uncertain from here on, whatever happens next.
    settling = .grant(carried, upTo: carried.highest, until: opened)
    self.carried = carried
    filled = wish.isRefilled ? wish.filled : before.filled ?? wish.filled

    let knowsTime = !wish.hidesDoses && before.knowsTime(clocks)
    let span = knowsTime ? opened.elapsed(since: before.lastRunAt) : nil
    let hasRun = before.began != nil || !isNew && wish.hidesDoses
    rest =
      hasRun
      ? Rest(
        span: span, isBrokenOff: !before.isEnded || wish.hidesDoses,
        brokenBolus: before.openBolus) : nil
    let isWaiting =
      before.waitsForClinician || hasRun && span.map { $0 > Self.shortOutage } ?? true
    fallsBack = isWaiting && !wish.isAfterOutage
    isResumed = isWaiting && wish.isAfterOutage
    let isUnjudged = fallsBack && span == nil && !before.waitsForClinician && !wish.hidesDoses
    unjudgedSince = isUnjudged ? before.lastRunWall : nil

    let isGiven = before.begunBolus.map { $0 == wish.singleBolus?.volume } ?? false
    isBolusWithheld = wish.singleBolus != nil && isGiven && !wish.isBolusAgain
    // One that was broken off is not begun again by a start that nobody asked to.
    bolus =
      fallsBack || isBolusWithheld || before.isHeld && !before.isEnded ? nil : wish.singleBolus
    // Where no clock tells how long the pump rested, the pattern goes on as if it had not: its boluses come
    // later then, and never sooner.
    place =
      wish.isPeriodic && !wish.hidesDoses
      ? before.began.map { $0.place + opened.elapsed(since: $0.at) } : nil
    trip = before.trippedBy
    isHeld = before.isHeld && !before.isEnded
    standing = before.alarms.standing
  }

  /// Whether what is in the pump is still what the journal counts.
  private static func check(
    _ before: JournalState, _ kept: JournalBinding?, _ wish: SessionWish
  ) throws(SessionProblem) {
    if let kept, kept.concentration != wish.concentration {
      throw .concentrationDiffers(kept: kept.concentration)
    }
    guard !wish.isRefilled else { return }
    if let kept, kept.step != wish.step { throw .stepDiffers }
    if let filled = before.filled, filled != wish.filled, wish.filledBefore != wish.filled {
      throw .fillingDiffers(kept: filled)
    }
  }
}
