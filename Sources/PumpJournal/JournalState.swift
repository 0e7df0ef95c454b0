public import PumpMessages
import PumpSafety
public import PumpUnits

/// What a journal's records say of the pump, taken one after another.
public struct JournalState: BitwiseCopyable, Sendable {
  /// How many sessions there were.
  public private(set) var session: UInt32 = 0
  /// The latest counts that were acknowledged.
  public private(set) var counts = StepCounts()
  /// Up to which count steps were permitted by the latest grant.
  public private(set) var granted: UInt64 = 0
  /// The pump's clock and the wall clock of the latest record.
  public private(set) var at = Instant.epoch
  public private(set) var wallSeconds: Int64 = 0
  /// The latest session's start: which start of the system, its clock then, and the pump's.
  public private(set) var boot: UInt64 = 0
  public private(set) var bootClock = TimeSpan.zero
  public private(set) var openedAt = Instant.epoch
  /// When the pump was first used.
  public private(set) var servedSince = Instant.epoch
  /// Whether the latest session that began a therapy ended by command, with every step accounted for.
  public private(set) var isEnded = true
  /// When that session was last heard of; what is written without a therapy does not count.
  public private(set) var lastRunAt = Instant.epoch
  /// The wall clock then; `nil` where no time service kept it.
  public private(set) var lastRunWall: Int64?
  /// When it began, and where in its pattern; `nil` where no session ever did.
  public private(set) var began: (at: Instant, place: TimeSpan)?
  /// The single bolus that a therapy began with last: it is not given again by itself, ever.
  public private(set) var begunBolus: Volume?
  /// Whether somebody had the therapy held back, and nobody let it go on.
  public private(set) var isHeld = false
  /// The checksum of the profile that a drive has begun or adopted last: what was confirmed for it stays confirmed.
  public private(set) var begunProfile: UInt32?
  private var awaitsAdopted = false
  /// The alarms that stand.
  public private(set) var alarms = RememberedAlarms()
  /// The bolus that began and has not ended.
  public private(set) var openBolus: Volume?
  /// Whether the prescription was given up for the minimum rate, and no clinician has looked since.
  public private(set) var waitsForClinician = false
  /// Whether the wall clock of the latest record was kept by a time service.
  public private(set) var isClockSynchronised = true
  /// What stopped delivery, until somebody has acknowledged it and a therapy begins; `nil` where nothing did.
  public private(set) var trippedBy: Alarm?
  /// Whether somebody has taken the pump out of service by name; a therapy that begins puts it back.
  public private(set) var isOutOfService = false
  /// Whether the latest session has begun a therapy.
  private var hasBegun = false

  /// What a step of the counts is worth; `nil` where no record says.
  public private(set) var binding: JournalBinding?
  /// What the reservoir was filled to last; `nil` where no record says.
  public private(set) var filled: Volume?
  /// Where the latest profile's first record is, how long its text is, and its CRC-32C.
  public private(set) var profile: (first: UInt64, length: UInt32, sum: UInt32)?

  public init() {}

  /// Counts as a next session takes them over: what was granted and not acknowledged is uncertain.
  public var carried: StepCounts {
    var counts = counts
    if granted > counts.highest { counts.uncertain += granted - counts.highest }
    return counts
  }

