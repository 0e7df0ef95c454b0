import ArgumentParser
import Foundation
import PumpFiles
import PumpJournal
import PumpMessages
import PumpProfiles
import PumpReports
import PumpService
import PumpSession
import PumpUnits

/// What a person decides before a run begins; a run that nobody started by hand never waits for one.
extension RunCommand {
  func wish(of profile: Profile, on bench: Bench) -> SessionWish {
    var wish = profile.sessionWish(on: bench)
    wish.isRefilled = journaling.refilled
    wish.isAfterOutage = afterOutage
    wish.isBolusAgain = bolusAgain
    wish.isPeriodic = profile.mode == .periodic && start == nil
    return wish
  }

  /// Asks a person whether a therapy that rested for long goes on as prescribed.
  func askAfterRest<Store: RunStore & ~Copyable>(
    _ journal: inout Journal<Store>, _ wish: inout SessionWish
  ) throws {
    guard Self.isByHand,
      let plan = try? SessionPlan(
        journal.state, binding: journal.bindingOfDrug(), wish, .now), plan.fallsBack
    else { return }
    let span =
      plan.rest?.span.map { "for \(Format.span($0))" } ?? "for a time that no clock can tell"
    wish.isAfterOutage = Self.types(
      "after-outage",
      "nothing ran \(span). Tolerance may be lost: a clinician decides. Type after-outage to go on as "
        + "prescribed, or anything else for the minimum rate: ")
  }

  /// Takes a changed profile where a person says so by name; else what ran before runs, and an alarm tells.
  ///
  /// - Returns: Whether a changed profile waits.
  func settleChange<Store: RunStore & ~Copyable>(
    _ journal: inout Journal<Store>, _ inputs: inout ProfileInputs, _ profile: inout Profile
  ) throws -> Bool {
    guard let change = try ProfileChange.find(in: &journal, against: inputs, profile),
      !change.differences.isEmpty
    else { return false }
    Console.note("\(inputs.profile.path): this is not what the journal ran last:")
    for line in change.differences { Console.note("  \(line)") }
    if changed
      || Self.isByHand
        && Self.types("changed", "Type changed to run this, or anything else to leave it: ")
    {
      return false
    }
    var earlier = inputs
    earlier.profile = change.old
    // What ran may have expired since: that blocks what is new, and never what runs.
    guard
      let old = try? earlier.judged(now: nil).profile
    else {
      throw ProjectFiles.Problem(
        description: "\(inputs.profile.path): error: what ran before can't be read any more; say "
          + "--changed where a clinician has decided to run this")
    }
    Console.note(
      "warning: nobody has confirmed the change (--changed): what ran before runs, and an alarm tells"
    )
    (inputs, profile) = (earlier, old)
    return true
  }

  /// Waits for the acknowledgement of what stopped the last run, or gives it.
  func settleTrip(_ trip: Alarm?, _ control: SupervisedRun) throws {
    guard let trip else { return }
    Console.note(
      "warning: the last run was stopped by an alarm: \(trip.title) [\(trip.name)]; look for its cause"
    )
    if acknowledge == trip.name
      || Self.isByHand
        && Self.types(
          trip.name, "Type \(trip.name) where its cause was found and is gone: ")
    {
      control.acknowledge(trip)
    }
    control.tellWaiting = { alarm in
      Console.note(
        "waiting: nothing is delivered before somebody has acknowledged it: itpump acknowledge "
          + alarm.name)
    }
  }

  /// Whether somebody is there to be asked.
  private static var isByHand: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  private static func types(_ word: String, _ question: String) -> Bool {
    Console.write(question)
    return readLine()?.trimmingCharacters(in: .whitespaces) == word
  }
}
