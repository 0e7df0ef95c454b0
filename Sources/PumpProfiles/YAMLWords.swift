/// What a parser's complaint means for the person who wrote the file.
enum YAMLWords {
  /// The line to look at, and what to do there.
  static func describe(_ problem: String, at place: SourcePlace, in text: String)
    -> (place: SourcePlace, words: String)
  {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    func line(_ number: Int) -> String {
      lines.indices.contains(number - 1) ? lines[number - 1] : ""
    }
    // Parsers notice at the next line what is missing at the end of one.
    let number = min(max(1, place.line), max(1, lines.count))
    if let open = unclosed(lines, upTo: number) {
      return (
        SourcePlace(line: open.line, column: open.column),
        "'\(open.bracket)' is opened here and never closed: put '\(open.bracket == "{" ? "}" : "]")' at "
          + "the end of its list"
      )
    }
    for at in [number, number - 1] where at >= 1 {
      let content = line(at).drop { $0 == " " }
      guard !content.isEmpty, content.first != "#", !content.contains(": "),
        !content.hasSuffix(":"),
        !content.hasPrefix("- ")
      else { continue }
      let column = line(at).count - content.count + 1
      return (
        SourcePlace(line: at, column: column),
        "'\(content.prefix(40))' is no 'key: value': after the key comes a colon and a space, as in "
          + "'therapy: {continuous: 150 ug/day}'"
      )
    }
    let indent = line(number).prefix { $0 == " " }.count
    let above =
      (1..<max(2, number)).reversed().map(line).first { !$0.allSatisfy { $0 == " " } } ?? ""
    if number > 1, indent != above.prefix(while: { $0 == " " }).count {
      return (
        SourcePlace(line: number, column: indent + 1),
        "this line begins with \(indent) space\(indent == 1 ? "" : "s"), and the one above with "
          + "\(above.prefix(while: { $0 == " " }).count): lines that belong together begin in the same column"
      )
    }
    if problem.contains("quoted scalar") {
      return (
        place, "a quotation mark is opened and never closed: put '\"' at the end of the value"
      )
    }
    return (
      place,
      "'\(line(number).drop { $0 == " " }.prefix(40))' can't be read here (\(problem)): compare the line "
        + "with a shipped profile"
    )
  }

  /// The last bracket that is opened outside quotes and comments, and not closed by a line.
  private static func unclosed(_ lines: [String], upTo number: Int)
    -> (line: Int, column: Int, bracket: Character)?
  {
    var open: [(line: Int, column: Int, bracket: Character)] = []
    for (index, line) in lines.prefix(number).enumerated() {
      var quote: Character?
      var before: Character = " "
      // A key at the line's beginning ends every list of the line before: what was open stays open.
      let isKey =
        line.prefixMatch(of: /[a-z-]+:/) != nil || line.prefixMatch(of: /[a-z]+ \{/) != nil
      if isKey, let last = open.last { return last }
      for (column, character) in line.enumerated() {
        defer { before = character }
        if let inside = quote {
          if character == inside { quote = nil }
          continue
        }
        if character == "#", before == " " { break }
        if character == "\"" || character == "'" { quote = character }
        if character == "{" || character == "[" { open.append((index + 1, column + 1, character)) }
        if character == "}" || character == "]", !open.isEmpty { open.removeLast() }
      }
    }
    return number >= lines.count || lines.dropFirst(number).allSatisfy({ $0.isEmpty })
      ? open.last : nil
  }
}
