public import Foundation
public import PumpMessages
public import PumpProfiles
import PumpSafety
import PumpTherapy
public import PumpUnits

/// A therapy that is to run instead of the present one, judged as a profile is.
public struct Adoption {
  public let profile: Profile
  /// As it was written; `nil` where the journal has it already.
  let text: String?
  let differences: [String]
  /// Where in its pattern it begins.
  public let place: TimeSpan

  /// Reads a profile that a client has sent, and holds it against what runs.
  ///
  /// What is in the reservoir, and whose pump it is, no adoption changes: that takes a refill, or a start by hand.
  ///
  /// - Parameters:
  ///   - status: Where the pump is by now.
  ///   - date: The wall clock then.
  public init(
    _ request: WireRequest, instead facts: PumpFacts, _ status: SessionStatus, at date: Date
  ) throws(RequestReader.Problem) {
    guard let text = request.profile else {
      throw RequestReader.Problem(code: "missing-argument", message: "profile: expected its text")
    }
    let loader = ProfileLoader(drugs: facts.drugs, bench: facts.bench, now: date)
    let (loaded, diagnostics) = loader.load(text)
    guard let new = loaded else {
      throw RequestReader.Problem(
        code: "profile-refused",
        message: diagnostics.map { $0.line(file: "profile") }.joined(separator: "\n"))
    }
    let old = facts.profile
    let isSame =
      new.drug == old.drug && new.concentration == old.concentration && new.lot == old.lot
      && new.population == old.population && new.catheterVolume == old.catheterVolume
      && new.reservoir.filled(to: old.reservoir.filled) == old.reservoir
    guard isSame, old.prescribed.mayBeOfPatient(of: new.prescribed) else {
      throw RequestReader.Problem(
        code: "not-a-therapy",
        message:
          "drug, concentration, lot, population, catheter or reservoir are others: a new filling "
          + "or another patient takes a start by hand, with --changed")
    }
    // Several small steps in a day are one: each profile of these 24 h is where the dose comes from.
    let steps = facts.prescribed(within24hBefore: status.at).flatMap {
      TitrationCheck.diagnostics(from: $0, to: new, drugs: facts.drugs)
    }
    if let refused = steps.first(where: { $0.severity == .error }) {
      throw RequestReader.Problem(code: refused.code.rawValue, message: refused.message)
    }
    // A person decides on more than is usual; on less nobody has to.
    let isConfirmed = request.confirm == true || request.preview == true
    if !isConfirmed, let asked = steps.first(where: { $0.code == .doseStepAboveSoftLimit }) {
      throw RequestReader.Problem(
        code: asked.code.rawValue, message: "\(asked.message), and confirms it with --confirm")
    }
    var adopted = new
    // What is in it the journal counts, and not the file.
    adopted.reservoir = old.reservoir
    profile = adopted
    self.text = text
    differences = new.differences(from: old, drugs: facts.drugs)
    place = Self.place(of: new, instead: facts, status) ?? facts.place(of: new, at: date)
  }

  /// Where a pattern without times of day goes on that takes the place of another one: no sooner than its own
  /// interval after the last bolus.
  private static func place(
    of new: Profile, instead facts: PumpFacts, _ status: SessionStatus
  ) -> TimeSpan? {
    guard new.mode == .periodic, case .flex(let pattern) = new.prescription.therapy,
      facts.profile.mode == .periodic,
      case .flex(let old) = facts.profile.prescription.therapy
    else { return nil }
    // While only the minimum rate runs the drive has no place in it.
    let here =
      status.drive.fallBack == nil
      ? status.drive.place : facts.place.map { $0.place + status.at.elapsed(since: $0.at) }
    guard let here else { return nil }
    let since = TimeSpan(nanoseconds: here.nanoseconds % old.period.nanoseconds)
    // One that is overdue by the new interval is due now.
    return since < pattern.period ? since : .zero
  }

  /// What was prescribed runs again, after an outage that left the minimum rate.
  ///
  /// - Parameter rest: For how much longer the pump had rested than its clock counts.
  public init(
    endingOutage facts: PumpFacts, _ status: SessionStatus, at date: Date, rest: TimeSpan = .zero
  ) throws(RequestReader.Problem) {
    guard status.drive.fallBack != nil else {
      throw RequestReader.Problem(code: "no-outage", message: "what is prescribed runs already")
    }
    profile = facts.profile
    text = nil
    differences = ["the minimum rate ends, and what is prescribed runs again"]
    // A bolus that was just given is not given again: a pattern without times of day goes on where it is.
    place =
      facts.place.map { $0.place + status.at.elapsed(since: $0.at) + rest }
      ?? facts.place(of: profile, at: date)
  }

  /// What the pump is asked for.
  public func command(isConfirmed: Bool) -> Command {
    .adopt(profile.prescription, place: place, isConfirmed: isConfirmed)
  }
}
