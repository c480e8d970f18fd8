// Literals and names.
extension Parser {
  mutating func primary() throws -> ExpressionID {
    let line = current.line
    switch current.kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return try add(.literal(.bool(true)), line: line)
      case "false", "False": return try add(.literal(.bool(false)), line: line)
      case "none", "None": return try add(.literal(.none), line: line)
      default:
        let symbol = symbol(name)
        mentioned.insert(symbol)
        return try add(.name(symbol), line: line)
      }
    case .string(var text):
      advance()
      while case .string(let more) = current.kind {
        text += more
        advance()
      }
      return try add(.literal(.string(text)), line: line)
    case .int(let value):
      advance()
      return try add(.literal(.int(value)), line: line)
    case .double(let value):
      advance()
      return try add(.literal(.double(value)), line: line)
    case .symbol("("):
      advance()
      let result = try tuple(isBracketed: true)
      try expect(")")
      return result
    case .symbol("["):
      advance()
      let items = try list(until: "]") { try $0.expression() }
      return try add(.list(items), line: line)
    case .symbol("{"):
      advance()
      let entries = try list(until: "}") { parser in
        let key = try parser.expression()
        try parser.expect(":")
        return (key: key, value: try parser.expression())
      }
      return try add(.dict(entries), line: line)
    default: throw unexpected("an expression")
    }
  }

  private mutating func list<Item>(until end: String, _ item: (inout Parser) throws -> Item) throws -> [Item] {
    var items: [Item] = []
    while !isAt(end) {
      if !items.isEmpty { try expect(",") }
      if isAt(end) { break }
      items.append(try item(&self))
    }
    try expect(end)
    return items
  }

  /// One expression, or several with commas between, which are a tuple.
  mutating func tuple(
    isBracketed: Bool = false, withConditional: Bool = true, end: String? = nil
  ) throws -> ExpressionID {
    let line = current.line
    var items: [ExpressionID] = []
    var isTuple = false
    while true {
      if !items.isEmpty { try expect(",") }
      if isTupleEnd(end) { break }
      items.append(try expression(withConditional: withConditional))
      guard isAt(",") else { break }
      isTuple = true
    }
    if !isTuple, let item = items.first { return item }
    if !isTuple, !isBracketed { throw unexpected("an expression") }
    return try add(.tuple(items), line: line)
  }

  func isTupleEnd(_ end: String?) -> Bool {
    switch current.kind {
    case .variableEnd, .blockEnd, .symbol(")"): true
    case .name(let name): name == end
    default: false
    }
  }
}
