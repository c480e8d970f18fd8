// The grammar of JSON (RFC 8259), with limits: white space does not go on forever, and numbers are finite.
extension GrammarBuilder {
  /// Spaces of an indented line, and digits of each part of a number.
  private static let mostIndent = 20
  private static let mostDigits = 15

  /// Nothing, a space, or a new line with an indent.
  mutating func space(_ next: Int32) throws(GrammarError) -> Int32 {
    let rule = try rule("space") { builder, end throws(GrammarError) in
      let indent = try builder.repeated(0, Self.mostIndent, end) { builder, next throws(GrammarError) in
        try builder.bytes(ByteSet([0x20, 0x09]), next)
      }
      return try builder.choice([end, builder.literal(" ", end), builder.literal("\n", indent)])
    }
    return try call(rule, next)
  }

  /// A string of so many characters.
  mutating func string(_ least: Int = 0, _ most: Int? = nil, _ next: Int32) throws(GrammarError) -> Int32 {
    let character = try character()
    let close = try literal("\"", next)
    let body = try repeated(least, most, close) { builder, next throws(GrammarError) in
      try builder.call(character, next)
    }
    return try literal("\"", body)
  }

  /// A character of a string: well-formed UTF-8 (Unicode, table 3-7) without control characters, or an escape that is no
  /// surrogate.
  private mutating func character() throws(GrammarError) -> Int32 {
    try rule("character") { builder, end throws(GrammarError) in
      let tail1 = try builder.bytes(ByteSet(0x80...0xBF), end)
      let tail2 = try builder.bytes(ByteSet(0x80...0xBF), tail1)
      let tail3 = try builder.bytes(ByteSet(0x80...0xBF), tail2)
      func lead(_ first: ByteSet, _ second: ByteSet, _ rest: Int32) throws(GrammarError) -> Int32 {
        try builder.bytes(first, builder.bytes(second, rest))
      }
      return try builder.choice([
        builder.bytes(ByteSet(0x20...0x21, 0x23...0x5B, 0x5D...0x7E), end),
        builder.bytes(ByteSet(0xC2...0xDF), tail1),
        lead(ByteSet(0xE0...0xE0), ByteSet(0xA0...0xBF), tail1),
        builder.bytes(ByteSet(0xE1...0xEC, 0xEE...0xEF), tail2),
        lead(ByteSet(0xED...0xED), ByteSet(0x80...0x9F), tail1),
        lead(ByteSet(0xF0...0xF0), ByteSet(0x90...0xBF), tail2),
        builder.bytes(ByteSet(0xF1...0xF3), tail3),
        lead(ByteSet(0xF4...0xF4), ByteSet(0x80...0x8F), tail2),
        builder.escape(end),
      ])
    }
  }

  private mutating func escape(_ end: Int32) throws(GrammarError) -> Int32 {
    let digits = ByteSet(0x30...0x39, 0x41...0x46, 0x61...0x66)
    let last = try bytes(digits, end)
    let two = try bytes(digits, last)
    let three = try bytes(digits, two)
    let code = try choice([
      bytes(ByteSet(0x30...0x39, 0x41...0x43, 0x45...0x46, 0x61...0x63, 0x65...0x66), three),
      bytes(ByteSet("Dd".utf8), bytes(ByteSet(0x30...0x37), two)),
    ])
    let simple = try bytes(ByteSet("\"\\/bfnrt".utf8), end)
    return try literal("\\", choice([simple, literal("u", code)]))
  }

  mutating func number(isInteger: Bool, _ next: Int32) throws(GrammarError) -> Int32 {
    let rule = try rule(isInteger ? "integer" : "number") { builder, end throws(GrammarError) in
      let digit: (inout GrammarBuilder, Int32) throws(GrammarError) -> Int32 = { builder, next throws(GrammarError) in
        try builder.bytes(ByteSet(0x30...0x39), next)
      }
      var rest = end
      if !isInteger {
        let exponent = try builder.bytes(
          ByteSet("eE".utf8),
          builder.choice([
            builder.repeated(1, 2, end, digit), builder.bytes(ByteSet("+-".utf8), builder.repeated(1, 2, end, digit)),
          ]))
        let tail = try builder.choice([end, exponent])
        rest = try builder.choice([tail, builder.literal(".", builder.repeated(1, Self.mostDigits, tail, digit))])
      }
      let whole = try builder.choice([
        builder.literal("0", rest),
        builder.bytes(ByteSet(0x31...0x39), builder.repeated(0, Self.mostDigits - 1, rest, digit)),
      ])
      return try builder.choice([whole, builder.literal("-", whole)])
    }
    return try call(rule, next)
  }

  /// Any JSON value.
  mutating func anyValue() throws(GrammarError) -> Int32 {
    try rule("value") { builder, end throws(GrammarError) in
      let object = try builder.anyObject()
      let array = try builder.array(of: builder.anyValue(), 0, nil, end)
      return try builder.choice([
        builder.call(object, end), array, builder.string(0, nil, end), builder.number(isInteger: false, end),
        builder.literal("true", end), builder.literal("false", end), builder.literal("null", end),
      ])
    }
  }

  mutating func anyObject() throws(GrammarError) -> Int32 {
    try rule("object") { builder, end throws(GrammarError) in
      try builder.map(to: builder.anyValue(), end)
    }
  }

  /// An object of any names, with values of one rule.
  mutating func map(to value: Int32, _ next: Int32) throws(GrammarError) -> Int32 {
    try list("{", "}", 0, nil, next) { builder, next throws(GrammarError) in
      try builder.string(0, nil, builder.colon(builder.call(value, next)))
    }
  }

  mutating func array(
    of value: Int32, _ least: Int, _ most: Int?, _ next: Int32
  ) throws(GrammarError) -> Int32 {
    try list("[", "]", least, most, next) { builder, next throws(GrammarError) in try builder.call(value, next) }
  }

  mutating func colon(_ next: Int32) throws(GrammarError) -> Int32 { try literal(":", space(next)) }

  mutating func comma(_ next: Int32) throws(GrammarError) -> Int32 { try literal(",", space(next)) }

  /// Elements between brackets, with commas.
  private mutating func list(
    _ open: String, _ close: String, _ least: Int, _ most: Int?, _ next: Int32,
    _ element: (inout GrammarBuilder, Int32) throws(GrammarError) -> Int32
  ) throws(GrammarError) -> Int32 {
    let tight = try literal(close, next)
    let end = try space(tight)
    guard most != 0 else { return try literal(open, tight) }
    let rest = try repeated(max(0, least - 1), most.map { $0 - 1 }, end) { builder, next throws(GrammarError) in
      try builder.comma(element(&builder, next))
    }
    let filled = try space(element(&self, rest))
    return try literal(open, least > 0 ? filled : choice([end, filled]))
  }
}
