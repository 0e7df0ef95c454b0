import Foundation
import PumpProfiles
import Testing

@Suite("A profile's text changes in the values that are named, and nowhere else")
struct ProfileTextTests {
  private let night = "Profiles/adult-spinal-night.yaml"

  /// The lines that differ, by their numbers.
  private func changed(_ old: String, _ new: String) -> [Int] {
    let lines = { (text: String) in text.split(separator: "\n", omittingEmptySubsequences: false) }
    let (before, after) = (lines(old), lines(new))
    guard before.count == after.count else { return [-1] }
    return before.indices.filter { before[$0] != after[$0] }.map { $0 + 1 }
  }

  @Test(
    "Every shipped profile reads back as it is, and each of its values can be replaced by itself alone"
  )
  func everyValue() throws {
    let files = Files.names(in: "Profiles")
    #expect(files.count > 5)
    for path in files {
      let text = try Files.text(path)
      let profile = try ProfileText(text)
      #expect(try profile.replacing([]).text == text)
      #expect(profile.values.count > 10)
      for value in profile.values where profile.values.count(where: { $0.path == value.path }) == 1
      {
        #expect(
          try profile.replacing([(value.path, value.text)]).text == text, "\(path) \(value.path)")
        let other = try profile.replacing([(value.path, "other 7")])
        #expect(changed(text, other.text) == [value.place.line], "\(path) \(value.path)")
        #expect(other.values.map(\.text).filter { $0 == "other 7" }.count == 1)
      }
    }
  }

  @Test("An entry of a pattern is named by its time; two values of one name are not guessed at")
  func entries() throws {
    let text = try ProfileText(try Files.text(night))
    let path = "therapy.flex.every-day.06:30.rate"
    let new = try text.replacing([(path, "9 ug/h"), ("drug.lot", "B 77: new")])
    #expect(new.text.contains(#"- {from: "06:30", rate: 9 ug/h}"#))
    #expect(new.text.contains(#"lot: "B 77: new", expires"#))
    #expect(changed(text.text, new.text) == [4, 12])
    #expect(throws: ProfileText.Problem.ambiguous(path: "therapy.flex.every-day.22:00.from")) {
      try text.replacing([("therapy.flex.every-day.22:00.from", "23:00")])
    }
    let moved = try text.replacing([("therapy.flex.every-day.06:30.from", "07:15")])
    #expect(moved.values.contains { $0.path == "therapy.flex.every-day.07:15.rate" })
    #expect(
      throws: ProfileText.Problem.unknown(path: "drug.lto", near: ["drug.lot"])
    ) { try text.replacing([("drug.lto", "B77")]) }
  }

  @Test("What YAML would read as something else is refused, or written in quotation marks")
  func quoting() throws {
    let text = try ProfileText(
      "profile: a\ntherapy: stopped # none\ndrug: {lot: A1, name: 'b c'}\n")
    for value in [
      "x: y", "#1", "- a", "a # b", "'", "{", "[1]", "*a", "&a", "!t", "%", "@", "ö", "a,b",
    ] {
      let new = try text.replacing([("drug.lot", value)])
      #expect(new.values.first { $0.path == "drug.lot" }?.text == value, "\(value)")
      #expect(new.text.contains("therapy: stopped # none"))
    }
    for value in ["\"", "a\\b", "a\nb", "\u{7}"] {
      #expect(throws: ProfileText.Problem.unwritable(path: "drug.lot", value: value)) {
        try text.replacing([("drug.lot", value)])
      }
    }
    #expect(throws: ProfileText.Problem.twice(path: "drug.lot")) {
      try text.replacing([("drug.lot", "B1"), ("drug.lot", "B2")])
    }
    // What was in quotation marks stays a text.
    #expect(try text.replacing([("drug.name", "42")]).text.contains(#"name: "42"}"#))
  }

  @Test("Lines that end with CR and LF stay so")
  func carriageReturns() throws {
    let text = try ProfileText(
      "profile: a\r\ntherapy: {continuous: 300 ug/day} # x\r\npopulation: p\r\n")
    let new = try text.replacing([
      ("therapy.continuous", "330 ug/day"), ("population", "adult-spinal"),
    ])
    #expect(
      new.text
        == "profile: a\r\ntherapy: {continuous: 330 ug/day} # x\r\npopulation: adult-spinal\r\n")
  }

  @Test("A value over several lines is left alone, and what is no profile is not read")
  func refusals() throws {
    let folded = try ProfileText("profile: a\ndrug: {lot: \"A\n  B\"}\n")
    #expect(throws: ProfileText.Problem.unwritable(path: "drug.lot", value: "C")) {
      try folded.replacing([("drug.lot", "C")])
    }
    for text in ["", "- a\n", "profile: [", "a: \t b"] {
      #expect(throws: ProfileText.Problem.unreadable) { try ProfileText(text) }
    }
  }

  @Test(
    "A count in the unit that another text has: rounded down to a thousandth of a microgram, never up",
    arguments: [
      (PumpProfiles.Dimension.mass, "25 ug", 28_750_000_000, "28.75 ug"),
      (.mass, "25 ug", 28_750_999_999, "28.75 ug"),
      (.mass, "25µg", 1_000_000, "0.001 µg"), (.mass, "25 mcg", 999_999, "0 mcg"),
      (.mass, "0.025 mg", 28_750_000_000, "0.02875 mg"),
      (.mass, "0.025 mg", 28_750_999_999, "0.02875 mg"),
      (.mass, "500 ng", 575_000_000, "575 ng"),
      (.doseRate, "0.012 mg/h", 331_200_000_000, "0.0138 mg/h"),
      (.doseRate, "12 ug/h", 331_200_000_000, "13.8 ug/h"),
      (.doseRate, "1 ug/day", 1_000_000_000, "1 ug/day"),
    ])
  func written(dimension: PumpProfiles.Dimension, like: String, count: UInt64, expected: String)
    throws
  {
    let text = dimension.written(count, like: like)
    #expect(text == expected)
    #expect(try dimension.count(of: text) <= count)
  }
}
