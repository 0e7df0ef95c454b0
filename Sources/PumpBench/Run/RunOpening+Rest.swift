import PumpFiles
import PumpMessages
package import PumpProfiles
import PumpReports
package import PumpService
import PumpSession
import PumpUnits

extension RunOpening where Store: ~Copyable {
  /// Says how the pump has rested, and what follows from it.
  package borrowing func tellRest(of profile: Profile) {
    if let rest = plan.rest, !suspicions.contains(where: \.hidesDoses) {
      let span = rest.span.map { "for \(Format.span($0))" } ?? "for a time that no clock can tell"
      if rest.isBrokenOff {
        Console.note("warning: the last run was not ended: nothing ran \(span)")
      } else if plan.fallsBack || plan.isResumed {
        Console.note("warning: nothing ran \(span)")
      }
      if let bolus = rest.brokenBolus {
        let dose = (try? profile.concentration.mass(in: bolus)) ?? .zero
        Console.note(
          "warning: it broke off in a bolus of \(Format.mass(dose)): what was not given of it is not "
            + "made up")
      }
    }
    if plan.isHeld {
      Console.note(
        "warning: the therapy was held back when the last run broke off, and stays so: nothing is "
          + "delivered until somebody says 'itpump resume'")
    }
    if plan.isBolusWithheld {
      Console.note(
        "note: the journal has its single bolus begun already, and it is not given again; --bolus-again "
          + "gives it where a clinician has decided so")
    }
    let uncertain = plan.carried.uncertain
    if uncertain > 0 {
      Console.note(
        "warning: \(TextColumns.grouped(uncertain)) steps of earlier runs may or may not have been "
          + "made, and count for every limit; 'itpump reconcile' settles them")
    }
    guard plan.fallsBack else { return }
    Console.note(
      "warning: only the minimum rate runs, which is no treatment, until a clinician has looked and it "
        + "is started with --after-outage: a therapy that rested is taken up as prescribed within "
        + "\(Format.span(SessionPlan.shortOutage)) only")
  }
}
