import Foundation

/// A lot number, and the text of a recall as the tokens that one may be among.
///
/// Nothing is matched by a part of a token: lot 2011 is neither 20118000 nor in 04/30/2011. And no token is passed over
/// because it looks like a date or a product code: 072915 is a lot.
struct LotTokens {
  /// How a token stands to a lot.
  enum Likeness {
    case same
    /// Alike without blanks, hyphens and leading zeros, or with the letter O for the digit 0.
    case similar
  }

  let tokens: [String]

  init(_ text: String) { tokens = Self.split(text) }

  /// The tokens of a text: compatibility forms as plain ones, capital letters, no punctuation at either end.
  private static func split(_ text: String) -> [String] {
    let plain = text.precomposedStringWithCompatibilityMapping.uppercased()
    let ends = CharacterSet(charactersIn: ".,;:#()[]'\"\u{2018}\u{2019}\u{201C}\u{201D}")
    return plain.split { $0.isWhitespace || $0 == "," || $0 == ";" }
      .map { $0.trimmingCharacters(in: ends) }.filter { !$0.isEmpty }
  }

  /// A lot as a person typed it, with single blanks.
  static func normal(_ lot: String) -> [String] { split(lot) }

  /// How the text has a lot, at its best.
  func find(_ lot: [String]) -> Likeness? {
    guard !lot.isEmpty else { return nil }
    let wanted = Self.squeezed(lot)
    var best: Likeness?
    for start in tokens.indices {
      if Array(tokens[start...].prefix(lot.count)) == lot { return .same }
      // A lot that is one word here may be several there.
      for count in 1...4 where start + count <= tokens.count && best == nil {
        if Self.squeezed(Array(tokens[start..<(start + count)])) == wanted { best = .similar }
      }
      // What is joined to it by a slash or a word's colon: 'LOT:072915', '563/10112233'; a date's year is no lot.
      let parts = tokens[start].split { "/:=".contains($0) }.map(String.init)
      let isDate = tokens[start].wholeMatch(of: /[0-9]{1,2}\/([0-9]{1,2}\/)?[0-9]{2,4}/) != nil
      if parts.count > 1, best == nil, !isDate,
        parts.contains(where: { Self.squeezed([$0]) == wanted })
      {
        best = .similar
      }
    }
    return best
  }

  /// Without blanks, hyphens and leading zeros, the letter O as the digit 0.
  static func squeezed(_ words: [String]) -> String {
    let joined = words.joined().filter { $0 != "-" && $0 != "\u{2010}" && $0 != "\u{2011}" }
      .map { $0 == "O" ? "0" : $0 }
    let trimmed = joined.drop { $0 == "0" }
    return String(trimmed)
  }

  /// Whether a lot lies in a range that the text gives.
  enum Range {
    case inside
    /// There is a range that can't be read as one of lots like this.
    case unreadable
    case none
  }

  /// Reads `07110002 thru 07110009` and the like.
  func range(with lot: [String]) -> Range {
    var found = Range.none
    for index in tokens.indices.dropFirst().dropLast()
    where ["THRU", "THROUGH", "TO", "-", "\u{2013}", "BIS"].contains(tokens[index]) {
      let (first, last) = (tokens[index - 1], tokens[index + 1])
      // '1) - 5)' numbers products, and words are no lots.
      guard [first, last].allSatisfy({ $0.count > 2 && $0.contains(where: \.isNumber) }) else {
        continue
      }
      guard lot.count == 1, let low = Self.numbered(first), let high = Self.numbered(last),
        let number = Self.numbered(lot[0]), low.prefix == high.prefix, low.digits == high.digits
      else {
        found = .unreadable
        continue
      }
      guard low.prefix == number.prefix,
        (low.value...max(low.value, high.value)).contains(number.value)
      else { continue }
      if low.digits == number.digits { return .inside }
      found = .unreadable
    }
    return found
  }

  /// A lot that ends in digits: what is before them, how many there are, and their value.
  private static func numbered(_ token: String) -> (prefix: String, digits: Int, value: UInt64)? {
    let digits = String(token.reversed().prefix { ("0"..."9").contains($0) }.reversed())
    guard !digits.isEmpty, !token.contains("/"), let value = UInt64(digits) else { return nil }
    return (String(token.dropLast(digits.count)), digits.count, value)
  }

  /// Words that leave the set of lots open.
  var opens: String? {
    let text = tokens.joined(separator: " ")
    return [
      "ALL LOTS", "ALL LOT", "ALL PRODUCT", "ALL PRODUCTS", "ALL UNITS", "ALL SERIAL",
      "INCLUDING BUT NOT LIMITED", "NOT LIMITED TO", "BETWEEN", "NOT CODED",
    ].first { " \(text) ".contains(" \($0) ") }
  }
}
