extension Renderer {
  /// How statements ended.
  enum Exit { case normal, brokeOff, continued }

  func run(_ statements: [Statement], in scope: Scope, into output: inout String) throws -> Exit {
    for statement in statements {
      let exit = try nested { try run(statement, in: scope, into: &output) }
      if exit != .normal { return exit }
    }
    return .normal
  }

  private func run(_ statement: Statement, in scope: Scope, into output: inout String) throws -> Exit {
    switch statement {
    case .data(let text): try write(text, into: &output)
    case .output(let value): try write(printed(evaluate(value, in: scope)), into: &output)
    case .conditional(let branches, let otherwise):
      for branch in branches where try evaluate(branch.test, in: scope).isTrue {
        return try run(branch.body, in: scope, into: &output)
      }
      return try run(otherwise, in: scope, into: &output)
    case .loop(let loop, let line):
      self.line = line
      let items = try elements(evaluate(loop.sequence, in: scope))
      try run(loop, over: items, depth: 1, in: scope, into: &output)
    case .set(let target, let value): try assign(evaluate(value, in: scope), to: target, in: scope)
    case .setBlock(let target, let filter, let body):
      var text = try text(captured(body, in: Scope(scope)))
      if let filter { text = try filtered(text, filter, in: scope) }
      try assign(text, to: target, in: scope)
    case .macro(let name, let signature):
      try keep(scope)
      scope.set(name, .macro(MacroValue(signature, scope: scope)))
    case .callBlock(let call, let signature):
      try keep(scope)
      let caller = MacroValue(signature, scope: scope)
      try write(printed(evaluateCall(call, in: scope, caller: caller)), into: &output)
    case .filterBlock(let filter, let body):
      let text = try text(captured(body, in: Scope(scope)))
      try write(printed(filtered(text, filter, in: scope)), into: &output)
    case .with(let values, let body):
      let inner = Scope(scope)
      for (target, value) in values { try assign(evaluate(value, in: scope), to: target, in: inner) }
      return try run(body, in: inner, into: &output)
    case .scope(let body): return try run(body, in: Scope(scope), into: &output)
    case .exit(let isBreak): return isBreak ? .brokeOff : .continued
    case .unsupported(let problem, let line):
      self.line = line
      throw Problem(problem)
    }
    return .normal
  }

  func captured(_ body: [Statement], in scope: Scope) throws -> String {
    var output = ""
    _ = try run(body, in: scope, into: &output)
    return output
  }

  private func filtered(_ text: Value, _ filter: ExpressionID, in scope: Scope) throws -> Value {
    let outside = blockText
    blockText = text
    defer { blockText = outside }
    return try evaluate(filter, in: scope)
  }

  /// - Parameter depth: of a recursive loop, from 1.
  func run(_ loop: Loop, over elements: [Value], depth: Int, in scope: Scope, into output: inout String) throws {
    var items = elements
    if let condition = loop.condition {
      items = try items.filter { item in
        let inner = Scope(scope)
        try assign(item, to: loop.target, in: inner)
        return try evaluate(condition, in: inner).isTrue
      }
    }
    if items.isEmpty {
      _ = try run(loop.otherwise, in: Scope(scope), into: &output)
      return
    }
    let variable = LoopValue(items, depth: depth, recursion: loop.isRecursive ? (loop, scope) : nil)
    for (index, item) in items.enumerated() {
      try budget.spend(4)
      variable.index = index
      let inner = Scope(scope)
      inner.set(Names.loop, .loop(variable))
      try assign(item, to: loop.target, in: inner)
      if try run(loop.body, in: inner, into: &output) == .brokeOff { break }
    }
  }

  private func assign(_ value: Value, to target: Target, in scope: Scope) throws {
    switch target {
    case .name(let name): scope.set(name, value)
    case .tuple(let targets):
      let items = try elements(value)
      guard items.count == targets.count else {
        throw Problem("found \(items.count) values, expected \(targets.count), one for each name")
      }
      for (target, item) in zip(targets, items) { try assign(item, to: target, in: scope) }
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace)? = scope.value(name) else {
        throw Problem("\"\(syntax.names[name])\" is no namespace, and only a namespace's attributes can be set")
      }
      try set(attribute, of: namespace, to: value)
    }
  }

  func set(_ attribute: String, of namespace: NamespaceValue, to value: Value) throws {
    if attribute.utf8.first == 0x5F { throw Problem("an attribute of a namespace cannot begin with _") }
    try budget.spend(1 + namespace.attributes.count / 8)
    namespace[attribute] = value
  }
}
