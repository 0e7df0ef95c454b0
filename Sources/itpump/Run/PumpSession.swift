import Foundation
import PumpJournal
import PumpLinux
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits

/// What a run takes over from the journal, and the journal itself.
struct PumpSession<Store: RunStore & ~Copyable>: ~Copyable {
  var journal: Journal<Store>
  /// Where the pump's clock stands at the session's start.
  let opened: Instant
  let carried: StepCounts
  let recalled: [RecalledDose]
  let servedSince: Instant
  /// The last run that began was not ended by command.
  let outage: Outage?
  /// Where in its pattern a periodic therapy that is taken up again is by now.
  let periodicPlace: TimeSpan?

  /// A run that broke off.
  struct Outage {
    /// For how long nothing ran; `nil` where no clock can tell.
    var span: TimeSpan?
    /// Steps that it may or may not have made.
    var uncertain: UInt64
    /// Whether its single bolus was commanded.
    var hasBolus: Bool
    /// The bolus that it broke off: what was not given of it never will be.
    var brokenBolus: Volume?
  }

  /// Whether the prescription waits for a clinician, at the minimum rate.
  let isWaiting: Bool
  /// What is not as the journal's last session left it.
  let suspicions: [JournalSuspicion]
  /// What stopped delivery in the last run; `nil` where nothing did.
  let trippedBy: Alarm?

  /// Without delivery for longer than this, a prescription is not taken up again by itself: the drug in the
  /// spinal fluid has halved within 1.5 h [DER from 2.5 of the label's half-life].
  static var shortOutage: TimeSpan { .hour }

  /// Why a session can't begin.
  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  /// Opens a session.
  ///
  /// - Parameters:
  ///   - journal: The journal as its last session left it.
  ///   - isRefilled: Whether the reservoir has just been filled to what the profile says.
  ///   - text: The profile as written, of which the journal keeps two copies.
  ///   - suspicions: What is not as the journal's last session left it.
  ///   - clocks: What the system's clocks say.
  /// - Throws: `Problem`, or the store's failure.
  static func open(
    _ journal: consuming Journal<Store>, _ profile: Profile, on bench: Bench, isRefilled: Bool,
    text: [UInt8], suspicions: [JournalSuspicion] = [], clocks: SystemClocks = .now
  ) throws -> Self {
    var journal = journal
    let before = journal.state
    let wall = clocks.wallSeconds
    let now = before.resume(clocks)
    let binding = JournalBinding(step: bench.step, concentration: profile.concentration)
    let isNew = before.session == 0
    if !isNew {
      try check(before, journal.bindingOfDrug(), binding, profile, isRefilled: isRefilled)
    }
    let recalled = recall(&journal, by: now, as: binding)
    let doubt =
      journal.damagedEnd == nil ? 0 : largestGrant(in: &journal, of: profile, on: bench)
    try journal.append(
      .opened(
        boot: clocks.boot, clock: clocks.elapsed, servedSince: isNew ? now : before.servedSince,
        binding, isClockSynchronised: clocks.isSynchronised),
      at: now, wallSeconds: wall)
    try journal.keepProfile(text, at: now, wallSeconds: wall)
    for suspicion in suspicions {
      try journal.note(Array(suspicion.words.utf8), at: now, wallSeconds: wall)
    }
    var carried = journal.state.counts
    carried.uncertain += doubt
    if isNew || isRefilled {
      carried.atFill = carried.highest
      try journal.append(
        .event(.refilled(profile.reservoir.filled)), at: now, wallSeconds: wall)
    }
    // What was granted and never acknowledged is uncertain from here on, whatever happens next.
    try journal.append(
      .grant(carried, upTo: carried.highest, until: now), at: now, wallSeconds: wall)
    let hidesDoses = suspicions.contains(where: \.hidesDoses)
    let knowsTime = !hidesDoses && before.knowsTime(clocks)
    let span = knowsTime ? now.elapsed(since: before.lastRunAt) : nil
    let isOutage = !isNew && (!before.isEnded || hidesDoses)
    let place = before.began.map { $0.place + now.elapsed(since: $0.at) }
    return Self(
      journal: journal, opened: now, carried: carried, recalled: recalled,
      servedSince: isNew ? now : before.servedSince,
      outage: isOutage
        ? Outage(
          span: span, uncertain: carried.uncertain, hasBolus: before.hasCommandedBolus,
          brokenBolus: before.openBolus) : nil,
      periodicPlace: isOutage && knowsTime ? place : nil,
      isWaiting: before.waitsForClinician
        || isOutage && span.map { $0 > shortOutage } ?? true,
      suspicions: suspicions, trippedBy: before.trippedBy)
  }

