import Foundation
import PumpProfiles
import Testing

@Suite("The front page is a door: short, with a profile that is valid and names every key")
struct FrontPageTests {
  /// The lines of the profile that README shows.
  private func profile() throws -> [Substring] {
    let lines = try Files.text("README.md").split(
      separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex(of: "```yaml"))
    return Array(lines[(start + 1)...].prefix { $0 != "```" })
  }

  @Test("It has at most 120 lines, and leads to every article of the documentation")
  func short() throws {
    let text = try Files.text("README.md")
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 121)
    let articles = try FileManager.default.contentsOfDirectory(
      atPath: Files.top.appendingPathComponent("Sources/itpump/itpump.docc").path)
    #expect(articles.count > 6)
    for article in articles where article != "itpump.md" {
      #expect(text.contains("(Sources/itpump/itpump.docc/\(article))"), "\(article)")
    }
    for link in text.matches(of: /\]\(([^)]+)\)/).map({ String($0.1) }) {
      let path = Files.top.appendingPathComponent(link).path
      #expect(FileManager.default.fileExists(atPath: path), "\(link)")
    }
  }

  @Test("Its profile is valid and warns of nothing, and so is each that its last lines show")
  func valid() throws {
    let lines = try profile()
    let loader = try Files.loader()
    let (loaded, diagnostics) = loader.load(lines.joined(separator: "\n"))
    #expect(loaded != nil && diagnostics.isEmpty, "\(diagnostics.map(\.message))")
    for key in ["periodic-bolus", "single-bolus"] {
      let shown = try #require(lines.first { $0.hasPrefix("#") && $0.contains("\(key): {") })
      let entry = shown[try #require(shown.range(of: key)).lowerBound...]
      let simple = lines.filter { line in
        !["  ", "#", "patient"].contains { line.hasPrefix($0) }
      }.map { $0.hasPrefix("therapy:") ? "therapy: {continuous: 300 ug/day}" : $0 }
      let second = loader.load((simple + [entry]).joined(separator: "\n"))
      #expect(second.profile != nil, "\(key): \(second.diagnostics.map(\.message))")
    }
  }

  @Test("Every key that the schema knows is named in it")
  func keys() throws {
    let data = Data(try Files.text("Profiles/schema/profile.schema.json").utf8)
    let shown = try profile().joined(separator: "\n")
    var keys: Set<String> = []
    func walk(_ node: Any) {
      if let list = node as? [Any] { list.forEach(walk) }
      guard let object = node as? [String: Any] else { return }
      for (key, value) in object {
        if key == "properties", let named = value as? [String: Any] { keys.formUnion(named.keys) }
        walk(value)
      }
    }
    walk(try JSONSerialization.jsonObject(with: data))
    // Weekdays between the first and the last, and what may be confirmed, by one example each.
    let days: Set = ["tuesday", "wednesday", "thursday", "friday", "saturday"]
    let confirmed = keys.filter { $0.contains("looks") || $0.contains("unusual") }
    #expect(keys.count > 30)
    for key in keys.subtracting(days).subtracting(confirmed) {
      let isOther =
        ["bolus-slower-than-basal", "rate-units-mixed", "refill-beyond-180-days"]
        .contains(key) || key == "screening-solution" || key == "reservoir-alarm-early"
      #expect(isOther || shown.contains(key), "\(key)")
    }
    #expect(confirmed.contains { shown.contains($0) })
  }
}
