// Operators, from those that bind least to those that bind most.
extension Parser {
  mutating func expression(withConditional: Bool = true) throws -> ExpressionID {
    try nested { try withConditional ? $0.conditional() : $0.or() }
  }

  private mutating func conditional() throws -> ExpressionID {
    let known = unknown.count
    var result = try or()
    while isAt(name: "if") {
      let line = current.line
      advance()
      let test = try or()
      let otherwise = take(name: "else") ? try nested { try $0.conditional() } : nil
      unknown.removeSubrange(known...)
      result = try add(.conditional(test: test, then: result, otherwise: otherwise), line: line)
    }
    return result
  }

  private mutating func or() throws -> ExpressionID {
    var left = try and()
    while isAt(name: "or") {
      let line = current.line
      advance()
      left = try add(.or(left, try and()), line: line)
    }
    return left
  }

  private mutating func and() throws -> ExpressionID {
    var left = try not()
    while isAt(name: "and") {
      let line = current.line
      advance()
      left = try add(.and(left, try not()), line: line)
    }
    return left
  }

  private mutating func not() throws -> ExpressionID {
    let line = current.line
    guard take(name: "not") else { return try comparison() }
    return try add(.not(try nested { try $0.not() }), line: line)
  }

  private mutating func comparison() throws -> ExpressionID {
    let line = current.line
    let first = try sum()
    var rest: [BinaryComparison] = []
    while let comparison = takeComparison() {
      rest.append(BinaryComparison(comparison: comparison, right: try sum()))
    }
    return rest.isEmpty ? first : try add(.comparison(first, rest), line: line)
  }

  private mutating func takeComparison() -> ComparisonOperator? {
    switch current.kind {
    case .symbol(let symbol):
      guard let comparison = ComparisonOperator(rawValue: symbol) else { return nil }
      advance()
      return comparison
    case .name("in"):
      advance()
      return .isIn
    case .name("not") where next.kind == .name("in"):
      advance()
      advance()
      return .isNotIn
    default: return nil
    }
  }

  private mutating func binary(
    _ symbols: [String], _ operand: (inout Parser) throws -> ExpressionID
  ) throws -> ExpressionID {
    var left = try operand(&self)
    while case .symbol(let symbol) = current.kind, symbols.contains(symbol),
      let operation = BinaryOperator(rawValue: symbol)
    {
      let line = current.line
      advance()
      left = try add(.binary(operation, left, try operand(&self)), line: line)
    }
    return left
  }

  private mutating func sum() throws -> ExpressionID {
    try binary(["+", "-"]) { try $0.concatenation() }
  }

  private mutating func concatenation() throws -> ExpressionID {
    let line = current.line
    var parts = [try product()]
    while take("~") { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : try add(.concatenation(parts), line: line)
  }

  private mutating func product() throws -> ExpressionID {
    try binary(["*", "/", "//", "%"]) { try $0.binary(["**"]) { try $0.unary(withFilters: true) } }
  }

  private mutating func unary(withFilters: Bool) throws -> ExpressionID {
    let line = current.line
    var result: ExpressionID
    if take("-") {
      result = try add(.negative(try nested { try $0.unary(withFilters: false) }), line: line)
    } else if take("+") {
      result = try add(.positive(try nested { try $0.unary(withFilters: false) }), line: line)
    } else {
      result = try primary()
    }
    result = try postfix(result)
    return withFilters ? try filters(result) : result
  }
}
