import SwiftSyntax

/// One change of a source file: a range of its bytes, and what stands there instead.
struct Mutant: Encodable {
  /// What is changed, for a report.
  enum Kind: String, Encodable {
    case relational, arithmetic, boolean, constant
    case removedStatement = "removed-statement"
    case removedGuard = "removed-guard"
    case swallowedError = "swallowed-error"
    case swappedCase = "swapped-case"
  }

  let file: String
  let line: Int
  /// The function, accessor or initializer that is changed, with its types.
  let function: String
  let kind: Kind
  let before: String
  let after: String
  /// Counts the mutants of one function that are alike in every other field.
  var occurrence = 0

  let start: Int
  let end: Int

  /// The same mutant's name as long as its function keeps its own: lines may move.
  var key: String {
    let parts = [
      file, function, kind.rawValue, "\(short(before)) -> \(short(after))", "\(occurrence)",
    ]
    return parts.joined(separator: "|")
  }

  private func short(_ text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.count <= 60 ? words : "\(words.prefix(57))..."
  }

  enum CodingKeys: String, CodingKey { case key, file, line, function, kind, before, after }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(key, forKey: .key)
    try container.encode(file, forKey: .file)
    try container.encode(line, forKey: .line)
    try container.encode(function, forKey: .function)
    try container.encode(kind, forKey: .kind)
    try container.encode(short(before), forKey: .before)
    try container.encode(short(after), forKey: .after)
  }
}

/// What can be written several times, one behind the other: the statements of a function, an initializer, an
/// accessor or a computed property, or the expression that a constant is given.
struct Body {
  let name: String
  let node: Syntax
  /// Whether its end is reached without a value.
  let isVoid: Bool
  var mutants: [Mutant] = []
  /// Where a marker may stand that tells that a test came by.
  var blocks: [Block] = []

  /// Bytes of a run of statements.
  struct Block {
    let start: Int
    let end: Int
  }

  var start: Int { node.positionAfterSkippingLeadingTrivia.utf8Offset }
  var end: Int { node.endPositionBeforeTrailingTrivia.utf8Offset }
  var isConstant: Bool { node.is(ExprSyntax.self) }

  /// Its one expression where that is its value, with no word `return`.
  var value: Syntax? {
    guard !isVoid, let statements = node.as(CodeBlockItemListSyntax.self), statements.count == 1,
      let item = statements.first?.item
    else { return nil }
    guard
      let expression = item.as(ExprSyntax.self) ?? item.as(ExpressionStmtSyntax.self)?.expression
    else { return nil }
    guard expression.is(IfExprSyntax.self) || expression.is(SwitchExprSyntax.self) else {
      return Syntax(item)
    }
    return ReturnFinder.finds(in: expression) ? nil : Syntax(item)
  }
}

/// Looks for a `return` that belongs to the function, not to a closure in it.
private final class ReturnFinder: SyntaxVisitor {
  private var found = false

  static func finds(in node: ExprSyntax) -> Bool {
    let finder = ReturnFinder(viewMode: .sourceAccurate)
    finder.walk(node)
    return finder.found
  }

  override func visit(_ node: ReturnStmtSyntax) -> SyntaxVisitorContinueKind {
    found = true
    return .skipChildren
  }
  override func visit(_ node: ClosureExprSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
}
