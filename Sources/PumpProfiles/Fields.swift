package import Foundation
import Yams

/// One mapping of a file: every key is known, every value is asked for by name.
package struct Fields {
  package let report: Report
  package let place: SourcePlace
  private let what: String
  private let values: [String: (key: SourcePlace, node: Node)]
  /// Keys that a misspelled one stands for: they are not missing besides.
  private let meantKeys: Set<String>

  /// Reads a mapping and reports keys that are not among the known ones.
  init?(_ node: Node, keys: [String], what: String, report: Report) {
    guard let mapping = node.mapping else {
      report.add(
        .wrongShape, at: node.place,
        "\(what) must hold keys with values, among \(YAMLDocument.list(keys))")
      return nil
    }
    var values: [String: (SourcePlace, Node)] = [:]
    var meantKeys: Set<String> = []
    for (key, value) in mapping {
      guard let name = key.scalar?.string, keys.contains(name) else {
        let shown = key.scalar?.string ?? "(not a word)"
        if let meant = keys.first(where: { shown.hasPrefix($0 + " ") }) {
          meantKeys.insert(meant)
          report.add(
            .unknownKey, at: key.place, "after '\(meant)' a colon is missing: write '\(meant): '")
          continue
        }
        let near = keys.filter { values[$0] == nil }.map { ($0, Spelling.distance($0, shown)) }
          .min { $0.1 < $1.1 }
        if let near, near.1 <= 2, near.0.count > 3 {
          meantKeys.insert(near.0)
          report.add(
            .unknownKey, at: key.place,
            "unknown key '\(shown.prefix(40))'; did you mean '\(near.0)'?")
          continue
        }
        report.add(
          .unknownKey, at: key.place,
          "unknown key '\(shown.prefix(40))'; \(what) knows \(YAMLDocument.list(keys))")
        continue
      }
      values[name] = (key.place, value)
    }
    self.report = report
    self.values = values
    self.meantKeys = meantKeys.subtracting(values.keys)
    self.what = what
    place = node.place
  }

  /// The keys that are there.
  package var present: Set<String> { Set(values.keys) }

  /// Where a key stands, or the mapping where it is missing.
  package func place(of key: String) -> SourcePlace { values[key]?.key ?? place }

  /// A value, whatever it is.
  func node(_ key: String, hint: String? = nil, isRequired: Bool = true) -> Node? {
    if let value = values[key] { return value.node }
    if isRequired, !meantKeys.contains(key) {
      let example = hint.map { ", as in '\(key): \($0)'" } ?? ""
      report.add(.missingKey, at: place, "\(what) lacks '\(key)'\(example)")
    }
    return nil
  }

  /// A mapping.
  package func fields(_ key: String, keys: [String], isRequired: Bool = true) -> Fields? {
    guard let node = node(key, isRequired: isRequired) else { return nil }
    return Fields(node, keys: keys, what: "'\(key)'", report: report)
  }

  /// A sequence of nodes.
  func sequence(_ key: String, isRequired: Bool = true) -> [Node]? {
    guard let node = node(key, isRequired: isRequired) else { return nil }
    guard let sequence = node.sequence else {
      report.add(.wrongShape, at: node.place, "'\(key)' must be a list of entries")
      return nil
    }
    return Array(sequence)
  }

  /// A sequence of mappings that know the same keys; a wrong one is reported and left out.
  package func entries(_ key: String, keys: [String], isRequired: Bool = true) -> [Fields]? {
    sequence(key, isRequired: isRequired)?.compactMap {
      Fields($0, keys: keys, what: "an entry of '\(key)'", report: report)
    }
  }

  /// A scalar's text, as it was written.
  package func text(_ key: String, hint: String, isRequired: Bool = true) -> Text? {
    guard let node = node(key, hint: hint, isRequired: isRequired) else { return nil }
    return Self.text(node, key: key, hint: hint, report: report)
  }

  static func text(_ node: Node, key: String, hint: String, report: Report) -> Text? {
    guard let scalar = node.scalar else {
      report.add(.wrongShape, at: node.place, "'\(key)' must be a single value such as \(hint)")
      return nil
    }
    guard !scalar.string.isEmpty, scalar.string.utf8.count <= 200 else {
      report.add(
        scalar.string.isEmpty ? .wrongShape : .badText, at: node.place,
        "'\(key)' is \(scalar.string.isEmpty ? "empty" : "too long"); write it as \(hint)")
      return nil
    }
    return Text(value: scalar.string, place: node.place)
  }

  /// A name of small letters, digits and dashes.
  package func name(_ key: String, hint: String) -> Text? {
    guard let text = text(key, hint: hint) else { return nil }
    guard text.value.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil, text.value.count <= 64 else {
      report.add(
        .badName, at: text.place,
        "'\(text.value)' is not a name of at most 64 small letters, digits and dashes, such as "
          + hint)
      return nil
    }
    return text
  }

  /// One of a few words.
  package func choice(_ key: String, among choices: [String], isRequired: Bool = true) -> Text? {
    guard let text = text(key, hint: choices.joined(separator: " or "), isRequired: isRequired)
    else { return nil }
    guard choices.contains(text.value) else {
      report.add(
        .badText, at: text.place,
        "'\(text.value)' is not one of \(YAMLDocument.list(choices))")
      return nil
    }
    return text
  }

  /// `true` or `false`.
  package func flag(_ key: String, isRequired: Bool = true) -> Bool? {
    guard let text = text(key, hint: "true or false", isRequired: isRequired) else { return nil }
    guard text.value == "true" || text.value == "false" else {
      report.add(.badText, at: text.place, "'\(text.value)' is neither true nor false")
      return nil
    }
    return text.value == "true"
  }

  /// A whole number without unit: a count.
  package func count(_ key: String, in range: ClosedRange<UInt64>, isRequired: Bool = true)
    -> UInt64?
  {
    let hint = "\(range.lowerBound)"
    guard let text = text(key, hint: hint, isRequired: isRequired) else { return nil }
    guard text.value.wholeMatch(of: /0|[1-9][0-9]*/) != nil else {
      report.add(
        .badNumber, at: text.place, "'\(text.value)' is not a whole number, such as \(hint)")
      return nil
    }
    guard let count = UInt64(text.value), range.contains(count) else {
      report.add(
        .outOfRange, at: text.place,
        "'\(key)' must be \(range.lowerBound) to \(range.upperBound), not \(text.value)")
      return nil
    }
    return count
  }

  /// A quantity with its unit, as a whole count of the dimension's base unit.
  package func quantity(
    _ key: String, _ dimension: Dimension, example: String? = nil, isRequired: Bool = true
  ) -> Measured? {
    guard let text = text(key, hint: example ?? dimension.example, isRequired: isRequired) else {
      return nil
    }
    do {
      return Measured(count: try dimension.count(of: text.value, example: example), text: text)
    } catch {
      report.add(error.code, at: text.place, "'\(key)': \(error.message)")
      return nil
    }
  }

  /// A time zone by its place: abbreviations are ambiguous (IST is three zones), and fixed offsets know no summer time.
  package func timeZone(_ key: String) -> TimeZone? {
    guard let text = text(key, hint: "Europe/Berlin") else { return nil }
    guard text.value.contains("/") || text.value == "UTC",
      let zone = TimeZone(identifier: text.value)
    else {
      report.add(
        .badZone, at: text.place,
        "'\(text.value)' is not a time zone; write its place, such as Europe/Berlin, or UTC")
      return nil
    }
    return zone
  }

  /// A date of the calendar.
  package func date(_ key: String, isRequired: Bool = true) -> (
    day: CalendarDay, place: SourcePlace
  )? {
    guard let text = text(key, hint: "2027-03-31", isRequired: isRequired) else { return nil }
    guard let day = CalendarDay(text.value) else {
      report.add(
        .badDate, at: text.place,
        "'\(text.value)' is not a date; write year-month-day, such as 2027-03-31")
      return nil
    }
    return (day, text.place)
  }
}

/// A quantity as a count of its base unit, with the text it was read from.
package struct Measured {
  package var count: UInt64
  package var text: Text
  package var place: SourcePlace { text.place }
}
