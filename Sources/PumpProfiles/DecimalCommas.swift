/// Finds numbers with a comma in them, which YAML takes for two things: `150,5 ug/day`.
enum DecimalCommas {
  static func check(_ text: String, _ report: Report) {
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var content = Substring(line)
      if let comment = content.firstMatch(of: /(^|\s)#/) { content = content[..<comment.range.lowerBound] }
      for match in content.matches(of: /[0-9]+,[0-9]+/) {
        // Inside quotes it is a text: a lot, a reason.
        let before = content[..<match.range.lowerBound]
        guard before.count(where: { $0 == "\"" }) % 2 == 0 else { continue }
        report.add(
          .badNumber,
          at: SourcePlace(line: number + 1, column: before.count + 1),
          "'\(match.0)' has a comma in it: decimals are written with a point, "
            + "\(match.0.replacing(",", with: ".")), and thousands with nothing between them")
      }
    }
  }
}
