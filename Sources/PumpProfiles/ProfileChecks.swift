import Foundation
import PumpSafety
import PumpTherapy
import PumpUnits

/// Checks a profile as a whole against the drug's limits and the reservoir.
struct ProfileChecks {
  let profile: Profile
  let drug: Drug
  let limits: Drug.Population
  let root: Fields
  let now: Date

  func run() {
    checkDay()
    checkHour()
    checkReservoir()
    checkTreatment()
  }

  private var report: Report { root.report }
  private var place: SourcePlace { root.place(of: "therapy") }

  private func checkDay() {
    guard let most = most(inAny: .day)
    else {
      report.add(.outOfRange, at: place, "the dose of a day is beyond the arithmetic")
      return
    }
    // Rounded up from flows that were rounded down: a limit itself is not above the limit.
    let least = Mass(count: profile.meanDosePerDay.count + 1_000_000)
    let shown = Format.mass(most)
    if most > limits.hardHighPerDay + Mass(count: 1_000_000) {
      report.add(
        .doseAboveHardLimit, at: place,
        "\(shown) in 24 h is above the limit of \(Format.mass(limits.hardHighPerDay)) for "
          + profile.population)
    } else if most > limits.softHighPerDay + Mass(count: 1_000_000) {
      report.add(
        .doseAboveSoftLimit, at: place,
        "\(shown) in 24 h is above the usual \(Format.mass(limits.softHighPerDay)) for "
          + "\(profile.population): confirm",
        severity: .warning)
    }
    let isTreatment = profile.mode != .stopped && profile.mode != .minimumRate
    if isTreatment, least < limits.softLowPerDay {
      report.add(
        .doseBelowSoftLimit, at: place,
        "\(Format.mass(profile.meanDosePerDay)) a day is below the usual "
          + "\(Format.mass(limits.softLowPerDay)) for \(profile.population): confirm",
        severity: .warning)
    }
  }

  /// The most in a window: therapy, permitted patient boluses, and the single bolus.
  private func most(inAny window: TimeSpan) -> Mass? {
    guard let own = try? profile.prescription.mostVolume(inAny: window) else { return nil }
    let single = profile.singleBolus?.volume ?? .zero
    return (try? own.adding(single)).flatMap { try? profile.concentration.mass(in: $0) }
  }

  private func checkHour() {
    guard let most = most(inAny: .hour) else { return }
    let grain = Mass(count: 1_000_000)
    if most > limits.hardHighPerHour + grain {
      report.add(
        .hourlyDoseAboveLimit, at: place,
        "\(Format.mass(most)) in one hour is above the limit of "
          + Format.mass(limits.hardHighPerHour))
    } else if most > limits.softHighPerHour + grain {
      report.add(
        .hourlyDoseAboveLimit, at: place,
        "\(Format.mass(most)) in one hour is above the usual "
          + "\(Format.mass(limits.softHighPerHour)): confirm",
        severity: .warning)
    }
  }

  private func checkReservoir() {
    let usable = profile.reservoir.filled.lessening(by: profile.reservoir.lowAlarm)
    guard
      let lasts = Reservoir.timeToUse(
        usable, by: profile.prescription, from: profile.place(at: now))
    else { return }
    let due = now.addingTimeInterval(Double(lasts.nanoseconds / 1_000_000_000))
    if lasts > TimeSpan(days: 180) {
      report.add(
        .refillBeyondPractice, at: root.place(of: "reservoir"),
        "the reservoir would last \(lasts.nanoseconds / TimeSpan.day.nanoseconds) days; practice is "
          + "to refill within 180",
        severity: .warning)
    }
    if CalendarDay(due, in: profile.timeZone) > profile.expires {
      report.add(
        .drugExpiresSoon, at: root.place(of: "drug"),
        "the drug expires on \(profile.expires), before the refill is due on "
          + "\(CalendarDay(due, in: profile.timeZone))",
        severity: .warning)
    }
  }

  private func checkTreatment() {
    if profile.singleBolus != nil, case .flex(let pattern) = profile.prescription.therapy,
      !pattern.boluses.isEmpty
    {
      report.add(
        .flexOverlap, at: root.place(of: "single-bolus"),
        "a single bolus at the start could meet the therapy's own boluses; leave one of them out")
    }
    let isScreening = drug.screening.contains(profile.concentration)
    if isScreening, profile.mode != .stopped {
      report.add(
        .screeningSolution, at: root.place(of: "drug"),
        "\(Format.concentration(profile.concentration)) is a solution for screening; a therapy "
          + "empties the reservoir in days",
        severity: .warning)
    }
    switch profile.mode {
    case .minimumRate where profile.meanDosePerDay >= limits.softLowPerDay:
      report.add(
        .outOfRange, at: place,
        "this minimum rate gives \(Format.mass(profile.meanDosePerDay)) a day, which is a treatment: "
          + "write continuous")
    case .minimumRate:
      report.add(
        .notTherapeutic, at: place, "a minimum rate keeps the lumen open; it is not a treatment",
        severity: .warning)
    case .stopped where profile.singleBolus == nil:
      report.add(
        .notTherapeutic, at: place,
        "nothing is delivered; a pump stopped for more than 24 h is a hazard", severity: .warning)
    default: break
    }
  }
}
