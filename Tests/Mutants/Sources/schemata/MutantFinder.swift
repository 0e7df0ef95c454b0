import SwiftSyntax

/// Finds every mutant of one body, and the blocks that can tell that a test came by.
final class MutantFinder: SyntaxVisitor {
  private(set) var mutants: [Mutant] = []
  private(set) var blocks: [Body.Block] = []
  private let file: String
  private let function: String
  private let lines: SourceLocationConverter
  /// An expression that is the body's value: its branches are values too, and take no marker.
  private let value: Syntax?

  init(_ body: Body, in file: String, lines: SourceLocationConverter) {
    self.file = file
    self.lines = lines
    function = body.name
    value = body.value
    super.init(viewMode: .sourceAccurate)
    blocks.append(Body.Block(start: body.start, end: body.end))
    walk(body.node)
  }

  private func add(_ kind: Mutant.Kind, _ node: some SyntaxProtocol, _ after: String) {
    add(kind, from: node, to: node, before: node.trimmedDescription, after: after)
  }

  private func add(
    _ kind: Mutant.Kind, from first: some SyntaxProtocol, to last: some SyntaxProtocol,
    before: String, after: String
  ) {
    let start = first.positionAfterSkippingLeadingTrivia
    var mutant = Mutant(
      file: file, line: lines.location(for: start).line, function: function, kind: kind,
      before: before,
      after: after, start: start.utf8Offset, end: last.endPositionBeforeTrailingTrivia.utf8Offset)
    while mutants.contains(where: { $0.key == mutant.key }) { mutant.occurrence += 1 }
    mutants.append(mutant)
  }

  // MARK: Operators, literals, calls

  private static let relational = [
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="],
    "!=": ["=="],
  ]
  private static let arithmetic = [
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "&+": "&-", "&-": "&+", "&*": "&+",
    "+=": "-=", "-=": "+=",
    "*=": "/=", "/=": "*=", "&+=": "&-=", "&-=": "&+=", "<<": ">>", ">>": "<<", "&": "|", "|": "&",
    "|=": "&=",
    "&=": "|=", "^": "&", "..<": "...", "...": "..<",
  ]
  private static let boolean = ["&&": "||", "||": "&&"]

  override func visit(_ node: BinaryOperatorExprSyntax) -> SyntaxVisitorContinueKind {
    let name = node.operator.text
    for other in Self.relational[name] ?? [] { add(.relational, node.operator, other) }
    if let other = Self.arithmetic[name] { add(.arithmetic, node.operator, other) }
    if let other = Self.boolean[name] { add(.boolean, node.operator, other) }
    return .skipChildren
  }

  override func visit(_ node: PrefixOperatorExprSyntax) -> SyntaxVisitorContinueKind {
    if node.operator.text == "!" { add(.boolean, node.operator, "") }
    if node.operator.text == "-" || node.operator.text == "~" {
      add(.arithmetic, node.operator, "")
    }
    return .visitChildren
  }

  override func visit(_ node: BooleanLiteralExprSyntax) -> SyntaxVisitorContinueKind {
    add(.boolean, node, node.literal.text == "true" ? "false" : "true")
    return .skipChildren
  }

  override func visit(_ node: IntegerLiteralExprSyntax) -> SyntaxVisitorContinueKind {
    let digits = node.literal.text
    switch digits {
    case "0": add(.constant, node, "1")
    case "1": add(.constant, node, "0")
    default: add(.constant, node, "(\(digits) + 1)")
    }
    return .skipChildren
  }

  // Operators are not folded: a ternary is three neighbours in a sequence.
  override func visit(_ node: UnresolvedTernaryExprSyntax) -> SyntaxVisitorContinueKind {
    if let list = node.parent?.as(ExprListSyntax.self), let place = list.index(of: ExprSyntax(node))
    {
      let next = list.index(after: place)
      if next < list.endIndex, list.distance(from: next, to: list.endIndex) == 1 {
        swap(node.thenExpression, list[next])
      }
    }
    return .visitChildren
  }

  private func swap(_ one: ExprSyntax, _ other: ExprSyntax) {
    add(
      .boolean, from: one, to: other,
      before: "\(one.trimmedDescription) : \(other.trimmedDescription)",
      after: "(\(other.trimmedDescription)) : (\(one.trimmedDescription))")
  }

