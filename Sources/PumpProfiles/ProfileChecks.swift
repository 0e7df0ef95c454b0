import Foundation
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits

/// Checks a profile as a whole against the drug's limits, the reservoir and what the engine will refuse.
struct ProfileChecks {
  let profile: Profile
  let drug: Drug
  let limits: Drug.Population
  let bench: Bench?
  let report: Report
  let now: Date
  /// Where a key stands in what was read.
  let placeOf: (String) -> SourcePlace

  func run() {
    checkDay()
    checkHour()
    checkTreatment()
    checkReservoir()
    checkConfirmed()
  }

  private var place: SourcePlace { placeOf("therapy") }

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
          + "\(profile.population); \(Self.howToConfirm)",
        severity: .warning)
    }
    let isTreatment = profile.mode != .stopped && profile.mode != .minimumRate
    if isTreatment, least < limits.softLowPerDay {
      report.add(
        .doseBelowSoftLimit, at: place,
        "\(Format.mass(profile.meanDosePerDay)) a day is below the usual "
          + "\(Format.mass(limits.softLowPerDay)) for \(profile.population)\(perHourHint)",
        severity: .warning)
    }
  }

  /// The most in a window: therapy, permitted patient boluses, and the single bolus.
  private func most(inAny window: TimeSpan) -> Mass? {
    guard let own = try? profile.prescription.mostVolume(inAny: window) else { return nil }
    let single = profile.singleBolus.map { bolus in
      (try? bolus.part(min(window, bolus.duration), .up)) ?? bolus.volume
    }
    return (try? own.adding(single ?? .zero)).flatMap { try? profile.concentration.mass(in: $0) }
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
          + "\(Format.mass(limits.softHighPerHour)); \(Self.howToConfirm)",
        severity: .warning)
    }
  }

  /// How a clinician says that a dose beyond a soft limit is meant.
  static var howToConfirm: String {
    "if it is meant, a clinician confirms it when the run is started: 'itpump run --confirm'"
  }

  /// A day's rate that would be usual as an hour's was perhaps meant as one.
  private var perHourHint: String {
    guard case .continuous(let flow) = profile.prescription.therapy,
      let rate = try? profile.concentration.doseRate(of: flow, .up),
      let asHours = try? scaled(rate.femtogramsPerDay, by: 24, over: 1, .down),
      Mass(femtograms: asHours) >= limits.softLowPerDay,
      Mass(femtograms: asHours) <= limits.softHighPerDay
    else { return "" }
    let written = Format.decimal(rate.femtogramsPerDay, per: 1_000_000_000)
    return
      "; if \(written) ug/h were meant, that is \(Format.mass(Mass(femtograms: asHours))) a day: "
      + "write ug/h"
  }

  private func checkReservoir() {
    guard let bench else { return }
    let forecast = Forecast(profile, on: bench, from: profile.place(at: now))
    // What is wrong with the file has been said already, and is refused for it.
    if let refusal = forecast.refusal, !report.hasErrors {
      report.add(
        .refused, at: forecast.refusesBolus ? placeOf("single-bolus") : place,
        "\(forecast.refusesBolus ? "the single bolus" : "the therapy") would be refused when it "
          + "begins: \(refusal.words)")
    }
    guard let lasts = forecast.lowAlarmAfter else { return }
    if lasts < .day {
      report.ask(
        .reservoirAlarmEarly, at: placeOf("reservoir"),
        "the low alarm comes \(Format.span(lasts)) after the start: "
          + "\(Format.volume(profile.reservoir.filled)) are in the reservoir, and the alarm is at "
          + Format.volume(profile.reservoir.lowAlarm))
    }
    let due = now.addingTimeInterval(Double(lasts.nanoseconds / 1_000_000_000))
    if lasts > TimeSpan(days: 180) {
      report.ask(
        .refillBeyondPractice, at: placeOf("reservoir"),
        "the reservoir would last \(lasts.nanoseconds / TimeSpan.day.nanoseconds) days; practice is "
          + "to refill within 180: fill in less, or plan the refill by the calendar")
    }
    // One that has expired is told for itself.
    if CalendarDay(due, in: profile.timeZone) > profile.expires,
      CalendarDay(now, in: profile.timeZone) <= profile.expires
    {
      report.add(
        .drugExpiresSoon, at: placeOf("drug"),
        "the drug expires on \(profile.expires), before the refill is due on "
          + "\(CalendarDay(due, in: profile.timeZone)): plan the refill before it expires",
        severity: .warning)
    }
  }

  private func checkTreatment() {
    if profile.singleBolus != nil, case .flex(let pattern) = profile.prescription.therapy,
      !pattern.boluses.isEmpty
    {
      report.add(
        .flexOverlap, at: placeOf("single-bolus"),
        "a single bolus at the start could meet the therapy's own boluses: give it as an entry of the "
          + "pattern with its time, or leave it out")
    }
    let isScreening = drug.screening.contains(profile.concentration)
    if isScreening, profile.mode != .stopped {
      report.ask(
        .screeningSolution, at: placeOf("drug"),
        "\(Format.concentration(profile.concentration)) is a solution for screening; a therapy "
          + "empties the reservoir in days")
    }
    switch profile.mode {
    case .minimumRate where profile.meanDosePerDay >= limits.softLowPerDay:
      report.add(
        .outOfRange, at: place,
        "this minimum rate gives \(Format.mass(profile.meanDosePerDay)) a day, which is a treatment"
          + minimumRateHint)
    case .minimumRate:
      report.add(
        .notTherapeutic, at: place, "a minimum rate keeps the lumen open; it is not a treatment",
        severity: .warning)
    case .stopped where profile.singleBolus == nil:
      let isAsked = profile.prescription.patientBolus != nil
      report.add(
        .notTherapeutic, at: place,
        "nothing is delivered\(isAsked ? " unless the patient asks" : ""); a pump stopped for more than 24 h is a hazard",
        severity: .warning)
    default: break
    }
  }

  /// What a minimum rate that treats was perhaps meant to be: the same number a day, or in µL.
  private var minimumRateHint: String {
    let flow = profile.prescription.therapy.peakBasal
    for parts: UInt64 in [24, 1_000, 24_000] {
      let meant = FlowRate(femtolitresPerDay: flow.femtolitresPerDay / parts)
      guard let rate = try? profile.concentration.doseRate(of: meant, .up),
        Mass(femtograms: rate.femtogramsPerDay) < limits.softLowPerDay,
        meant >= FlowRate(microlitresPerDay: 1)
      else { continue }
      let written = Format.decimal(meant.femtolitresPerDay, per: 1_000_000_000)
      return ": if \(written) uL/day were meant, write that; a treatment is written as continuous"
    }
    return ": a treatment is written as continuous"
  }

  /// What a person said is right, and is nothing that would be asked about, is perhaps out of date.
  private func checkConfirmed() {
    for code in report.unusedConfirmations {
      report.add(
        .nothingToConfirm, at: placeOf("confirmed"),
        "'\(code)' is confirmed, and nothing of that kind is in this file: leave it out",
        severity: .warning)
    }
  }
}
