extension Renderer {
  func evaluate(_ expression: ExpressionID, in scope: Scope) throws -> Value {
    try nested {
      line = syntax.lines[expression]
      return try evaluate(syntax.expressions[expression], in: scope)
    }
  }

  private func evaluate(_ expression: Expression, in scope: Scope) throws -> Value {
    switch expression {
    case .literal(let literal): return Value(literal)
    case .name(let name): return scope.value(name) ?? .undefined(syntax.names[name])
    case .list(let items): return try list(items.map { try evaluate($0, in: scope) })
    case .tuple(let items): return try list(items.map { try evaluate($0, in: scope) }, isTuple: true)
    case .dict(let entries):
      return .dict(
        try DictValue(
          try entries.map { (key: try evaluate($0.key, in: scope), value: try evaluate($0.value, in: scope)) }))
    case .attribute(let value, let name): return try attribute(name, of: evaluate(value, in: scope))
    case .item(let value, let index): return try evaluateItem(value, index, in: scope)
    case .slice: throw Problem("a slice outside of brackets")
    case .call(let function, let arguments):
      let function = try evaluate(function, in: scope)
      return try call(function, evaluate(arguments, in: scope))
    case .filter(let value, let name, let arguments):
      let value = try evaluate(value, in: scope)
      return try filter(value, name, evaluate(arguments, in: scope))
    case .test(let value, let name, let arguments):
      let value = try evaluate(value, in: scope)
      return .bool(try test(value, name, evaluate(arguments, in: scope).positional))
    case .blockText: return blockText
    case .not(let value): return .bool(try !evaluate(value, in: scope).isTrue)
    case .negative(let value): return try Arithmetic.negative(evaluate(value, in: scope))
    case .positive(let value):
      let value = try evaluate(value, in: scope)
      guard value.number != nil else { throw Problem("+ cannot be put before \(value.kind)") }
      return value.integer.map { .int($0) } ?? value
    case .binary(let operation, let left, let right):
      return try binary(operation, evaluate(left, in: scope), evaluate(right, in: scope))
    case .concatenation(let parts):
      var result = ""
      for part in parts { try write(printed(evaluate(part, in: scope)), into: &result) }
      return .string(result)
    case .comparison(let first, let rest): return .bool(try compare(first, rest, in: scope))
    case .and(let left, let right):
      let left = try evaluate(left, in: scope)
      return left.isTrue ? try evaluate(right, in: scope) : left
    case .or(let left, let right):
      let left = try evaluate(left, in: scope)
      return left.isTrue ? left : try evaluate(right, in: scope)
    case .conditional(let test, let then, let otherwise):
      if try evaluate(test, in: scope).isTrue { return try evaluate(then, in: scope) }
      guard let otherwise else { return .undefined("an inline if without else") }
      return try evaluate(otherwise, in: scope)
    }
  }

  /// - Parameter caller: what the call gives to the macro as `caller`.
  func evaluateCall(_ expression: ExpressionID, in scope: Scope, caller: MacroValue) throws -> Value {
    guard case .call(let function, let arguments) = syntax.expressions[expression] else { return .none }
    let value = try evaluate(function, in: scope)
    var values = try evaluate(arguments, in: scope)
    values.named.append(("caller", .macro(caller)))
    return try call(value, values)
  }

  private func evaluate(_ arguments: Arguments, in scope: Scope) throws -> CallArguments {
    var result = CallArguments()
    result.positional = try arguments.positional.map { try evaluate($0, in: scope) }
    result.named = try arguments.named.map { ($0.name, try evaluate($0.value, in: scope)) }
    if let list = arguments.list { result.positional += try elements(evaluate(list, in: scope)) }
    if let mapping = arguments.mapping {
      guard case .dict(let dict) = try evaluate(mapping, in: scope) else {
        throw Problem("expected a mapping behind **")
      }
      for (key, value) in dict.entries {
        guard case .text(let name) = key else { throw Problem("the keys behind ** must be strings") }
        result.named.append((name.string, value))
      }
    }
    return result
  }

  private func compare(_ first: ExpressionID, _ rest: [BinaryComparison], in scope: Scope) throws -> Bool {
    var left = try evaluate(first, in: scope)
    for item in rest {
      let right = try evaluate(item.right, in: scope)
      guard try compare(left, item.comparison, right) else { return false }
      left = right
    }
    return true
  }

  func compare(_ left: Value, _ comparison: ComparisonOperator, _ right: Value) throws -> Bool {
    try budget.spend(left.extent.size + right.extent.size)
    if case .text(let text) = right { try budget.spend(text.string.utf8.count / 16) }
    switch comparison {
    case .equal: return left.equals(right)
    case .notEqual: return !left.equals(right)
    case .less: return try left.precedes(right)
    case .greater: return try right.precedes(left)
    // `precedes` also refuses what has no order.
    case .lessOrEqual: return try left.precedes(right) || left.equals(right)
    case .greaterOrEqual: return try right.precedes(left) || left.equals(right)
    case .isIn: return try right.contains(left)
    case .isNotIn: return try !right.contains(left)
    }
  }

  private func evaluateItem(_ value: ExpressionID, _ index: ExpressionID, in scope: Scope) throws -> Value {
    let value = try evaluate(value, in: scope)
    guard case .slice(let start, let stop, let step) = syntax.expressions[index] else {
      return try item(evaluate(index, in: scope), of: value)
    }
    func bound(_ expression: ExpressionID?) throws -> Int? {
      guard let expression else { return nil }
      let value = try evaluate(expression, in: scope)
      if case .none = value { return nil }
      guard let number = value.integer else { throw Problem("a slice's bounds must be integers, found \(value.kind)") }
      return number
    }
    return try slice(value, bound(start), bound(stop), step: bound(step))
  }
}

extension Value {
  fileprivate init(_ literal: Literal) {
    switch literal {
    case .none: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let text): self = .string(text)
    }
  }
}
