import Foundation
import PumpTherapy
import PumpUnits

extension Profile {
  /// Each difference from another profile in a sentence; none where the two prescribe the same.
  ///
  /// - Parameters:
  ///   - old: What ran before.
  ///   - drugs: The library, whose titration steps the change is held against.
  public func differences(from old: Profile, drugs: [Drug]) -> [String] {
    let new = self
    var changes: [String] = []
    func compare(_ what: String, _ before: String, _ after: String) {
      if before != after { changes.append("\(what): \(before) before, \(after) now") }
    }
    compare("profile", old.name, new.name)
    compare("population", old.population, new.population)
    compare("drug", old.drug, new.drug)
    compare("lot", old.lot, new.lot)
    compare("expiry", "\(old.expires)", "\(new.expires)")
    compare(
      "catheter", Format.volume(old.catheterVolume), Format.volume(new.catheterVolume))
    compare("time zone", old.timeZone.identifier, new.timeZone.identifier)
    compare("mode", old.mode.rawValue, new.mode.rawValue)
    compare("dose a day", Format.mass(old.meanDosePerDay), Format.mass(new.meanDosePerDay))
    compare("most in any hour", Self.most(old, in: .hour), Self.most(new, in: .hour))
    compare("most in any 24 h", Self.most(old, in: .day), Self.most(new, in: .day))
    compare("single bolus", Self.words(old, old.singleBolus), Self.words(new, new.singleBolus))
    compare(
      "patient bolus", Self.words(old, old.prescription.patientBolus?.bolus),
      Self.words(new, new.prescription.patientBolus?.bolus))
    if changes.isEmpty, old.prescription != new.prescription {
      changes.append("the pattern is another")
    }
    changes += TitrationCheck.diagnostics(from: old, to: new, drugs: drugs).map(\.message)
    return changes
  }

  private static func most(_ profile: Profile, in window: TimeSpan) -> String {
    let volume = (try? profile.prescription.mostVolume(inAny: window)) ?? .zero
    return Format.mass((try? profile.concentration.mass(in: volume)) ?? .zero)
  }

  private static func words(_ profile: Profile, _ bolus: Bolus?) -> String {
    guard let bolus else { return "none" }
    let dose = (try? profile.concentration.mass(in: bolus.volume)) ?? .zero
    return "\(Format.mass(dose)) over \(Format.span(bolus.duration))"
  }
}
