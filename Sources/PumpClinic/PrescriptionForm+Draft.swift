import Foundation
import PumpProfiles
import PumpUnits

/// The profile that the answers make.
extension PrescriptionForm {
  /// The profile's text, when every question is answered.
  public var text: String? { next == nil ? drafted(isWhole: true).text : nil }

  /// The profile of the answers so far, and the lines that each question's answer is on.
  ///
  /// - Parameter isWhole: Whether nothing stands in for what was not answered.
  func drafted(isWhole: Bool) -> (text: String, lines: [String: [Int]]) {
    var draft = Draft(isWhole: isWhole, answers: answers)
    draft.group(nil, [("profile", "draft"), ("population", "adult-spinal")])
    draft.group("prescribed", [("patient", nil), ("prescriber", nil), ("reason", nil)])
    let solution = library?.concentrations.max().map {
      "\($0.nanogramsPerMillilitre / 1_000) ug/mL"
    }
    draft.group(
      "drug",
      [
        ("name", loader.drugs.first?.name ?? "baclofen"),
        ("concentration", solution ?? "2000 ug/mL"),
        ("lot", "draft"), ("expires", "\(CalendarDay(loader.now, in: .gmt))"),
      ], texts: ["lot"])
    draft.group(
      "reservoir", [("capacity", "100 mL"), ("volume", "3 mL"), ("low-alarm", "2 mL")])
    draft.group("catheter", [("length", "72 cm"), ("volume-per-length", "2.2 uL/cm")])
    therapy(&draft)
    return (draft.lines.joined(separator: "\n") + "\n", draft.places)
  }

  private func therapy(_ draft: inout Draft) {
    // What is wrong with the whole day is told at its key: it is asked again with the day's last answer.
    switch answers["mode"] {
    case "continuous":
      draft.group("therapy", [("continuous", "100 ug/day")], told: ["therapy.continuous"])
    case "periodic":
      draft.group(
        "therapy", [("continuous", "0 ug/day")],
        told: ["therapy.continuous", "periodic-bolus.dose", "periodic-bolus.every"])
      draft.group("periodic-bolus", [("dose", "1 ug"), ("over", "10 min"), ("every", "24 h")])
    case "minimum-rate":
      draft.group("therapy", [("minimum-rate", "6 uL/day")], told: ["therapy.minimum-rate"])
    case "flex":
      let row = "therapy.flex.every-day"
      draft.place([row], "therapy:")
      draft.place([row], "  flex:")
      draft.place(
        ["therapy.flex.time-zone"],
        "    time-zone: \(YAMLScalar.written(answers["therapy.flex.time-zone"] ?? "UTC") ?? "")")
      draft.place([row], "    every-day:")
      if rows.isEmpty { draft.place([], "      - {from: \"00:00\", rate: 4 ug/h}") }
      for each in rows { draft.place([row], each.line) }
    default: draft.place([], "therapy: stopped")
    }
  }

  /// A profile in the making.
  private struct Draft {
    let isWhole: Bool
    let answers: [String: String]
    var lines: [String] = []
    var places: [String: [Int]] = [:]

    init(isWhole: Bool, answers: [String: String]) {
      (self.isWhole, self.answers) = (isWhole, answers)
    }

    /// Writes a line, with the questions that are asked again where something is wrong with it.
    mutating func place(_ paths: [String], _ line: String) {
      lines.append(line)
      for path in paths { places[path, default: []].append(lines.count) }
    }

    /// Writes the values of a mapping, each on a line of its own.
    ///
    /// - Parameters:
    ///   - texts: Those that are texts, whatever they look like.
    ///   - told: Which questions are asked again where something is wrong with the whole.
    mutating func group(
      _ key: String?, _ values: [(String, String?)], texts: Set<String> = [], told: [String] = []
    ) {
      let isTexts = key == "prescribed"
      let prefix = key.map { "\($0)." } ?? ""
      let known = values.filter { answers[prefix + $0.0] != nil || (!isWhole && $0.1 != nil) }
      guard !known.isEmpty else { return }
      if let key { place(told, "\(key):") }
      for (name, standIn) in known {
        guard let value = answers[prefix + name] ?? standIn else { continue }
        let isText = isTexts || texts.contains(name)
        let written = YAMLScalar.written(value, isQuoted: isText) ?? ""
        place([prefix + name], "\(key == nil ? "" : "  ")\(name): \(written)")
      }
    }
  }
}
