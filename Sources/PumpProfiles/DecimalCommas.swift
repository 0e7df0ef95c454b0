/// Finds numbers with a comma in them, which YAML takes for two things: `150,5 ug/day`.
enum DecimalCommas {
  static func check(_ text: String, _ report: Report) {
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      // The patterns are compiled anew for each line that they are tried on.
      guard line.utf8.contains(UInt8(ascii: ",")) else { continue }
      var content = line
      if let comment = content.firstMatch(of: /(^|\s)#/) {
        content = content[..<comment.range.lowerBound]
      }
      for match in content.matches(of: /([0-9]+(?:\.[0-9]+)*),([0-9]+)/) {
        // Inside quotes it is a text: a lot, a reason.
        let before = content[..<match.range.lowerBound]
        guard before.count(where: { $0 == "\"" }) % 2 == 0 else { continue }
        let remedy = remedy(match.1, match.2)
        report.add(
          .badNumber, at: SourcePlace(line: number + 1, column: before.count + 1),
          "'\(match.0)' has a comma in it: \(remedy)")
      }
    }
  }

  /// What is to be written for two groups of digits: a number of three digits after a comma may be thousands.
  private static func remedy(_ first: Substring, _ last: Substring) -> String {
    guard !first.contains(".") else { return "write \(first.filter { $0 != "." }).\(last)" }
    guard last.count == 3, !first.hasPrefix("0") else { return "write \(first).\(last)" }
    let fraction = last.reversed().drop { $0 == "0" }.reversed()
    let small = fraction.isEmpty ? String(first) : "\(first).\(String(fraction))"
    return
      "write \(small) if that is less than \((UInt64(first) ?? 0) + 1), and \(first)\(last) if it is thousands"
  }
}
