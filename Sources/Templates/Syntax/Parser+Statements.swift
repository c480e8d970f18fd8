extension Parser {
  /// Statements up to a tag of one of the names in `ends`, which is next then; or to the template's end.
  mutating func statements(until ends: [String]) throws -> [Statement] {
    var result: [Statement] = []
    while true {
      switch current.kind {
      case .data(let text):
        advance()
        result.append(.data(text))
      case .variableBegin:
        advance()
        result.append(.output(try tuple()))
        try expect(.variableEnd, "\"}}\"")
      case .blockBegin:
        advance()
        if case .name(let name) = current.kind, ends.contains(name) { return result }
        result += try nested { try $0.statement() }
        try expect(.blockEnd, "\"%}\"")
      case .end where ends.isEmpty: return result
      default: throw unexpected("{% \(ends.joined(separator: " or ")) %}")
      }
    }
  }

  /// The statements inside a tag, up to that of one of the names in `ends`, which is next then.
  mutating func body(until ends: String...) throws -> [Statement] {
    _ = take(":")
    try expect(.blockEnd, "\"%}\"")
    return try statements(until: ends)
  }

  /// The same with the end behind it.
  private mutating func wholeBody(_ end: String) throws -> [Statement] {
    let result = try body(until: end)
    advance()
    return result
  }

  /// Statements to which an `if` around them means nothing.
  mutating func ownBody(_ end: String) throws -> [Statement] {
    let outside = isSoft
    isSoft = false
    defer { isSoft = outside }
    return try wholeBody(end)
  }

  private mutating func statement() throws -> [Statement] {
    let line = current.line
    let name = try name()
    switch name {
    case "if": return [try conditional()]
    case "for": return [try loop(line)]
    case "set": return [try assignment()]
    case "macro": return [try macro()]
    case "call": return [try callBlock()]
    case "filter":
      let filter = try filters(try filter(of: try add(.blockText, line: line)))
      return [.filterBlock(filter, try ownBody("endfilter"))]
    case "with": return [try with()]
    case "generation": return [.scope(try ownBody("endgeneration"))]
    case "block": return [try block()]
    case "autoescape":
      let value = try expression()
      guard case .literal(.bool(false)) = syntax.expressions[value] else {
        throw error("autoescape is supported with the value false only")
      }
      return [.scope(try ownBody("endautoescape"))]
    case "print":
      var result: [Statement] = []
      while current.kind != .blockEnd {
        if !result.isEmpty { try expect(",") }
        result.append(.output(try expression()))
      }
      return result
    case "break", "continue":
      if loops == 0 { throw error("{% \(name) %} outside of a loop") }
      return [.exit(isBreak: name == "break")]
    case "include", "import", "extends", "from":
      while current.kind != .blockEnd, current.kind != .end { advance() }
      return [.unsupported("{% \(name) %} needs another template, and there is none", line: line)]
    default: throw TemplateError(source: source, line: line, problem: "unknown tag {% \(name) %}")
    }
  }

  private mutating func conditional() throws -> Statement {
    let outside = isSoft
    isSoft = true
    defer { isSoft = outside }
    var branches: [(test: ExpressionID, body: [Statement])] = []
    while true {
      let test = try tuple(withConditional: false)
      branches.append((test, try body(until: "elif", "else", "endif")))
      switch try name() {
      case "elif": continue
      case "else": return .conditional(branches, otherwise: try wholeBody("endif"))
      default: return .conditional(branches, otherwise: [])
      }
    }
  }

  private mutating func loop(_ line: Int) throws -> Statement {
    let target = try target(end: "in")
    try expect(.name("in"), "\"in\"")
    let sequence = try tuple(withConditional: false, end: "recursive")
    let outside = isSoft
    isSoft = false
    defer { isSoft = outside }
    let condition = take(name: "if") ? try expression() : nil
    let isRecursive = take(name: "recursive")
    loops += 1
    let content = try body(until: "endfor", "else")
    loops -= 1
    let otherwise = try name() == "else" ? try wholeBody("endfor") : []
    return .loop(
      Loop(
        target: target, sequence: sequence, condition: condition, isRecursive: isRecursive, body: content,
        otherwise: otherwise), line: line)
  }

  private mutating func assignment() throws -> Statement {
    let target = try target(withAttributes: true)
    if take("=") { return .set(target, try tuple()) }
    var filter: ExpressionID?
    if isAt("|") { filter = try filters(try add(.blockText, line: current.line)) }
    return .setBlock(target, filter: filter, try ownBody("endset"))
  }

  private mutating func with() throws -> Statement {
    var values: [(target: Target, value: ExpressionID)] = []
    while current.kind != .blockEnd {
      if !values.isEmpty { try expect(",") }
      let target = try target()
      try expect("=")
      values.append((target, try expression()))
    }
    return .with(values, try ownBody("endwith"))
  }

  private mutating func block() throws -> Statement {
    let name = try name()
    while take(name: "scoped") || take(name: "required") {}
    let body = try ownBody("endblock")
    _ = take(name: name)
    return .scope(body)
  }
}
