import Foundation

/// The text of a recall as the words that a lot may be among.
///
/// Nothing is matched by a part of a word: lot 2011 is neither 20118000 nor in 04/30/2011. And no word is passed over
/// because it looks like a date or a product code: 072915 is a lot.
struct LotTokens {
  /// How a text has a lot.
  enum Likeness {
    case same
    /// Alike without blanks, punctuation and leading zeros, with the letter O for the digit 0, or as a part between
    /// punctuation.
    case similar
  }

  let tokens: [String]
  /// Each without punctuation, the letter O as the digit 0.
  private let plain: [String]

  init(_ text: String) {
    tokens = Self.split(text)
    plain = tokens.map(Self.plain)
  }

  /// The words of a text: compatibility forms as plain ones, capital letters, no invisible characters, no
  /// punctuation at either end; a dash beside a blank is the word THRU.
  private static func split(_ text: String) -> [String] {
    var normal = String.UnicodeScalarView()
    for scalar in text.precomposedStringWithCompatibilityMapping.uppercased().unicodeScalars {
      switch scalar.properties.generalCategory {
      case .format: break
      case .dashPunctuation: normal.append("-")
      case .control, .spaceSeparator, .lineSeparator, .paragraphSeparator: normal.append(" ")
      default: normal.append(scalar == "~" || scalar == "\u{2212}" ? "-" : scalar)
      }
    }
    var plain = String(normal)
    // What numbers the products of a recall, '1) - 5)', is no lot; '(10)' of a scanned code is no such number.
    plain = replace(
      #"(?<![A-Z0-9(])[A-Z0-9]{1,2}\)(\s*-\s*[A-Z0-9]{1,2}\))?"#, in: plain, by: " ; ")
    plain = replace(#"\s+-\s*|\s*-\s+"#, in: plain, by: " THRU ")
    return plain.split { $0.isWhitespace || $0 == "," || $0 == ";" }.map { word in
      let ends = { (letter: Character) in !letter.isLetter && !letter.isNumber }
      return String(word.drop(while: ends).reversed().drop(while: ends).reversed())
    }.filter { !$0.isEmpty }
  }

  private static func replace(_ pattern: String, in text: String, by other: String) -> String {
    text.replacingOccurrences(of: pattern, with: other, options: .regularExpression)
  }

  /// Without punctuation, the letter O as the digit 0.
  private static func plain(_ word: String) -> String {
    String(word.filter { $0.isLetter || $0.isNumber }.map { $0 == "O" ? "0" : $0 })
  }

  private static func withoutZeros(_ text: some StringProtocol) -> Substring {
    Substring(text).drop { $0 == "0" }
  }

  /// A lot as a person typed it; empty for what is none.
  static func lot(_ text: String) -> [String] {
    var words = split(text)
    while words.count > 1,
      ["LOT", "LOTS", "BATCH", "NO", "NUMBER", "SERIAL", "SN"].contains(words[0])
    {
      words.removeFirst()
    }
    return words
  }

  /// How the text has a lot, at its best.
  func find(_ lot: [String]) -> Likeness? {
    let wanted = Self.withoutZeros(lot.map(Self.plain).joined())
    guard !lot.isEmpty, !wanted.isEmpty else { return nil }
    var best: Likeness?
    for start in tokens.indices {
      if tokens[start] == lot[0], Array(tokens[start...].prefix(lot.count)) == lot { return .same }
      guard best == nil else { continue }
      if isJoined(from: start, wanted) || isPart(of: tokens[start], wanted) { best = .similar }
    }
    return best
  }

  /// Whether up to four words from one on are the lot, written without blanks.
  private func isJoined(from start: Int, _ wanted: Substring) -> Bool {
    var joined = ""
    for word in plain[start...].prefix(4) {
      joined += word
      let now = Self.withoutZeros(joined)
      if now == wanted { return true }
      guard wanted.hasPrefix(now) else { return false }
    }
    return false
  }

  /// Whether it stands between punctuation: 'LOT#A1234', '563/10112233', '(10)A1234'.
  ///
  /// A date's year is no lot.
  private func isPart(of token: String, _ wanted: Substring) -> Bool {
    let parts = token.split { !$0.isLetter && !$0.isNumber && $0 != "-" }
    guard parts.count > 1, !Self.isDate(token) else { return false }
    return parts.contains { Self.withoutZeros(Self.plain(String($0))) == wanted }
  }

  private static func isDate(_ token: String) -> Bool {
    let parts = token.split(separator: "/", omittingEmptySubsequences: false)
    return (2...3).contains(parts.count)
      && parts.allSatisfy { (1...4).contains($0.count) && $0.allSatisfy(\.isNumber) }
  }

  /// Whether a lot lies in a range that the text gives.
  enum Range {
    case inside
    /// There is a range that can't be read as one of lots like this.
    case unreadable
    case none
  }

  private static let fillers: Set<String> = [
    "AND", "INCLUDING", "INCLUSIVE", "LOT", "LOTS", "BATCH", "NO", "NUMBER", "NUMBERS", "TO",
    "THROUGH", "THRU",
    "UNTIL", "UP",
  ]

  /// Reads `07110002 thru 07110009`, `A1200-A1299` and the like.
  func range(with lot: [String]) -> Range {
    var found = Range.none
    for index in tokens.indices {
      let pair: (String, String)
      if ["THRU", "THROUGH", "TO", "UNTIL", "BIS"].contains(tokens[index]) {
        let first = tokens[..<index].last { !Self.fillers.contains($0) }
        let last = tokens[(index + 1)...].first { !Self.fillers.contains($0) }
        // A word without a number on either side says nothing of lots.
        guard let first, let last, Self.hasNumber(first) || Self.hasNumber(last) else { continue }
        pair = (first, last)
      } else {
        let parts = tokens[index].split(separator: "-")
        guard parts.count == 2, parts.allSatisfy(Self.hasNumber) else { continue }
        // '439605-01' is a lot: a range has ends of one kind.
        guard let low = Self.numbered(String(parts[0])), let high = Self.numbered(String(parts[1])),
          low.prefix == high.prefix, low.digits == high.digits
        else { continue }
        pair = (String(parts[0]), String(parts[1]))
      }
      switch Self.judge(lot, from: pair.0, to: pair.1) {
      case .inside: return .inside
      case .unreadable: found = .unreadable
      case .none: break
      }
    }
    return found
  }

  private static func judge(_ lot: [String], from first: String, to last: String) -> Range {
    guard let low = numbered(first), let high = numbered(last), let number = numbered(lot.joined()),
      low.prefix == high.prefix, low.digits == high.digits
    else { return .unreadable }
    let bounds = min(low.value, high.value)...max(low.value, high.value)
    guard low.prefix == number.prefix, bounds.contains(number.value) else { return .none }
    // Written the other way round, or with another number of digits, it may be meant.
    return low.digits == number.digits && low.value <= high.value ? .inside : .unreadable
  }

  private static func hasNumber(_ text: some StringProtocol) -> Bool {
    text.contains(where: \.isNumber)
  }

  /// A lot that ends in digits: what is before them, how many there are, and their value.
  private static func numbered(_ token: String) -> (prefix: String, digits: Int, value: UInt64)? {
    let word = plain(token)
    let digits = String(word.reversed().prefix { ("0"..."9").contains($0) }.reversed())
    guard !digits.isEmpty, !token.contains("/"), let value = UInt64(digits) else { return nil }
    return (String(word.dropLast(digits.count)), digits.count, value)
  }

  private static let opening: Set<String> = [
    "ALL", "ANY", "EVERY", "EACH", "ENTIRE", "VARIOUS", "MULTIPLE", "UNKNOWN", "NONE", "N/A", "NA",
    "SEE", "NOT",
    "UNEXPIRED", "BETWEEN", "PRIOR", "BEFORE", "AFTER", "SINCE", "STARTING", "BEGINNING", "ONWARD",
    "ONWARDS",
    "EXCEPT", "EXCLUDING", "HIGHER", "LATER", "ABOVE", "GREATER", "UP",
  ]

  /// A word that leaves the set of lots open; that there is no number at all does so too.
  var opens: String? {
    if let word = tokens.first(where: Self.opening.contains) {
      return "says '\(word.lowercased())'"
    }
    return tokens.contains(where: Self.hasNumber) ? nil : "has no number"
  }

  /// The words of letters alone: 'BACLOFEN-PF' and 'BACLOFEN/SODIUM' name baclofen.
  static func words(_ text: String) -> Set<String> {
    Set(split(text).flatMap { $0.split { !$0.isLetter }.map(String.init) })
  }
}