  override func visit(_ node: FunctionCallExprSyntax) -> SyntaxVisitorContinueKind {
    guard let name = node.calledExpression.as(DeclReferenceExprSyntax.self) else {
      return .visitChildren
    }
    switch name.baseName.text {
    case "min": add(.arithmetic, name, "max")
    case "max": add(.arithmetic, name, "min")
    // What never fails in sound code can't be seen from outside.
    case "precondition", "preconditionFailure", "assert", "assertionFailure", "fatalError":
      return .skipChildren
    default: break
    }
    return .visitChildren
  }

  // MARK: Statements

  override func visit(_ node: CodeBlockItemSyntax) -> SyntaxVisitorContinueKind {
    guard let expression = node.item.as(ExprSyntax.self), value != Syntax(node.item) else {
      return .visitChildren
    }
    if let call = expression.as(FunctionCallExprSyntax.self),
      let name = call.calledExpression.as(DeclReferenceExprSyntax.self)?.baseName.text,
      name.hasPrefix("precondition") || name.hasPrefix("assert") || name == "fatalError"
    {
      return .skipChildren
    }
    add(.removedStatement, node.item, "_ = ()")
    if let attempt = expression.as(TryExprSyntax.self), attempt.questionOrExclamationMark == nil {
      add(.swallowedError, node.item, "_ = try? (\(attempt.expression.trimmedDescription))")
    }
    return .visitChildren
  }

  override func visit(_ node: GuardStmtSyntax) -> SyntaxVisitorContinueKind {
    for condition in node.conditions { remove(condition, "true") }
    return .visitChildren
  }

  override func visit(_ node: IfExprSyntax) -> SyntaxVisitorContinueKind {
    for condition in node.conditions { remove(condition, "false") }
    return .visitChildren
  }

  private func remove(_ condition: ConditionElementSyntax, _ answer: String) {
    guard case .expression(let expression) = condition.condition,
      !expression.is(BooleanLiteralExprSyntax.self)
    else { return }
    add(.removedGuard, expression, answer)
  }

  override func visit(_ node: SwitchExprSyntax) -> SyntaxVisitorContinueKind {
    let cases = node.cases.compactMap { $0.as(SwitchCaseSyntax.self) }
    for (one, other) in zip(cases, cases.dropFirst()) where !one.statements.isEmpty {
      let (mine, its) = (one.statements.trimmedDescription, other.statements.trimmedDescription)
      if mine != its { add(.swappedCase, one.statements, its) }
    }
    return .visitChildren
  }

  // MARK: Blocks

  private func mark(_ statements: CodeBlockItemListSyntax) {
    guard !statements.isEmpty else { return }
    blocks.append(
      Body.Block(
        start: statements.positionAfterSkippingLeadingTrivia.utf8Offset,
        end: statements.endPositionBeforeTrailingTrivia.utf8Offset))
  }

  /// Whether a branch is a statement's and not a value's.
  private func isStatement(_ node: some SyntaxProtocol) -> Bool {
    var node = Syntax(node)
    while let parent = node.parent {
      if parent.is(IfExprSyntax.self) || parent.is(SwitchExprSyntax.self)
        || parent.is(SwitchCaseListSyntax.self)
        || parent.is(SwitchCaseSyntax.self)
      {
        node = parent
        continue
      }
      if let statement = parent.as(ExpressionStmtSyntax.self) {
        if value == Syntax(statement) { return false }
        // A closure's or a branch's one expression may be its value.
        guard let list = statement.parent?.parent?.as(CodeBlockItemListSyntax.self) else {
          return false
        }
        if list.count > 1 { return true }
        guard let owner = list.parent else { return true }
        if owner.is(ClosureExprSyntax.self) { return false }
        if owner.is(SwitchCaseSyntax.self) { return isStatement(owner) }
        if owner.parent?.is(IfExprSyntax.self) == true { return isStatement(owner) }
        return true
      }
      return parent.is(CodeBlockItemSyntax.self) && value != node
    }
    return true
  }

  override func visit(_ node: CodeBlockSyntax) -> SyntaxVisitorContinueKind {
    let belongsToBranch = node.parent?.is(IfExprSyntax.self) == true
    let isNestedFunction =
      node.parent?.is(FunctionDeclSyntax.self) == true && node.statements.count == 1
    if !isNestedFunction, !belongsToBranch || isStatement(node) { mark(node.statements) }
    return .visitChildren
  }

  override func visit(_ node: SwitchCaseSyntax) -> SyntaxVisitorContinueKind {
    if isStatement(node) { mark(node.statements) }
    return .visitChildren
  }

  override func visit(_ node: IfConfigClauseSyntax) -> SyntaxVisitorContinueKind {
    conditionally(node)
  }
}