  /// Takes the next record.
  public mutating func take(_ record: JournalRecord) {
    at = max(at, record.at)
    wallSeconds = record.wallSeconds
    note(record)
    if case .event(let event) = record.entry { alarms.take(event) }
    switch record.entry {
    case .opened(let boot, let clock, let servedSince, let binding, let isSynchronised):
      if let binding { self.binding = binding }
      alarms.endSession()
      awaitsAdopted = false
      isClockSynchronised = isSynchronised
      hasBegun = false
      counts = carried
      granted = counts.highest
      session = record.session
      self.boot = boot
      bootClock = clock
      openedAt = record.at
      self.servedSince = servedSince
    case .command(.begin, let place, isAccepted: true):
      hasBegun = true
      // Nothing begins before it is acknowledged, but in journals of versions that did not know of that.
      trippedBy = nil
      isEnded = false
      isHeld = false
      openBolus = nil
      isOutOfService = false
      began = (record.at, TimeSpan(nanoseconds: place))
    case .command(.bolus, let volume, isAccepted: true):
      begunBolus = Volume(femtolitres: volume)
      // What ends before the drive has said that it began has broken it off too.
      openBolus = begunBolus
    case .answered(_, let kind, _, let result):
      if kind == .adopt, result == .accepted { awaitsAdopted = true }
      // To go on after a hold is no look at what an outage has done.
      if kind == .adopt, result == .accepted { waitsForClinician = false }
      if kind == .suspend, result == .accepted { isHeld = true }
      if kind == .resume, result == .accepted { isHeld = false }
    case .command(.suspend, _, isAccepted: true): isHeld = true
    case .event(.acknowledged(let alarm)) where alarm == trippedBy: trippedBy = nil
    case .event(.bolusBegan(_, let volume)): openBolus = volume
    case .event(.bolusEnded): openBolus = nil
    case .command(.resume, _, isAccepted: true): waitsForClinician = false
    case .event(.fellBack): waitsForClinician = true
    case .event(.wallClockKept): isClockSynchronised = true
    case .event(.tripped(let alarm)): trippedBy = trippedBy ?? alarm
    case .command(.outOfService, _, isAccepted: true): isOutOfService = true
    case .grant(let counts, let upTo, _):
      session = record.session
      self.counts = counts
      granted = upTo
    case .event(.ended):
      // A session that never began has ended nothing.
      isEnded = isEnded || hasBegun
    case .event(.reconciled(let made, let notMade)):
      counts = carried
      let settled = min(made, counts.uncertain)
      counts.certain += settled
      counts.uncertain -= settled
      counts.uncertain -= min(notMade, counts.uncertain)
      // Whether what was not made was from this fill is not known: the reservoir counts it all the same.
      counts.atFill -= min(notMade, counts.atFill)
      granted = counts.highest
    case .event(.refilled(let volume)):
      filled = volume
    case .profile(copy: 0, part: 0, let length, let sum, _):
      profile = (record.sequence, length, sum)
      if awaitsAdopted { begunProfile = sum }
      awaitsAdopted = false
    case .event(.began): begunProfile = profile?.sum
    default: break
    }
  }

  private mutating func note(_ record: JournalRecord) {
    switch record.entry {
    case .opened, .text, .profile, .command(.reconcile, _, _), .event(.reconciled): break
    default:
      guard hasBegun else { return }
      lastRunAt = max(lastRunAt, record.at)
      lastRunWall = isClockSynchronised ? record.wallSeconds : nil
    }
  }

  /// Where the pump's clock stands at a new session's start.
  ///
  /// On the same start of the system its own clock says so exactly. After another one only the wall clock
  /// does, where a time service kept it then and keeps it now; else it counts as no time at all, and so
  /// does one that went backwards: what was delivered before counts for longer, never for less.
  ///
  /// - Parameters:
  ///   - boot: Names the start of the system; 0 where nothing does.
  ///   - clock: Its time since then.
  ///   - wallSeconds: The wall clock.
  ///   - isSynchronised: Whether a time service keeps it.
  public func resume(
    boot: UInt64, clock: TimeSpan, wallSeconds: Int64, isSynchronised: Bool = true
  ) -> Instant {
    guard session > 0 else { return .epoch }
    if isSameStart(boot, clock) { return max(at, openedAt + (clock - bootClock)) }
    guard isSynchronised, isClockSynchronised else { return at }
    // Any two numbers of seconds are a forged record's at worst.
    let (seconds, isFar) = wallSeconds.subtractingReportingOverflow(self.wallSeconds)
    guard !isFar, seconds > 0 else { return at }
    return at + TimeSpan(seconds: UInt64(min(seconds, 10 * 366 * 86_400)))
  }

  /// Whether the time since the latest record is known, and not only bounded from below: a wall clock that
  /// stands behind that record tells nothing.
  public func knowsTime(
    boot: UInt64, clock: TimeSpan, wallSeconds: Int64, isSynchronised: Bool
  ) -> Bool {
    isSameStart(boot, clock)
      || isSynchronised && isClockSynchronised && wallSeconds >= self.wallSeconds
  }

  private func isSameStart(_ boot: UInt64, _ clock: TimeSpan) -> Bool {
    boot != 0 && boot == self.boot && clock >= bootClock
  }
}
