package import PumpJournal
import PumpLinux
import PumpMessages
package import PumpProfiles
import PumpSafety
package import PumpSession
import PumpTherapy
import PumpUnits

/// A session that was opened on a journal: what was decided, and what of the journal the pump has to remember.
package struct RunOpening<Store: RunStore & ~Copyable>: ~Copyable {
  package var journal: Journal<Store>
  package let plan: SessionPlan
  package let memory: SessionMemory
  /// What is not as the journal's last session left it.
  package let suspicions: [JournalSuspicion]
  /// Whether a time service kept the wall clock.
  package let isClockKept: Bool

  /// Why a session can't begin.
  package struct Problem: Error, CustomStringConvertible {
    package var description: String
  }

  /// Opens a session.
  ///
  /// - Parameters:
  ///   - journal: The journal as its last session left it.
  ///   - wish: What is wanted; what the journal hides is added to it here.
  ///   - text: The profile as written, of which the journal keeps two copies.
  ///   - suspicions: What is not as the journal's last session left it.
  ///   - clocks: What the system's clocks say.
  /// - Throws: `Problem`, or the store's failure.
  package static func open(
    _ journal: consuming Journal<Store>, _ profile: Profile, on bench: Bench, _ wish: SessionWish,
    text: [UInt8], suspicions: [JournalSuspicion] = [], clocks: SystemClocks = .now
  ) throws -> Self {
    var journal = journal
    var wish = wish
    wish.hidesDoses = suspicions.contains(where: \.hidesDoses)
    if journal.damagedEnd != nil {
      wish.doubtful = largestGrant(in: &journal, of: profile, on: bench)
    }
    let plan: SessionPlan
    do throws(SessionProblem) {
      plan = try SessionPlan(journal.state, binding: journal.bindingOfDrug(), wish, clocks)
    } catch {
      throw Problem(description: error.words(profile))
    }
    let binding = JournalBinding(step: wish.step, concentration: wish.concentration)
    let memory = SessionMemory(&journal, by: plan.opened, as: binding)
    let (now, wall) = (plan.opened, clocks.wallSeconds)
    try journal.append(plan.opening, at: now, wallSeconds: wall)
    try journal.keepProfile(text, at: now, wallSeconds: wall)
    for suspicion in suspicions {
      try journal.note(Array(suspicion.words.utf8), at: now, wallSeconds: wall)
    }
    if let filling = plan.filling { try journal.append(filling, at: now, wallSeconds: wall) }
    try journal.append(plan.settling, at: now, wallSeconds: wall)
    return Self(
      journal: journal, plan: plan, memory: memory, suspicions: suspicions,
      isClockKept: clocks.isSynchronised)
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
}

extension Profile {
  /// What a session of it is opened with.
  package func sessionWish(on bench: Bench) -> SessionWish {
    var wish = SessionWish(
      step: bench.step, concentration: concentration, filled: reservoir.filled)
    wish.singleBolus = singleBolus
    return wish
  }
}

extension SessionProblem {
  /// Why, and what to do.
  fileprivate func words(_ profile: Profile) -> String {
    switch self {
    case .concentrationDiffers(let kept):
      "the journal counts \(Format.concentration(kept)), and the "
        + "profile says \(Format.concentration(profile.concentration)): a change of concentration "
        + "needs a bridge, which 'itpump bridge' works out and no run gives yet; once tubing and "
        + "catheter are rinsed with the new drug, begin another journal with --journal"
    case .stepDiffers:
      "the pump head or its calibration is another than the journal's: fill the "
        + "reservoir and say --refilled, or name the journal of this head"
    case .fillingDiffers(let kept):
      "the journal has the reservoir filled to \(Format.volume(kept)), and the "
        + "profile says \(Format.volume(profile.reservoir.filled)): after a refill, say "
        + "--refilled, or put the journal's volume into the profile"
    }
  }
}
