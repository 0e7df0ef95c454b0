import Foundation
package import PumpProfiles
import PumpTherapy
import PumpUnits

/// A prescription as the dosage instructions of a FHIR R4 MedicationRequest.
///
/// A flow is a rate that is ordered, in µg/h, from a time of day for so long; a bolus is a dose. An entry that is the
/// same on several weekdays stands once, with its weekdays. A time of day is every day's, or each named weekday's: R4
/// forbids `frequency` and `period` beside it. All instructions hold at once, so none has a `sequence`.
package struct FHIRDosage {
  private let profile: Profile

  package init(_ profile: Profile) { self.profile = profile }

  package var instructions: [FHIRValue] {
    var out = basal + boluses
    if let bolus = profile.singleBolus {
      out.append(
        dose(bolus, "once, at the start", timing: ["count": 1]))
    }
    if let rule = patient { out.append(rule) }
    return out
  }

  static let route = FHIRValue.of([
    "coding": [
      .coding(
        "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration", "IT",
        "Infusion, intrathecal")
    ], "text": "intrathecal",
  ])

  // MARK: - Basal

  private var basal: [FHIRValue] {
    switch profile.prescription.therapy {
    case .stopped: []
    case .minimumRate(let flow):
      [rate(flow, "minimum rate: no treatment", timing: nil)]
    case .continuous(let flow): [rate(flow, "continuously", timing: nil)]
    case .flex(let pattern):
      isByClock
        ? grouped(segments(pattern)).map { days, each in
          rate(
            each.value, words(each.start, each.lasts, days),
            timing: clock(each.start, each.lasts, days))
        } : [rate(pattern.peak, "continuously", timing: nil)]
    }
  }

  private var isByClock: Bool { profile.mode == .flexDaily || profile.mode == .flexWeekly }

  private func rate(_ flow: FlowRate, _ words: String, timing: FHIRValue?) -> FHIRValue {
    let perHour = Self.rate(flow, profile.concentration)
    return instruction(
      "\(perHour) µg/h \(words)", timing,
      ["rateQuantity": .quantity(perHour, "ug/h")])
  }

  /// µg/h, to the millionth.
  static func rate(_ flow: FlowRate, _ concentration: Concentration) -> Double {
    let dose = (try? concentration.doseRate(of: flow, .up)) ?? .zero
    return (Double(dose.femtogramsPerDay) / 24e3).rounded() / 1e6
  }

  // MARK: - Boluses

  private var boluses: [FHIRValue] {
    guard case .flex(let pattern) = profile.prescription.therapy else { return [] }
    guard isByClock else {
      return pattern.boluses.map { each in
        dose(
          each.bolus, "every \(Format.span(pattern.period))",
          timing: [
            "frequency": 1, "period": .decimal(Double(pattern.period.nanoseconds) / 60e9),
            "periodUnit": "min",
          ])
      }
    }
    let entries = pattern.boluses.map {
      Entry(start: $0.start, lasts: $0.bolus.duration, value: $0.bolus)
    }
    return grouped(entries).map { days, each in
      guard case .object(let repeated)? = clock(each.start, nil, days)["repeat"] else {
        return dose(each.value, words(each.start, nil, days), timing: [:])
      }
      return dose(each.value, words(each.start, nil, days), timing: repeated)
    }
  }

  private var patient: FHIRValue? {
    guard let rule = profile.prescription.patientBolus else { return nil }
    let most = mass(rule.bolus.volume) * Double(rule.maximumPerDay)
    let words =
      "when the patient asks, at most \(rule.maximumPerDay) a day, lock-out \(Format.span(rule.lockout))"
    guard case .object(var members) = dose(rule.bolus, words, timing: [:]) else { return nil }
    members["asNeededBoolean"] = true
    members["maxDosePerPeriod"] = .of([
      "numerator": .quantity(most, "ug"), "denominator": .quantity(1, "d"),
    ])
    return .object(members)
  }

  private func dose(_ bolus: Bolus, _ words: String, timing: [String: FHIRValue]) -> FHIRValue {
    var timing = timing
    timing["duration"] = .decimal(Double(bolus.duration.nanoseconds) / 60e9)
    timing["durationUnit"] = "min"
    let dose = mass(bolus.volume)
    return instruction(
      "bolus of \(Format.mass(Mass(femtograms: UInt64((dose * 1e9).rounded())))) over \(Format.span(bolus.duration)), \(words)",
      .of(["repeat": .object(timing)]), ["doseQuantity": .quantity(dose, "ug")])
  }

  private func mass(_ volume: Volume) -> Double {
    ((try? profile.concentration.mass(in: volume, .up)) ?? .zero).micrograms
  }

  private func instruction(_ text: String, _ timing: FHIRValue?, _ amount: [String: FHIRValue])
    -> FHIRValue
  {
    var ordered = amount
    ordered["type"] = .of([
      "coding": [
        .coding("http://terminology.hl7.org/CodeSystem/dose-rate-type", "ordered", "Ordered")
      ]
    ])
    return .of([
      "text": .text(text), "timing": timing, "route": Self.route,
      "doseAndRate": .list([.object(ordered)]),
    ])
  }

  // MARK: - Days of the week

  private struct Entry<Value: Hashable>: Hashable {
    var start: TimeSpan
    var lasts: TimeSpan
    var value: Value
  }

  private func segments(_ pattern: FlexPattern) -> [Entry<FlowRate>] {
    let segments = Array(pattern.segments)
    return segments.enumerated().map { place, segment in
      let end = place + 1 < segments.count ? segments[place + 1].start : pattern.period
      return Entry(start: segment.start, lasts: end - segment.start, value: segment.flow)
    }
  }

  /// Entries by their time of day, each with the weekdays that have it, 0 for Monday; none where it is every day.
  private func grouped<Value>(_ entries: [Entry<Value>]) -> [(days: [Int], entry: Entry<Value>)] {
    guard profile.mode == .flexWeekly else { return entries.map { ([], $0) } }
    var groups: [(days: [Int], entry: Entry<Value>)] = []
    let day = TimeSpan.day.nanoseconds
    for entry in entries {
      let weekday = Int(entry.start.nanoseconds / day)
      var each = entry
      each.start = TimeSpan(nanoseconds: entry.start.nanoseconds % day)
      if let place = groups.firstIndex(where: { $0.entry == each }) {
        groups[place].days.append(weekday)
      } else {
        groups.append(([weekday], each))
      }
    }
    return groups.map { $0.days.count == 7 ? ([], $0.entry) : $0 }
  }

  private static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

  private func clock(_ start: TimeSpan, _ lasts: TimeSpan?, _ days: [Int]) -> FHIRValue {
    .of([
      "repeat": .of([
        "dayOfWeek": .list(days.map { .text(Self.weekdays[$0]) }),
        "timeOfDay": [.text(Self.time(start))],
        "duration": lasts.map { .decimal(Double($0.nanoseconds) / 60e9) },
        "durationUnit": lasts.map { _ in "min" },
      ])
    ])
  }

  /// A flow holds from a time on, a bolus begins at one.
  private func words(_ start: TimeSpan, _ lasts: TimeSpan?, _ days: [Int]) -> String {
    let named = days.map { Self.weekdays[$0].capitalized }.joined(separator: ", ")
    return "\(lasts == nil ? "at" : "from") \(Self.time(start).dropLast(3))"
      + (lasts.map { " for \(Format.span($0))" } ?? "")
      + ", " + (days.isEmpty ? "every day" : named)
  }

  private static func time(_ span: TimeSpan) -> String {
    let seconds = span.nanoseconds / 1_000_000_000
    return String(
      format: "%02d:%02d:%02d", Int(seconds / 3_600), Int(seconds / 60 % 60), Int(seconds % 60))
  }
}
