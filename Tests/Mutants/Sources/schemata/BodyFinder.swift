import SwiftSyntax

/// Finds the bodies of a file, the outermost ones: what stands inside one is a part of it.
final class BodyFinder: SyntaxVisitor {
  private(set) var bodies: [Body] = []
  private var types: [String] = []

  init() { super.init(viewMode: .sourceAccurate) }

  private func add(_ name: String, _ statements: CodeBlockItemListSyntax, isVoid: Bool) {
    guard !statements.isEmpty else { return }
    add(name, node: Syntax(statements), isVoid: isVoid)
  }

  private func add(_ name: String, node: Syntax, isVoid: Bool) {
    bodies.append(Body(name: (types + [name]).joined(separator: "."), node: node, isVoid: isVoid))
  }

  override func visit(_ node: FunctionDeclSyntax) -> SyntaxVisitorContinueKind {
    let result = node.signature.returnClause?.type.trimmedDescription ?? "Void"
    if let body = node.body, result != "Never" {
      let labels = node.signature.parameterClause.parameters.map { "\($0.firstName.text):" }
      let isVoid = result == "Void" || result == "()"
      add("\(node.name.text)(\(labels.joined()))", body.statements, isVoid: isVoid)
    }
    return .skipChildren
  }

  override func visit(_ node: InitializerDeclSyntax) -> SyntaxVisitorContinueKind {
    if let body = node.body {
      let labels = node.signature.parameterClause.parameters.map { "\($0.firstName.text):" }
      add("init(\(labels.joined()))", body.statements, isVoid: true)
    }
    return .skipChildren
  }

  override func visit(_ node: DeinitializerDeclSyntax) -> SyntaxVisitorContinueKind {
    if let body = node.body { add("deinit", body.statements, isVoid: true) }
    return .skipChildren
  }

  override func visit(_ node: PatternBindingSyntax) -> SyntaxVisitorContinueKind {
    let name = node.pattern.trimmedDescription
    if let block = node.accessorBlock {
      add(block, of: name)
    } else if let value = node.initializer?.value,
      let variable = node.parent?.parent?.as(VariableDeclSyntax.self),
      variable.modifiers.contains(where: { $0.name.text == "static" })
    {
      add(name, node: Syntax(value), isVoid: false)
    }
    return .skipChildren
  }

  override func visit(_ node: SubscriptDeclSyntax) -> SyntaxVisitorContinueKind {
    if let block = node.accessorBlock { add(block, of: "subscript") }
    return .skipChildren
  }

  private func add(_ block: AccessorBlockSyntax, of name: String) {
    switch block.accessors {
    case .getter(let statements): add(name, statements, isVoid: false)
    case .accessors(let list):
      for accessor in list {
        // What yields lends its value and can't be left early.
        let word = accessor.accessorSpecifier.text
        guard let body = accessor.body, ["get", "set", "willSet", "didSet"].contains(word) else {
          continue
        }
        add(word == "get" ? name : "\(name).\(word)", body.statements, isVoid: word != "get")
      }
    }
  }

  private func enter(_ name: String) -> SyntaxVisitorContinueKind {
    types.append(name)
    return .visitChildren
  }
  override func visit(_ node: StructDeclSyntax) -> SyntaxVisitorContinueKind {
    enter(node.name.text)
  }
  override func visitPost(_ node: StructDeclSyntax) { types.removeLast() }
  override func visit(_ node: ClassDeclSyntax) -> SyntaxVisitorContinueKind {
    enter(node.name.text)
  }
  override func visitPost(_ node: ClassDeclSyntax) { types.removeLast() }
  override func visit(_ node: ActorDeclSyntax) -> SyntaxVisitorContinueKind {
    enter(node.name.text)
  }
  override func visitPost(_ node: ActorDeclSyntax) { types.removeLast() }
  override func visit(_ node: EnumDeclSyntax) -> SyntaxVisitorContinueKind { enter(node.name.text) }
  override func visitPost(_ node: EnumDeclSyntax) { types.removeLast() }
  override func visit(_ node: ProtocolDeclSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
  override func visit(_ node: ExtensionDeclSyntax) -> SyntaxVisitorContinueKind {
    enter(node.extendedType.trimmedDescription)
  }
  override func visitPost(_ node: ExtensionDeclSyntax) { types.removeLast() }

  /// Code of another target is not compiled here, so no test can notice it.
  override func visit(_ node: IfConfigClauseSyntax) -> SyntaxVisitorContinueKind {
    conditionally(node)
  }
}

/// Whether a clause of `#if` is compiled on a host.
func conditionally(_ node: IfConfigClauseSyntax) -> SyntaxVisitorContinueKind {
  let condition = node.condition?.trimmedDescription ?? ""
  let isForBoards = condition.contains("Embedded") || condition.contains("PUMP_TRIALS")
  return isForBoards && !condition.hasPrefix("!") ? .skipChildren : .visitChildren
}
