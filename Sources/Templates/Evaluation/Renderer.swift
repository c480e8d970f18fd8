import Foundation

/// Renders a template once.
final class Renderer {
  let syntax: Syntax
  let now: Date
  var budget: Budget
  private var depth = 0
  /// Line of what is being done, for errors.
  var line = 0
  /// What a filter of a block works on.
  var blockText: Value = .none
  private let globals = Scope(nil)
  /// Emptied in the end, since they may be parts of cycles.
  private var scopes: [Scope] = []
  private var namespaces: [NamespaceValue] = []

  init(_ syntax: Syntax, now: Date, budget: Budget) {
    self.syntax = syntax
    self.now = now
    self.budget = budget
  }

  /// - Parameter variables: by name; they hide global functions of the same name.
  func render(_ variables: [(name: String, value: Value)]) throws -> String {
    defer {
      scopes.forEach { $0.removeAll() }
      namespaces.forEach { $0.attributes = [] }
    }
    scopes.append(globals)
    let symbols = Dictionary(syntax.names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    for function in GlobalFunction.allCases {
      if let symbol = symbols[function.rawValue] { globals.set(symbol, .function(function)) }
    }
    for (name, value) in variables {
      if let symbol = symbols[name] { globals.set(symbol, value) }
    }
    var output = ""
    _ = try run(syntax.body, in: newScope(globals), into: &output)
    return output
  }

  func newScope(_ parent: Scope) -> Scope { Scope(parent) }

  /// Keeps a scope that a macro refers to, to be emptied in the end.
  func keep(_ scope: Scope) throws {
    try budget.spend(16)
    scopes.append(scope)
  }

  func newNamespace() throws -> NamespaceValue {
    try budget.spend(16)
    let namespace = NamespaceValue()
    namespaces.append(namespace)
    return namespace
  }

  /// Goes one level deeper.
  func nested<Result>(_ body: () throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    if depth > Budget.depth { throw Problem("nested more than \(Budget.depth) deep: macros that call each other?") }
    try budget.spend(1)
    return try body()
  }

  func write(_ text: String, into output: inout String) throws {
    try budget.spendText(text.utf8.count)
    if output.utf8.count + text.utf8.count > Budget.text {
      throw Problem("the output has more than \(Budget.text >> 20) MiB")
    }
    output += text
  }

  /// The printed value, paid for.
  func printed(_ value: Value) throws -> String {
    if case .text(let text) = value { return text.string }
    try budget.spend(value.extent.size)
    let text = try value.printed()
    try budget.spendText(text.utf8.count)
    return text
  }

  func list(_ items: [Value], isTuple: Bool = false) throws -> Value {
    try budget.spendElements(items.count)
    return .list(try ListValue(items, isTuple: isTuple))
  }

  func iterator(_ items: [Value]) throws -> Value {
    try budget.spendElements(items.count)
    return .iterator(try IteratorValue(items))
  }

  func text(_ string: String, isMarkup: Bool = false) throws -> Value {
    try budget.spendText(string.utf8.count)
    return .text(Text(string, isMarkup: isMarkup))
  }

  /// The elements of a value, paid for.
  func elements(_ value: Value) throws -> [Value] {
    if case .range = value {} else { try budget.spend(value.extent.size) }
    let elements = try value.elements()
    try budget.spendElements(elements.count)
    return elements
  }
}