  /// The most steps that one grant can have permitted: of those that the journal knows, and of those that the
  /// prescription can ask for in as long a time.
  private static func largestGrant(
    in journal: inout Journal<Store>, of profile: Profile, on bench: Bench
  ) -> UInt64 {
    var most: UInt64 = 0
    var span = TimeSpan(seconds: 70)
    for sequence in journal.first..<journal.next {
      guard case .grant(let counts, let upTo, let until) = journal.record(sequence)?.entry,
        let at = journal.record(sequence)?.at
      else { continue }
      most = max(most, upTo - min(upTo, counts.highest))
      span = max(span, until.elapsed(since: at))
    }
    let window = min(span, .day)
    var volume = (try? profile.prescription.mostVolume(inAny: window)) ?? .zero
    if let bolus = profile.singleBolus {
      volume += (try? bolus.part(min(window, bolus.duration), .up)) ?? bolus.volume
    }
    let late = (try? bench.step.steps(in: bench.board.backlogLimit)) ?? 0
    return max(most, ((try? bench.step.steps(in: volume)) ?? 0) + late + 3)
  }

  /// Whether what is in the pump is still what the journal counts.
  private static func check(
    _ state: JournalState, _ kept: JournalBinding?, _ binding: JournalBinding, _ profile: Profile,
    isRefilled: Bool
  ) throws {
    // The old drug in tubing and catheter would run on at the new one's flow.
    if let kept, kept.concentration != binding.concentration {
      throw Problem(
        description: "the journal counts \(Format.concentration(kept.concentration)), and the "
          + "profile says \(Format.concentration(binding.concentration)): a change of concentration "
          + "needs a bridge, which itpump does not have yet; once tubing and catheter are rinsed with "
          + "the new drug, begin another journal with --journal")
    }
    guard !isRefilled else { return }
    if let kept, kept.step != binding.step {
      throw Problem(
        description: "the pump head or its calibration is another than the journal's: fill the "
          + "reservoir and say --refilled, or name the journal of this head")
    }
    if let filled = state.filled, filled != profile.reservoir.filled {
      throw Problem(
        description: "the journal has the reservoir filled to \(Format.volume(filled)), and the "
          + "profile says \(Format.volume(profile.reservoir.filled)): after a refill, say "
          + "--refilled, or put the journal's volume into the profile")
    }
  }

  /// What earlier sessions delivered in the last day, as steps of today's worth.
  private static func recall(
    _ journal: inout Journal<Store>, by now: Instant, as binding: JournalBinding
  ) -> [RecalledDose] {
    var doses: [RecalledDose] = []
    journal.recall(by: now) { steps, instant, kept in
      let steps = (kept ?? binding).steps(steps, as: binding)
      doses.append(RecalledDose(steps: steps, by_ns: instant.nanoseconds))
    }
    return doses
  }
}

extension JournalBinding {
  /// So many of this one's steps as another's that carry at least as much drug.
  func steps(_ steps: UInt64, as other: JournalBinding) -> UInt64 {
    guard other != self else { return steps }
    let mass = (try? step.volume(ofSteps: steps, .up)).flatMap {
      try? concentration.mass(in: $0)
    }
    let volume = mass.flatMap { try? other.concentration.volume(of: $0) }
    return volume.flatMap { try? other.step.steps(in: $0) }.map { $0 + 1 } ?? steps
  }
}
