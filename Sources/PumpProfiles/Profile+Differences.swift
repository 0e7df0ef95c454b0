import Foundation
import PumpTherapy
public import PumpUnits

/// A setting that is otherwise in one profile than in another.
public struct SettingChange: Equatable, Sendable {
  public var setting: String
  public var before: String
  public var now: String
  /// Of a dose: by how many thousandths of a percent it rises, less than zero where it falls; `nil` where there was
  /// none before.
  public var rise: Int64?

  public init(setting: String, before: String, now: String, rise: Int64? = nil) {
    self.setting = setting
    self.before = before
    self.now = now
    self.rise = rise
  }

  /// A dose before and now.
  public init(_ setting: String, _ before: Mass, _ now: Mass) {
    self.init(setting: setting, before: Format.mass(before), now: Format.mass(now))
    guard !before.isZero else { return }
    let more = now.femtograms > before.femtograms
    let difference =
      more ? now.femtograms - before.femtograms : before.femtograms - now.femtograms
    guard let share = try? scaled(difference, by: 100_000, over: before.femtograms, .down),
      let size = Int64(exactly: share)
    else { return }
    rise = more ? size : -size
  }
}

extension Profile {
  /// What another profile has otherwise: whom and what it is for, and the doses.
  public func changes(from old: Profile) -> [SettingChange] {
    let new = self
    var changes: [SettingChange] = []
    func compare(_ what: String, _ before: String, _ now: String) {
      if before != now { changes.append(.init(setting: what, before: before, now: now)) }
    }
    func compare(_ what: String, _ before: Mass, _ now: Mass) {
      // A femtogram of rounding is no difference that a person could see.
      if Format.mass(before) != Format.mass(now) { changes.append(.init(what, before, now)) }
    }
    compare("profile", old.name, new.name)
    compare("patient", old.prescribed.patient ?? "not said", new.prescribed.patient ?? "not said")
    compare("population", old.population, new.population)
    compare("drug", old.drug, new.drug)
    compare("lot", old.lot, new.lot)
    compare("expiry", "\(old.expires)", "\(new.expires)")
    compare(
      "catheter", Format.volume(old.catheterVolume), Format.volume(new.catheterVolume))
    compare("time zone", old.timeZone.identifier, new.timeZone.identifier)
    compare("mode", old.mode.rawValue, new.mode.rawValue)
    compare("dose a day", old.meanDosePerDay, new.meanDosePerDay)
    compare("most in any hour", Self.most(old, in: .hour), Self.most(new, in: .hour))
    compare("most in any 24 h", Self.most(old, in: .day), Self.most(new, in: .day))
    compare("single bolus", Self.words(old, old.singleBolus), Self.words(new, new.singleBolus))
    compare(
      "patient bolus", Self.words(old, old.prescription.patientBolus),
      Self.words(new, new.prescription.patientBolus))
    return changes
  }

  /// Each difference from another profile in a sentence; none where the two prescribe the same.
  ///
  /// - Parameters:
  ///   - old: What ran before.
  ///   - drugs: The library, whose titration steps the change is held against.
  public func differences(from old: Profile, drugs: [Drug]) -> [String] {
    var told = changes(from: old).map { "\($0.setting): \($0.before) before, \($0.now) now" }
    if told.isEmpty, old.prescription != prescription { told.append("the pattern is another") }
    return told + TitrationCheck.diagnostics(from: old, to: self, drugs: drugs).map(\.message)
  }

  private static func most(_ profile: Profile, in window: TimeSpan) -> Mass {
    let volume = (try? profile.prescription.mostVolume(inAny: window)) ?? .zero
    return (try? profile.concentration.mass(in: volume)) ?? .zero
  }

  private static func words(_ profile: Profile, _ bolus: Bolus?) -> String {
    guard let bolus else { return "none" }
    let dose = (try? profile.concentration.mass(in: bolus.volume)) ?? .zero
    return "\(Format.mass(dose)) over \(Format.span(bolus.duration))"
  }

  private static func words(_ profile: Profile, _ rule: PatientBolusRule?) -> String {
    guard let rule else { return "none" }
    return "\(words(profile, rule.bolus)), lock-out \(Format.span(rule.lockout)), "
      + "at most \(rule.maximumPerDay) a day"
  }
}
