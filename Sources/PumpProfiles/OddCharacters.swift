/// Finds characters that a person does not see, or takes for others, before YAML does.
enum OddCharacters {
  /// Reports each, with its line and column, what it is called and what to do.
  static func check(_ text: String, _ report: Report) {
    var (line, column) = (1, 0)
    var isComment = false
    var isIndentation = true
    for scalar in text.unicodeScalars {
      column += 1
      if scalar == "\n" {
        (line, column, isComment, isIndentation) = (line + 1, 0, false, true)
        continue
      }
      let place = SourcePlace(line: line, column: column)
      if let problem = problem(scalar, isComment: isComment, isIndentation: isIndentation) {
        // One word on a file with one habit: every line would say the same.
        guard report.diagnostics.count(where: { $0.code == .oddCharacter }) < 8 else { return }
        report.add(.oddCharacter, at: place, problem)
      }
      if scalar == "#", isIndentation { isComment = true }
      if scalar != " ", scalar != "\t" { isIndentation = false }
    }
  }

  private static func problem(
    _ scalar: Unicode.Scalar, isComment: Bool, isIndentation: Bool
  ) -> String? {
    let name = number(scalar)
    switch scalar {
    case "\r", "\u{FEFF}": return nil
    case "\t":
      guard !isComment else { return nil }
      return isIndentation
        ? "a tab at the line's beginning: indent with spaces, two for each level"
        : "a tab: put one space in its place, as in '150 ug/day'"
    case "\u{A0}", "\u{2007}", "\u{202F}":
      guard !isComment else { return nil }
      return
        "a no-break space (\(name)), which looks like a space: delete it and type a plain space"
    case "\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}", "\u{201E}", "\u{AB}", "\u{BB}":
      guard !isComment else { return nil }
      return
        "a curly quotation mark '\(scalar)' (\(name)): type a straight one, as in lot: \"A1234\""
    case "\u{2026}":
      return isComment ? nil : "three dots in one character (\(name)): delete it"
    case "\u{2010}"..."\u{2015}", "\u{2212}":
      return isComment ? nil : "a dash that is no minus sign or hyphen (\(name)): type '-'"
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control: return "a control character (\(name)), which nobody sees: delete it"
    case .format:
      return
        "an invisible character (\(name)), which can hide or turn round what follows: delete it and type "
        + "the value again"
    case .lineSeparator, .paragraphSeparator:
      return "a line separator (\(name)), which is no new line here: delete it and press Enter"
    case .spaceSeparator where scalar != " " && !isComment:
      return "an unusual space (\(name)): delete it and type a plain space"
    default: return nil
    }
  }

  private static func number(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
