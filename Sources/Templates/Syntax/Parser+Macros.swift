// Macros.
extension Parser {
  mutating func macro() throws -> Statement {
    let name = try plainName()
    var signature = Signature(name: name)
    let symbol = symbol(name)
    try readParameters(&signature)
    try readMacroBody(&signature, end: "endmacro")
    return .macro(symbol, signature)
  }

  mutating func callBlock() throws -> Statement {
    var signature = Signature(name: "caller")
    if isAt("(") { try readParameters(&signature) }
    let call = try expression()
    guard case .call = syntax.expressions[call] else { throw error("expected a call behind {% call") }
    try readMacroBody(&signature, end: "endcall")
    return .callBlock(call, signature)
  }

  private mutating func readParameters(_ signature: inout Signature) throws {
    try expect("(")
    while !isAt(")") {
      if !signature.parameters.isEmpty { try expect(",") }
      signature.parameters.append(symbol(try plainName()))
      if take("=") {
        signature.defaults.append(try expression())
      } else if !signature.defaults.isEmpty {
        throw error("a parameter without a default behind one with a default")
      }
    }
    advance()
  }

  private mutating func readMacroBody(_ signature: inout Signature, end: String) throws {
    let outside = (loops, mentioned)
    (loops, mentioned) = (0, [])
    signature.body = try ownBody(end)
    signature.usesCaller = mentioned.contains(Names.caller)
    signature.usesVarargs = mentioned.contains(Names.varargs)
    signature.usesKwargs = mentioned.contains(Names.kwargs)
    loops = outside.0
    mentioned.formUnion(outside.1)
  }
}
