// Inside of tags.
extension Lexer {
  private static let symbols: [StaticString] = [
    "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
  ]

  mutating func inside(_ mark: StaticString, trimsLine: Bool) throws {
    var open: [String] = []
    while true {
      advance(to: afterSpace(position))
      guard position < source.count else { throw error("the tag has no end") }
      if open.isEmpty, let end = tagEnd(mark, at: position, trimsLine: trimsLine) {
        add(trimsLine ? .blockEnd : .variableEnd)
        return advance(to: end)
      }
      let scalar = source[position]
      if scalar == "'" || scalar == "\"" {
        try string(quote: scalar)
      } else if ("0"..."9").contains(scalar) {
        try number()
      } else if scalar == "_" || scalar.properties.isAlphabetic {
        var end = position
        while end < source.count, source[end].isNamePart { end += 1 }
        add(.name(string(position..<end)))
        advance(to: end)
      } else {
        try symbol(&open)
      }
    }
  }

  private mutating func symbol(_ open: inout [String]) throws {
    guard let symbol = Self.symbols.first(where: { at($0, position) })?.description else {
      throw error("unexpected character \"\(source[position].escaped(asASCII: false))\"")
    }
    switch symbol {
    case "(": open.append(")")
    case "[": open.append("]")
    case "{": open.append("}")
    case ")", "]", "}":
      guard open.popLast() == symbol else { throw error("unexpected \(symbol)") }
    default: break
    }
    add(.symbol(symbol))
    advance(to: position + symbol.utf8.count)
  }

  private mutating func number() throws {
    var literal = NumberLiteral(source[position...].prefix(400), isIndex: tokens.last?.kind == .symbol("."))
    guard let kind = literal.read() else { throw error("a number out of range") }
    add(kind)
    advance(to: position + literal.length)
  }

  private mutating func string(quote: Unicode.Scalar) throws {
    var end = position + 1
    while end < source.count, source[end] != quote { end += source[end] == "\\" ? 2 : 1 }
    guard end < source.count else { throw error("the string has no end") }
    do {
      add(.string(try StringLiteral.text(of: source[(position + 1)..<end])))
    } catch let problem as Problem {
      throw error(problem.text)
    }
    advance(to: end + 1)
  }
}

extension Unicode.Scalar {
  fileprivate var isNamePart: Bool {
    self == "_" || ("0"..."9").contains(self) || properties.isAlphabetic || properties.numericType != nil
  }
}
