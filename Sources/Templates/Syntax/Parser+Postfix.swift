// What stands behind a value: attributes, items, calls, filters and tests.
extension Parser {
  mutating func postfix(_ value: ExpressionID) throws -> ExpressionID {
    var result = value
    while true {
      if isAt(".") {
        result = try attribute(of: result)
      } else if isAt("[") {
        result = try item(of: result)
      } else if isAt("(") {
        result = try call(result)
      } else {
        return result
      }
    }
  }

  mutating func filters(_ value: ExpressionID) throws -> ExpressionID {
    var result = value
    while true {
      if isAt("|") {
        advance()
        result = try filter(of: result)
      } else if isAt(name: "is") {
        result = try test(of: result)
      } else if isAt("(") {
        result = try call(result)
      } else {
        return result
      }
    }
  }

  private mutating func attribute(of value: ExpressionID) throws -> ExpressionID {
    let line = current.line
    advance()
    switch current.kind {
    case .name(let name):
      advance()
      return try add(.attribute(value, name), line: line)
    case .int(let index):
      advance()
      return try add(.item(value, try add(.literal(.int(index)), line: line)), line: line)
    default: throw unexpected("a name or number behind the dot")
    }
  }

  private mutating func item(of value: ExpressionID) throws -> ExpressionID {
    let line = current.line
    advance()
    var items: [ExpressionID] = []
    while !isAt("]") {
      if !items.isEmpty { try expect(",") }
      items.append(try subscriptItem())
    }
    advance()
    let index = items.count == 1 ? items[0] : try add(.tuple(items), line: line)
    return try add(.item(value, index), line: line)
  }

  private mutating func subscriptItem() throws -> ExpressionID {
    let line = current.line
    var start: ExpressionID?
    if !isAt(":") {
      start = try expression()
      if !isAt(":") { return start ?? 0 }
    }
    advance()
    let stop = isAt(":") || isAt("]") || isAt(",") ? nil : try expression()
    var step: ExpressionID?
    if take(":"), !isAt("]"), !isAt(",") { step = try expression() }
    return try add(.slice(start: start, stop: stop, step: step), line: line)
  }

  mutating func call(_ value: ExpressionID) throws -> ExpressionID {
    let line = current.line
    return try add(.call(value, try arguments()), line: line)
  }

  private mutating func arguments() throws -> Arguments {
    try expect("(")
    var result = Arguments()
    var isFirst = true
    while !isAt(")") {
      if !isFirst { try expect(",") }
      if isAt(")") { break }
      isFirst = false
      let hasSpread = result.list != nil || result.mapping != nil
      if take("*") {
        if hasSpread { throw error("a second * in a call") }
        result.list = try expression()
      } else if take("**") {
        if result.mapping != nil { throw error("a second ** in a call") }
        result.mapping = try expression()
      } else if case .name(let name) = current.kind, next.kind == .symbol("=") {
        if result.mapping != nil { throw error("an argument behind **") }
        advance()
        advance()
        result.named.append((name, try expression()))
      } else {
        if hasSpread || !result.named.isEmpty { throw error("an argument without a name behind one with a name") }
        result.positional.append(try expression())
      }
    }
    advance()
    return result
  }

  private mutating func dottedName() throws -> String {
    var result = try name()
    while take(".") { result += "." + (try name()) }
    return result
  }

  /// A filter, whose name comes next, and those behind it.
  mutating func filter(of value: ExpressionID) throws -> ExpressionID {
    let line = current.line
    let name = try dottedName()
    if Filters.all[name] == nil, !isSoft { unknown.append((line, "there is no filter \"\(name)\"")) }
    let arguments = isAt("(") ? try arguments() : Arguments()
    return try add(.filter(value, name, arguments), line: line)
  }

  private mutating func test(of value: ExpressionID) throws -> ExpressionID {
    let line = current.line
    advance()
    let isNegated = take(name: "not")
    let name = try dottedName()
    if Tests.all[name] == nil, !isSoft { unknown.append((line, "there is no test \"\(name)\"")) }
    var arguments = Arguments()
    if isAt("(") {
      arguments = try self.arguments()
    } else if hasTestArgument {
      if isAt(name: "is") { throw error("a test of a test") }
      arguments.positional = [try postfix(try nested { try $0.primary() })]
    }
    let result = try add(.test(value, name, arguments), line: line)
    return isNegated ? try add(.not(result), line: line) : result
  }

  private var hasTestArgument: Bool {
    switch current.kind {
    case .name(let name): !["else", "or", "and"].contains(name)
    case .string, .int, .double, .symbol("["), .symbol("{"): true
    default: false
    }
  }
}
