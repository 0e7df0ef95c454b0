import Foundation
package import PumpClinic
import PumpProfiles
import PumpUnits

/// What comes next in a screening.
package struct ScreeningReport: Encodable {
  package var reference: String
  package var trials: Int
  /// `give`, `observe`, `start` or `no-candidate`.
  package var next: String
  /// Of `give`, the bolus; of `observe`, the one that was given; of `start`, the dose of the first day.
  package var dose_ug: Double?
  /// Of `give`, in the screening's own zone; absent for the first one.
  package var not_before: String?
  package var text: String

  private enum CodingKeys: CodingKey { case reference, trials, next, dose_ug, not_before }

  package init(_ record: ScreeningReader.Record) {
    reference = record.reference
    trials = record.screening.trials.count
    func micrograms(_ dose: Mass) -> Double { Double(dose.femtograms) / 1e9 }
    let words: String
    switch record.screening.next {
    case .give(let dose, let notBefore):
      next = "give"
      dose_ug = micrograms(dose)
      if trials > 0 { not_before = ScreeningReader.moment(notBefore, in: record.timeZone) }
      words =
        "next: \(Format.mass(dose)) over at least \(Format.span(Screening.shortest))"
        + (not_before.map { ", not before \($0)" } ?? "")
        + "; observe for 4 to 8 h, and write down what was seen"
    case .observe(let dose):
      next = "observe"
      dose_ug = micrograms(dose)
      words =
        "next: write down what was seen of the \(Format.mass(dose)) before anything more is given"
    case .start(let perDay, let reason):
      next = "start"
      dose_ug = micrograms(perDay)
      words = "a pump begins with \(Format.mass(perDay)) in the first 24 h: \(Self.words(reason))"
    case .noCandidate:
      next = "no-candidate"
      words =
        "no response to \(Screening.ladder.last.map(Format.mass) ?? ""): no candidate for a pump"
    }
    text = "\(reference): \(trials) trial\(trials == 1 ? "" : "s"); \(words)\n"
  }

  private static func words(_ reason: Screening.Reason) -> String {
    switch reason {
    case .twiceTheEffectiveDose: "twice what worked; no more on the first day"
    case .workedForLong:
      "what worked, once, for it worked for over \(Format.span(Screening.long)); no more on the first day"
    case .reaction: "what worked, once, for it was not borne well; no more on the first day"
    }
  }
}
